// What reading a file may cost is limited, and trust lifts the limits.
#include <xtape/io/array_file.hpp>
#include <xtape/io/checkpoint.hpp>

#include <boost/test/unit_test.hpp>

#include "files.hpp"
#include "thing.hpp"

using namespace xtape;
using files::contains;

namespace {

struct Fixture {
    files::Folder folder;
    std::filesystem::path path = folder.path() / "run.h5";

    std::string refusal(const io::Limits& limits) {
        BOOST_TEST(io::read_state(path, {.trusted = true, .limits = limits}).size() > 0U);
        return files::message_of([&] { io::read_state(path, {.limits = limits}); });
    }
};

}    // namespace

BOOST_FIXTURE_TEST_SUITE(limits, Fixture)

BOOST_AUTO_TEST_CASE(time_for_the_structure) {
    State many;
    for (int i = 0; i < 1000; ++i) many.add("v" + std::to_string(i), 1.0);
    io::save(path, {{"model", many}}, {.durable = false});
    BOOST_TEST(contains(refusal({.seconds = 0}), ".limits.seconds"));
    for (auto action :
         std::vector<std::function<void()>>{[&] { io::list_tree(path, {.limits = {.seconds = 0}}); },
                                            [&] { io::read<double>(path, "/model/v9", {.limits = {.seconds = 0}}); },
                                            [&] {
                                                io::load(path, {{"model", many}}, {.limits = {.seconds = 0}});
                                            }})
        BOOST_TEST(contains(files::message_of(action), ".limits.seconds"));
}

// Every member's path repeats its parents' names, so that memory grows faster than the file.
BOOST_AUTO_TEST_CASE(memory_for_the_structure) {
    State many;
    for (int i = 0; i < 100; ++i) many.add(std::string(20000, 'n') + ".v" + std::to_string(i), 1.0);
    io::save(path, {{"model", many}}, {.durable = false});
    BOOST_TEST(contains(refusal({.bytes = 1 << 20}), ".limits.bytes"));
}

BOOST_AUTO_TEST_CASE(memory_for_values_that_are_packed_small) {
    State zeros;
    zeros.add("a", Array<float>(Shape{1 << 20}, 0.0F));
    io::save(path, {{"model", zeros}}, {.durable = false, .compression = 9});
    BOOST_TEST(contains(refusal({.bytes = 1 << 20}), ".limits.bytes"));
    BOOST_TEST(io::load(path, {{"model", zeros}}, {.limits = {.bytes = 1 << 20}}).empty());    // its size is known
}

BOOST_AUTO_TEST_CASE(depth) {
    State deep;
    deep.add("a.b.c.d.e.f", 1.0);
    io::save(path, {{"model", deep}});
    BOOST_TEST(contains(refusal({.depth = 3}), "deeper than 3"));
    BOOST_TEST(io::read_state(path, {.limits = {.depth = 7}}).size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
