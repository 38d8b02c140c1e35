#include <xtape/io/mnist.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <string>

#include "files.hpp"

using files::Bytes;
using xtape::Shape;
using xtape::io::read_mnist;

namespace {

// `count` images, each of one grey level: its position.
Bytes images(std::uint32_t count) {
    Bytes elements;
    for (std::uint32_t i = 0; i < count; ++i) elements.insert(elements.end(), 28 * 28, static_cast<std::uint8_t>(i));
    return files::idx({count, 28, 28}, elements);
}

Bytes labels(std::uint32_t count) {
    Bytes elements;
    for (std::uint32_t i = 0; i < count; ++i) elements.push_back(static_cast<std::uint8_t>(i % 10));
    return files::idx({count}, elements);
}

// The text with which a folder is refused, "" when it is not.
std::string refusal(const std::filesystem::path& folder) {
    try {
        read_mnist(folder);
    } catch (const xtape::io::Error& error) {
        return error.what();
    }
    return "";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}    // namespace

BOOST_AUTO_TEST_SUITE(mnist)

BOOST_AUTO_TEST_CASE(both_sets_are_read_as_they_are) {
    files::Folder folder;
    folder.write("train-images-idx3-ubyte", images(4));
    folder.write("train-labels-idx1-ubyte.gz", files::gzipped(labels(4)));
    folder.write("t10k-images.idx3-ubyte", images(2));
    folder.write("t10k-labels.idx1-ubyte.gz", files::gzipped(labels(2)));
    auto sets = read_mnist(folder.path());
    BOOST_TEST((sets.train.images.shape() == Shape{4, 28, 28}));
    BOOST_TEST((sets.train.labels == xtape::Indices{0, 1, 2, 3}));
    BOOST_TEST((sets.test.images.shape() == Shape{2, 28, 28}));
    BOOST_TEST((sets.test.labels == xtape::Indices{0, 1}));
}

BOOST_AUTO_TEST_CASE(the_last_fifth_of_the_only_set_is_the_test_set) {
    for (std::string name : {"train", "t10k"}) {
        files::Folder folder;
        folder.write(name + "-images-idx3-ubyte", images(11));
        folder.write(name + "-labels-idx1-ubyte", labels(11));
        auto sets = read_mnist(folder.path());
        BOOST_TEST((sets.train.images.shape() == Shape{9, 28, 28}));
        BOOST_TEST((sets.train.labels == xtape::Indices{0, 1, 2, 3, 4, 5, 6, 7, 8}));
        BOOST_TEST((sets.test.labels == xtape::Indices{9, 0}));
        BOOST_TEST(sets.train.images(8, 27, 27) == 8);
        BOOST_TEST(sets.test.images(0, 0, 0) == 9);
        BOOST_TEST(sets.test.images(1, 27, 27) == 10);
    }
}

BOOST_AUTO_TEST_CASE(a_folder_of_a_files_name_does_not_hide_the_file) {
    files::Folder folder;
    std::filesystem::create_directory(folder.path() / "train-images-idx3-ubyte");
    folder.write("train-images.idx3-ubyte", images(5));
    folder.write("train-labels.idx1-ubyte", labels(5));
    BOOST_TEST(read_mnist(folder.path()).train.labels.size() == 4U);
}

BOOST_AUTO_TEST_CASE(a_missing_folder_is_refused) {
    files::Folder folder;
    BOOST_TEST(contains(refusal(folder.path() / "nothing"), "nothing' does not exist"));
    BOOST_TEST(contains(refusal(folder.write("file", {})), "file' is not a folder"));
    BOOST_TEST(contains(refusal(folder.path()), "has none of MNIST's files"));
}

BOOST_AUTO_TEST_CASE(half_a_set_is_refused_naming_the_missing_file) {
    files::Folder folder;
    folder.write("t10k-images-idx3-ubyte", images(5));
    BOOST_TEST(contains(refusal(folder.path()), "no t10k-labels-idx1-ubyte"));
}

BOOST_AUTO_TEST_CASE(as_many_labels_as_images_are_wanted) {
    files::Folder folder;
    folder.write("train-images-idx3-ubyte", images(6));
    folder.write("train-labels-idx1-ubyte", labels(5));
    BOOST_TEST(contains(refusal(folder.path()), "train-labels-idx1-ubyte' has 5 labels for the 6 images"));
}

BOOST_AUTO_TEST_CASE(a_mislabelled_file_is_refused_by_its_name) {
    files::Folder labels_as_images, images_as_labels;
    labels_as_images.write("train-images-idx3-ubyte", labels(5));
    labels_as_images.write("train-labels-idx1-ubyte", labels(5));
    BOOST_TEST(contains(refusal(labels_as_images.path()), "train-images-idx3-ubyte' holds labels (5,)"));
    images_as_labels.write("train-images-idx3-ubyte", images(5));
    images_as_labels.write("train-labels-idx1-ubyte", images(5));
    BOOST_TEST(contains(refusal(images_as_labels.path()), "train-labels-idx1-ubyte' holds images (5, 28, 28)"));
}

BOOST_AUTO_TEST_CASE(images_of_another_size_are_refused) {
    files::Folder folder;
    folder.write("train-images-idx3-ubyte", files::idx({5, 2, 2}, Bytes(20)));
    folder.write("train-labels-idx1-ubyte", labels(5));
    BOOST_TEST(contains(refusal(folder.path()), "(5, 2, 2); wanted images (n, 28, 28)"));
}

BOOST_AUTO_TEST_CASE(a_label_that_is_no_digit_is_refused_by_its_position) {
    files::Folder folder;
    folder.write("train-images-idx3-ubyte", images(5));
    folder.write("train-labels-idx1-ubyte", files::idx({5}, {0, 9, 1, 10, 2}));
    BOOST_TEST(contains(refusal(folder.path()), "the label 10 at position 3"));
}

BOOST_AUTO_TEST_CASE(sets_too_small_to_split_are_refused) {
    files::Folder small, empty;
    small.write("train-images-idx3-ubyte", images(4));
    small.write("train-labels-idx1-ubyte", labels(4));
    BOOST_TEST(contains(refusal(small.path()), "has 4 images"));
    empty.write("train-images-idx3-ubyte", images(0));
    empty.write("train-labels-idx1-ubyte", labels(0));
    BOOST_TEST(contains(refusal(empty.path()), "holds no images"));
}

BOOST_AUTO_TEST_SUITE_END()
