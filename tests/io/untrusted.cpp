// Files over which HDF5 itself can crash are read by a child process first.
#include <xtape/io/checkpoint.hpp>
#include <xtape/io/detail/hdf5/probe.hpp>

#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

#include "files.hpp"
#include "python.hpp"
#include "thing.hpp"

using namespace xtape;

BOOST_AUTO_TEST_SUITE(untrusted)

BOOST_AUTO_TEST_CASE(the_death_of_a_child_process_is_noticed) {
    BOOST_TEST(io::hdf5::survives([] {}));
    BOOST_TEST(io::hdf5::survives([] { throw std::runtime_error("an error is no crash"); }));
    for (int number : {SIGSEGV, SIGFPE, SIGABRT, SIGKILL}) BOOST_TEST(!io::hdf5::survives([=] { raise(number); }));
    BOOST_TEST(!io::hdf5::survives([] { _exit(0); }));
}

BOOST_AUTO_TEST_CASE(an_untrusted_checkpoint_that_is_sound_is_loaded) {
    files::Folder folder;
    auto path = folder.path() / "run.h5";
    files::Thing thing, loaded;
    thing.count = 5;
    io::save(path, {{"model", thing}});
    BOOST_TEST(io::load(path, {{"model", loaded}}, {.untrusted = true}).empty());
    BOOST_TEST(loaded.count == 5);
    BOOST_TEST(files::same(io::read_state(path, {.untrusted = true}).child("model"), thing.state()));
}

// Files of HDF5's old formats have no checksums. These flips reach places over which HDF5 1.10.8 crashes.
BOOST_AUTO_TEST_CASE(flipped_bits_in_files_without_checksums_end_no_process,
                     *boost::unit_test::precondition(files::has_h5py)) {
    files::Folder folder;
    auto path = folder.path() / "old.h5";
    BOOST_TEST(files::run_python(path, R"(
with h5py.File(path, 'w', libver='earliest') as f:
    f['model/weight'] = np.arange(6, dtype='f4')
    f.create_dataset('model/large', data=np.arange(3000.), chunks=(500,), compression='gzip')
    f['model/name'] = 'text'
)"));
    std::ifstream stream(path, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(stream), {});
    std::size_t refused = 0;
    for (std::size_t i = 0; i < text.size(); i += 29) {
        std::string flipped = text;
        flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i % 8)));
        try {
            io::read_state(std::as_bytes(std::span(flipped)), {.limit = 1 << 24});
        } catch (const io::Error&) {
            ++refused;
        }
    }
    BOOST_TEST(refused > 10U);
}

BOOST_AUTO_TEST_SUITE_END()
