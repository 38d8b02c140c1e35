// HDF5 is not made for threads; the library's lock lets any of them save and load at any time.
#include <xtape/io/array_file.hpp>
#include <xtape/io/checkpoint.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "files.hpp"
#include "thing.hpp"

using namespace xtape;

BOOST_AUTO_TEST_SUITE(checkpoint_threads)

BOOST_AUTO_TEST_CASE(threads_save_and_load_at_the_same_time) {
    files::Folder folder;
    std::atomic<int> good{0};
    std::vector<std::thread> threads;
    for (int number = 0; number < 4; ++number)
        threads.emplace_back([&, number] {
            auto own = folder.path() / (std::to_string(number) + ".h5"), shared = folder.path() / "shared.h5";
            files::Thing thing, loaded, any;
            thing.count = number;
            for (int i = 0; i < 10; ++i) {
                io::save(own, {{"model", thing}}, {.durable = false});
                io::save(shared, {{"model", thing}}, {.durable = false});
                io::load(own, {{"model", loaded}});
                io::load(shared, {{"model", any}});
                try {
                    io::read<float>(own, "/missing");
                } catch (const io::Error& error) {
                    good += files::contains(error.what(), "/missing") ? 1 : 0;
                }
                good += loaded.count == number ? 1 : 0;
            }
        });
    for (auto& thread : threads) thread.join();
    BOOST_TEST(good == 80);
}

BOOST_AUTO_TEST_SUITE_END()
