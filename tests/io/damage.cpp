// Damaged files: a flipped bit or a missing end is reported, or was in bytes that nobody reads.
#include <xtape/io/array_file.hpp>
#include <xtape/io/checkpoint.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <set>

#include "files.hpp"
#include "thing.hpp"

using namespace xtape;
using files::Thing;

namespace {

using Content = std::vector<std::byte>;

Content content_of(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(stream), {});
    Content bytes(text.size());
    std::transform(text.begin(), text.end(), bytes.begin(), [](char c) { return static_cast<std::byte>(c); });
    return bytes;
}

struct Fixture {
    files::Folder folder;
    std::filesystem::path path = folder.path() / "run.h5";
    Thing thing;

    Content saved(const io::SaveOptions& options = {.durable = false}) {
        io::save(path, {{"model", thing}}, options);
        return content_of(path);
    }
};

// How many flips were found out; every other one must have left all values as they were.
std::size_t reported_flips(Content bytes, const State& whole, std::size_t step) {
    std::size_t reported = 0;
    for (std::size_t i = 0; i < bytes.size(); i += step) {
        std::byte old = bytes[i];
        bytes[i] ^= std::byte{1} << (i % 8);
        try {
            BOOST_TEST(files::same(whole, io::read_state(bytes).child("model")),
                       "the flip at byte " << i << " was missed");
        } catch (const io::Error&) {
            ++reported;
        }
        bytes[i] = old;
    }
    return reported;
}

}    // namespace

// For the leak sanitizer: over damaged files HDF5 loses memory of its own.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libhdf5"; }

BOOST_FIXTURE_TEST_SUITE(damage, Fixture)

BOOST_AUTO_TEST_CASE(no_flipped_bit_changes_a_value_unseen) {
    Content bytes = saved();
    BOOST_TEST(reported_flips(bytes, thing.state(), 1) > bytes.size() * 8 / 10);
}

BOOST_AUTO_TEST_CASE(no_flipped_bit_changes_a_compressed_value_unseen) {
    Content bytes = saved({.durable = false, .compression = 1});
    reported_flips(bytes, thing.state(), 1);
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_in_an_array_is_reported_with_its_name) {
    Content bytes = saved();
    float marker = thing.large(20, 50);
    auto* first = reinterpret_cast<const std::byte*>(&marker);
    auto found = std::search(bytes.begin(), bytes.end(), first, first + sizeof marker);
    BOOST_TEST_REQUIRE((found != bytes.end()));
    *found ^= std::byte{4};
    std::string message = files::message_of([&] { io::read_state(bytes); });
    BOOST_TEST(files::contains(message, "/model/large"));
    BOOST_TEST(files::contains(message, "checksum"));
    State state = io::read_state(bytes, {.verify = false});
    BOOST_TEST(!files::same(state.child("model"), thing.state()));
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_in_a_small_value_is_reported_with_its_name) {
    thing.name = "needle in a haystack";
    Content bytes = saved();
    auto* first = reinterpret_cast<const std::byte*>(thing.name.data());
    auto found = std::search(bytes.begin(), bytes.end(), first, first + thing.name.size());
    BOOST_TEST_REQUIRE((found != bytes.end()));
    *found ^= std::byte{1};
    BOOST_TEST(files::contains(files::message_of([&] { io::read_state(bytes); }), "/model/name"));
}

BOOST_AUTO_TEST_CASE(a_file_cut_anywhere_is_refused) {
    Content bytes = saved();
    for (std::size_t size = 0; size < bytes.size(); size += size < 200 ? 1 : 97)
        BOOST_CHECK_THROW(io::read_state(std::span(bytes).first(size)), io::Error);
}

BOOST_AUTO_TEST_CASE(what_is_no_hdf5_file_is_refused_with_path_and_reason) {
    auto junk = folder.write("junk.h5", {'n', 'o', 't', ' ', 'H', 'D', 'F', '5'});
    for (const auto& bad : {junk, folder.write("empty.h5", {}), folder.path() / "missing.h5", folder.path()}) {
        std::string message = files::message_of([&] { io::load(bad, {{"model", thing}}); });
        BOOST_TEST(files::contains(message, "[io::load]"));
        BOOST_TEST(files::contains(message, bad.string()));
    }
}

BOOST_AUTO_TEST_CASE(a_load_that_fails_changes_nothing) {
    Content bytes = saved();
    float marker = thing.large(39, 99);
    auto* first = reinterpret_cast<const std::byte*>(&marker);
    auto found = std::search(bytes.begin(), bytes.end(), first, first + sizeof marker);
    *found ^= std::byte{4};
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    Thing other;
    other.count = 77;
    other.weight(0, 0) = 5.0F;
    State before = other.state();
    BOOST_CHECK_THROW(io::load(path, {{"model", other}}), io::Error);
    BOOST_TEST(files::same(before, other.state()));
}

BOOST_AUTO_TEST_SUITE_END()
