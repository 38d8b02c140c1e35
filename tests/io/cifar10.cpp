#include <xtape/io/cifar10.hpp>

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

using namespace xtape;
using namespace xtape::io;

BOOST_AUTO_TEST_SUITE(cifar10)

namespace {

namespace fs = std::filesystem;

struct Folder {
    fs::path path = fs::temp_directory_path() / ("xtape_cifar10_" + std::to_string(::getpid()));
    Folder() { fs::create_directories(path); }
    ~Folder() { fs::remove_all(path); }
    // Record k has the label (first + k) % 10 and pixels that count on from it.
    void write(const std::string& name, std::size_t count, std::size_t first, std::size_t missing_bytes = 0) const {
        std::string bytes;
        for (std::size_t k = 0; k < count; ++k) {
            bytes += static_cast<char>((first + k) % 10);
            for (std::size_t i = 0; i < 3072; ++i) bytes += static_cast<char>((first + k + i) % 256);
        }
        bytes.resize(bytes.size() - missing_bytes);
        std::ofstream(path / name, std::ios::binary) << bytes;
    }
};

}    // namespace

BOOST_AUTO_TEST_CASE(five_batches_and_a_test_set_are_read_in_order) {
    Folder folder;
    for (std::size_t i = 1; i <= 5; ++i) folder.write("data_batch_" + std::to_string(i) + ".bin", 2, 2 * i);
    folder.write("test_batch.bin", 3, 0);
    const Cifar10 all = read_cifar10(folder.path);
    BOOST_TEST((all.train.images.shape() == Shape{10, 3, 32, 32}));
    BOOST_TEST((all.train.labels == Indices{2, 3, 4, 5, 6, 7, 8, 9, 0, 1}));
    BOOST_TEST(all.train.images(3, 1, 0, 2) == (5 + 1024 + 2) % 256);
    BOOST_TEST((all.test.labels == Indices{0, 1, 2}));
    BOOST_TEST(all.class_names.empty());
    std::ofstream(folder.path / "batches.meta.txt") << "one\ntwo\n";
    BOOST_CHECK_THROW(read_cifar10(folder.path), io::Error);
}

BOOST_AUTO_TEST_CASE(damaged_files_are_refused_in_words) {
    Folder folder;
    auto fails = [&](const char* part) {
        BOOST_CHECK_EXCEPTION(read_cifar10_file(folder.path / "a.bin"), io::Error, [&](const std::exception& error) {
            return std::string(error.what()).find(part) != std::string::npos;
        });
    };
    fails("does not exist");
    folder.write("a.bin", 2, 0, 1);
    fails("record 2");
    std::ofstream(folder.path / "a.bin", std::ios::binary) << std::string(3073, '\x0b');
    fails("the label 11 in record 1");
    std::ofstream(folder.path / "a.bin", std::ios::trunc);
    fails("is empty");
}

BOOST_AUTO_TEST_SUITE_END()
