// What xtape-inspect prints and how it exits.
#include <xtape/io/array_file.hpp>
#include <xtape/io/checkpoint.hpp>
#include <xtape/io/inspect.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <limits>
#include <sstream>

#include "files.hpp"
#include "thing.hpp"

using namespace xtape;
using files::contains;

namespace {

struct Fixture {
    files::Folder folder;
    std::filesystem::path path = folder.path() / "run.h5", other = folder.path() / "other.h5";
    files::Thing thing;
    std::ostringstream out, errors;

    int run(const std::vector<std::string>& arguments) {
        out.str("");
        errors.str("");
        return io::inspect_command(arguments, out, errors);
    }
};

}    // namespace

BOOST_FIXTURE_TEST_SUITE(inspect, Fixture)

BOOST_AUTO_TEST_CASE(a_good_file_is_described_and_exits_with_zero) {
    thing.weight(0, 1) = std::numeric_limits<float>::quiet_NaN();
    thing.weight(0, 2) = -std::numeric_limits<float>::infinity();
    io::save(path, {{"model", thing}}, {.metadata = {{"author", "me"}}});
    BOOST_TEST(run({path.string()}) == 0);
    for (const char* text :
         {"author: me", "xtape_format: 1", "/model/weight  float32 (2, 3)  min 0, max 5, mean 3", "NOT FINITE 33.3",
          "/model/large  float32 (40, 100)", "/model/count  int64 ()  1", "\"thing\""})
        BOOST_TEST(contains(out.str(), text), text << " is not in\n" << out.str());
    BOOST_TEST(errors.str().empty());
}

BOOST_AUTO_TEST_CASE(a_damaged_file_exits_with_one_and_names_the_dataset) {
    io::save(path, {{"model", thing}});
    float marker = thing.large(20, 50);
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    std::string bytes(std::istreambuf_iterator<char>(file), {});
    auto at = bytes.find(std::string(reinterpret_cast<const char*>(&marker), sizeof marker));
    BOOST_TEST_REQUIRE(at != std::string::npos);
    file.clear();
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(bytes[at] ^ 1));
    file.close();
    BOOST_TEST(run({path.string()}) == 1);
    BOOST_TEST(contains(out.str(), "/model/large  WRONG"));
    BOOST_TEST(contains(out.str(), "/model/count  int64 ()  1"));
}

BOOST_AUTO_TEST_CASE(two_files_are_compared) {
    io::save(path, {{"model", thing}});
    io::save(other, {{"model", thing}});
    BOOST_TEST(run({path.string(), other.string()}) == 0);
    thing.large(0, 0) += 0.25F;
    thing.name = "another";
    io::save(other, {{"model", thing}, {"more", thing}});
    BOOST_TEST(run({path.string(), other.string()}) == 1);
    for (const char* text : {"unexpected:", "more.weight: got float32 (2, 3)", "model.large: differs by at most 0.25",
                             "model.name: \"thing\" and \"another\""})
        BOOST_TEST(contains(out.str(), text), text << " is not in\n" << out.str());
}

BOOST_AUTO_TEST_CASE(nothing_in_a_file_reaches_the_terminal_as_a_command) {
    const std::string evil = "\x1b]0;owned\x07\x9b\xc2\x9b\nline\r\xe2\x80\xae\x7f";
    State state;
    state.add("name" + evil, std::string("value" + evil));
    state.add("array" + evil, Array<float>({1.0F}));
    io::save(path, {{"model", state}}, {.metadata = {{"note" + evil, "text" + evil}}});
    io::write_attribute(path, "/model", "attribute" + evil, "text" + evil);
    State changed;
    changed.add("name" + evil, std::string("another" + evil));
    changed.add("more" + evil, 1.0);
    io::save(other, {{"model", changed}});
    auto is_safe = [](const std::string& text) {
        return text.find_first_of("\x1b\x07\x9b\x9d\r\x7f") == std::string::npos && !contains(text, "\nline") &&
               !contains(text, "\xe2\x80\xae") && !contains(text, "\xc2\x9b");
    };
    BOOST_TEST(run({path.string()}) == 0);
    BOOST_TEST(is_safe(out.str()), out.str());
    BOOST_TEST(contains(out.str(), "/model/name\\x1b]0;owned\\x07\\x9b\\xc2\\x9b\\x0aline\\x0d\\xe2\\x80\\xae\\x7f"));
    BOOST_TEST(contains(out.str(), "attribute\\x1b"));
    BOOST_TEST(run({path.string(), other.string()}) == 1);
    BOOST_TEST(is_safe(out.str()), out.str());
    BOOST_TEST(contains(out.str(), "another\\x1b"));
    BOOST_TEST(run({(folder.path() / ("no\x1b"
                                      "file.h5"))
                        .string()}) == 1);
    BOOST_TEST(is_safe(errors.str()), errors.str());
}

BOOST_AUTO_TEST_CASE(letters_of_all_languages_are_printed_as_they_are) {
    State state;
    state.add("größe", std::string("日本語 ελληνικά 😀"));
    io::save(path, {{"model", state}});
    BOOST_TEST(run({path.string()}) == 0);
    BOOST_TEST(contains(out.str(), "/model/größe"));
    BOOST_TEST(contains(out.str(), "\"日本語 ελληνικά 😀\""));
}

BOOST_AUTO_TEST_CASE(wrong_calls_exit_with_two_and_missing_files_with_one) {
    BOOST_TEST(run({}) == 2);
    BOOST_TEST(run({"a", "b", "c"}) == 2);
    BOOST_TEST(run({"--verify"}) == 2);
    BOOST_TEST(contains(errors.str(), "usage"));
    BOOST_TEST(run({"--help"}) == 0);
    BOOST_TEST(run({(folder.path() / "missing.h5").string()}) == 1);
    BOOST_TEST(contains(errors.str(), "missing.h5"));
}

BOOST_AUTO_TEST_SUITE_END()
