#include <xtape/io/idx.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "files.hpp"

using files::Bytes;
using xtape::Shape;
using xtape::io::read_idx;

namespace {

const Bytes six{1, 2, 3, 250, 251, 252};

// The text with which `bytes` are refused as an IDX file, "" when they are not refused.
std::string refusal(const Bytes& bytes) {
    files::Folder folder;
    try {
        read_idx(folder.write("file", bytes));
    } catch (const xtape::io::Error& error) {
        return error.what();
    }
    return "";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}    // namespace

BOOST_AUTO_TEST_SUITE(idx)

BOOST_AUTO_TEST_CASE(elements_and_shape_are_those_of_the_file) {
    files::Folder folder;
    auto read = read_idx(folder.write("file", files::idx({2, 1, 3}, six)));
    BOOST_TEST((read.shape() == Shape{2, 1, 3}));
    BOOST_TEST(Bytes(read.begin(), read.end()) == six, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(gzipped_files_read_the_same) {
    files::Folder folder;
    auto read = read_idx(folder.write("file.gz", files::gzipped(files::idx({3, 2}, six))));
    BOOST_TEST((read.shape() == Shape{3, 2}));
    BOOST_TEST(Bytes(read.begin(), read.end()) == six, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_file_longer_than_a_read_block_is_whole) {
    Bytes many((std::size_t{1} << 24) + 5);
    for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<std::uint8_t>(i * 7 + (i >> 16));
    files::Folder folder;
    auto length = static_cast<std::uint32_t>(many.size());
    auto plain = read_idx(folder.write("plain", files::idx({length}, many)));
    auto packed = read_idx(folder.write("packed", files::gzipped(files::idx({length}, many))));
    BOOST_TEST(std::equal(many.begin(), many.end(), plain.begin(), plain.end()));
    BOOST_TEST(std::equal(many.begin(), many.end(), packed.begin(), packed.end()));
}

BOOST_AUTO_TEST_CASE(a_file_without_elements_keeps_its_shape) {
    files::Folder folder;
    BOOST_TEST((read_idx(folder.write("file", files::idx({0, 28, 28}, {}))).shape() == Shape{0, 28, 28}));
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_refused_by_its_name) {
    files::Folder folder;
    auto path = folder.path() / "nothing";
    BOOST_CHECK_EXCEPTION(read_idx(path), xtape::io::Error, [&](const auto& error) {
        return error.what() == "[read_idx] '" + path.string() + "' does not exist";
    });
}

BOOST_AUTO_TEST_CASE(a_folder_is_refused) {
    files::Folder folder;
    BOOST_CHECK_EXCEPTION(read_idx(folder.path()), xtape::io::Error,
                          [](const auto& error) { return contains(error.what(), "is a folder"); });
}

BOOST_AUTO_TEST_CASE(what_is_not_idx_is_refused) {
    BOOST_TEST(contains(refusal({}), "is empty"));
    BOOST_TEST(contains(refusal({0, 0}), "is not an IDX file"));
    BOOST_TEST(contains(refusal({'P', '5', '\n', '2', ' ', '2'}), "is not an IDX file"));
    BOOST_TEST(contains(refusal(files::gzipped({'t', 'e', 'x', 't', '\n'})), "is not an IDX file"));
    BOOST_TEST(contains(refusal({0, 0, 0x08, 0, 1}), "no dimensions"));
}

BOOST_AUTO_TEST_CASE(elements_other_than_bytes_are_refused_by_their_type) {
    auto bytes = files::idx({1}, {0, 0, 0, 0});
    bytes[2] = 0x0d;
    BOOST_TEST(contains(refusal(bytes), "the IDX type 0x0d"));
}

BOOST_AUTO_TEST_CASE(a_truncated_file_is_refused) {
    auto bytes = files::idx({2, 3}, six);
    for (std::size_t length = 0; length < bytes.size(); ++length)
        BOOST_TEST(refusal(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length))) != "");
    bytes.pop_back();
    BOOST_TEST(contains(refusal(bytes), "declares the shape (2, 3)"));
    BOOST_TEST(contains(refusal(files::gzipped(bytes)), "ends after 5 of its 6 elements"));
}

BOOST_AUTO_TEST_CASE(bytes_after_the_elements_are_refused) {
    auto bytes = files::idx({5}, six);
    BOOST_TEST(contains(refusal(bytes), "13 bytes with the header, but the file has 14"));
    BOOST_TEST(contains(refusal(files::gzipped(bytes)), "goes on after its 5 elements"));
}

BOOST_AUTO_TEST_CASE(a_gzip_stream_cut_anywhere_is_refused) {
    Bytes many(300'000);
    for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<std::uint8_t>((i * i) >> 7);
    for (const auto& elements : {six, many}) {
        auto bytes = files::gzipped(files::idx({static_cast<std::uint32_t>(elements.size())}, elements));
        for (std::size_t missing = 1; missing < std::min<std::size_t>(bytes.size(), 40); ++missing) {
            auto text = refusal(Bytes(bytes.begin(), bytes.end() - static_cast<std::ptrdiff_t>(missing)));
            BOOST_TEST(text != "", missing << " bytes missing of " << bytes.size());
        }
    }
}

BOOST_AUTO_TEST_CASE(gzip_members_in_a_row_are_one_file) {
    auto whole = files::idx({6}, six);
    auto middle = whole.begin() + 9;
    auto bytes = files::gzipped(Bytes(whole.begin(), middle)), rest = files::gzipped(Bytes(middle, whole.end()));
    bytes.insert(bytes.end(), rest.begin(), rest.end());
    files::Folder folder;
    auto read = read_idx(folder.write("file", bytes));
    BOOST_TEST(Bytes(read.begin(), read.end()) == six, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(bytes_after_a_gzip_stream_are_refused) {
    auto bytes = files::gzipped(files::idx({6}, six));
    bytes.push_back('x');
    BOOST_TEST(refusal(bytes) != "");
}

BOOST_AUTO_TEST_CASE(a_damaged_gzip_stream_is_refused) {
    auto good = files::gzipped(files::idx({2, 3}, six));
    auto checksum = good.size() - 8;
    for (std::size_t position : {std::size_t{10}, std::size_t{14}, checksum}) {
        auto bytes = good;
        bytes[position] = static_cast<std::uint8_t>(bytes[position] ^ 0xff);
        BOOST_TEST(contains(refusal(bytes), "gzip stream"), "byte " << position << ": " << refusal(bytes));
    }
}

BOOST_AUTO_TEST_CASE(a_declared_shape_beyond_the_file_allocates_nothing) {
    const std::uint32_t most = 0xffffffff;
    for (const auto& shape : {std::vector{most}, std::vector(8, most), std::vector(255, most)}) {
        auto bytes = files::idx(shape, six);
        BOOST_TEST(contains(refusal(bytes), "is more than the file holds"));
        BOOST_TEST(contains(refusal(files::gzipped(bytes)), "is more than the file holds"));
    }
}

BOOST_AUTO_TEST_CASE(a_length_of_zero_hides_no_excess) {
    const std::uint32_t most = 0xffffffff;
    BOOST_TEST(contains(refusal(files::idx({0, most, most}, six)), "the file has 22"));
}

BOOST_AUTO_TEST_SUITE_END()
