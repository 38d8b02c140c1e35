#include <xtape/io/png.hpp>

#include <boost/test/unit_test.hpp>

#include <zlib.h>

#include <string>

#include "files.hpp"

using namespace xtape::io;

BOOST_AUTO_TEST_SUITE(png)

namespace {

std::size_t number(const std::string& bytes, std::size_t at) {
    std::size_t result = 0;
    for (std::size_t i = 0; i < 4; ++i) result = result << 8 | static_cast<unsigned char>(bytes[at + i]);
    return result;
}

// The chunks of a file, their checksums tested, as "type" and content.
std::vector<std::pair<std::string, std::string>> chunks(const std::string& file) {
    BOOST_TEST_REQUIRE(file.substr(0, 8) == "\x89PNG\r\n\x1a\n");
    std::vector<std::pair<std::string, std::string>> result;
    for (std::size_t at = 8; at < file.size();) {
        const std::size_t length = number(file, at);
        const std::string typed = file.substr(at + 4, 4 + length);
        BOOST_TEST(number(file, at + 8 + length) ==
                   crc32(0, reinterpret_cast<const Bytef*>(typed.data()), static_cast<uInt>(typed.size())));
        result.emplace_back(typed.substr(0, 4), typed.substr(4));
        at += 12 + length;
    }
    return result;
}

}    // namespace

BOOST_AUTO_TEST_CASE(a_picture_has_its_sizes_and_unpacks_to_its_pixels) {
    for (std::size_t channels = 1; channels <= 4; ++channels) {
        Picture picture{3, 2, channels, {}};
        for (std::size_t i = 0; i < 6 * channels; ++i) picture.pixels.push_back(static_cast<std::uint8_t>(i * 11));
        const auto found = chunks(encode_png(picture));
        BOOST_TEST_REQUIRE(found.size() == 3);
        BOOST_TEST(found[0].first == "IHDR");
        BOOST_TEST(number(found[0].second, 0) == 3);
        BOOST_TEST(number(found[0].second, 4) == 2);
        BOOST_TEST(int(found[0].second[8]) == 8);
        BOOST_TEST(int(found[0].second[9]) == (std::vector<int>{0, 4, 2, 6}[channels - 1]));
        std::string rows(2 * (1 + 3 * channels), '\0');
        uLongf length = rows.size();
        BOOST_TEST(uncompress(reinterpret_cast<Bytef*>(rows.data()), &length,
                              reinterpret_cast<const Bytef*>(found[1].second.data()),
                              static_cast<uLong>(found[1].second.size())) == Z_OK);
        BOOST_TEST_REQUIRE(length == rows.size());
        for (std::size_t row = 0; row < 2; ++row)
            for (std::size_t i = 0; i < 3 * channels; ++i)
                BOOST_TEST(static_cast<unsigned char>(rows[row * (1 + 3 * channels) + 1 + i]) ==
                           picture.pixels[row * 3 * channels + i]);
        BOOST_TEST(found[2].first == "IEND");
    }
}

BOOST_AUTO_TEST_CASE(sizes_that_contradict_each_other_are_refused) {
    BOOST_CHECK_THROW(encode_png({0, 2, 1, {}}), Error);
    BOOST_CHECK_THROW(encode_png({2, 2, 5, std::vector<std::uint8_t>(20)}), Error);
    BOOST_CHECK_THROW(encode_png({2, 2, 1, std::vector<std::uint8_t>(5)}), Error);
}

BOOST_AUTO_TEST_CASE(a_file_is_replaced_and_a_folder_is_not) {
    files::Folder folder;
    const auto path = folder.path() / "page.html";
    write_file(path, "old");
    write_file(path, "new");
    std::ifstream file(path);
    BOOST_TEST(std::string(std::istreambuf_iterator<char>(file), {}) == "new");
    BOOST_CHECK_THROW(write_file(folder.path(), "text"), Error);
    BOOST_CHECK_THROW(write_file(folder.path() / "none" / "page.html", "text"), Error);
}

BOOST_AUTO_TEST_SUITE_END()
