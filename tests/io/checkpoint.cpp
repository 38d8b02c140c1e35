// Saving and loading: what goes in comes out, bit for bit, and what does not fit is refused as a whole.
#include <xtape/io/array_file.hpp>
#include <xtape/io/checkpoint.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <stdexcept>

#include "files.hpp"

using namespace xtape;

namespace {

template <class T>
Array<T> counting(const Shape& shape, T step) {
    Array<T> array = empty_array<T>(shape);
    for (std::size_t i = 0; i < array.size(); ++i) array.storage()[i] = static_cast<T>(i) * step;
    return array;
}

State all_kinds() {
    State state;
    state.add("fc1.weight", counting<float>({128, 784}, 0.5F));
    state.add("fc1.bias", counting<float>({128}, -1.0F));
    state.add("moments", counting<double>({3, 5, 7, 111}, 1e-3));
    state.add("order", counting<std::int64_t>({6, 1000}, -7));
    state.add("no_axes.float", counting<float>({}, 1.0F));
    state.add("no_axes.double", counting<double>({}, 1.0));
    state.add("no_axes.integer", counting<std::int64_t>({}, 1));
    state.add("no_elements", counting<float>({0, 4}, 1.0F));
    state.add("step", std::numeric_limits<std::int64_t>::min());
    state.add("lr", 0.1);
    state.add("name", std::string("Grüße, 世界"));
    state.add("empty_text", std::string());
    state.add("text_with_zeros", std::string("a\0b\0\0", 5));
    state.add("long_text", std::string(100000, 'x') + "end");
    return state;
}

void check_same(const State& a, const State& b) {
    BOOST_TEST_REQUIRE(a.size() == b.size());
    auto right = b.begin();
    for (const auto& [name, value] : a) {
        BOOST_TEST(name == right->name);
        BOOST_TEST(identical(value, right->value), name << " differs");
        ++right;
    }
}

// A thing with one weight and a count, which refuses negative counts.
struct Thing {
    Array<float> weight = counting<float>({2, 3}, 1.0F);
    std::int64_t count = 1;
    bool refuses = false;

    State state() const {
        State state;
        state.add("weight", share(weight));
        state.add("count", count);
        return state;
    }
    void load_state(const State& state) {
        weight = share(state.get<Array<float>>("weight"));
        if (refuses) throw std::runtime_error("this thing refuses");
        count = state.get<std::int64_t>("count");
    }
};

struct Fixture {
    files::Folder folder;
    std::filesystem::path path = folder.path() / "run.h5";
    io::SaveOptions quick{.durable = false};
};

std::string message_of(const auto& action) {
    try {
        action();
    } catch (const io::Error& error) {
        return error.what();
    }
    BOOST_FAIL("nothing was thrown");
    return "";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}    // namespace

BOOST_FIXTURE_TEST_SUITE(checkpoint, Fixture)

BOOST_AUTO_TEST_CASE(every_kind_of_value_comes_back_in_order) {
    State saved = all_kinds(), loaded;
    io::save(path, {{"all", saved}});
    BOOST_TEST(io::load(path, {{"all", loaded}}).empty());
    check_same(saved, loaded);
    check_same(saved, io::read_state(path).child("all"));
}

BOOST_AUTO_TEST_CASE(compressed_values_come_back) {
    State saved = all_kinds(), loaded;
    io::save(path, {{"all", saved}}, {.compression = 6, .chunk_bytes = 4096});
    io::load(path, {{"all", loaded}});
    check_same(saved, loaded);
    BOOST_TEST(std::filesystem::file_size(path) < 300000U);
}

BOOST_AUTO_TEST_CASE(small_chunks_come_back) {
    State saved, loaded;
    saved.add("a", counting<float>({7, 11, 1300}, 1.5F));
    saved.add("b", counting<double>({1, 100003}, 1.5));
    io::save(path, {{"all", saved}}, {.chunk_bytes = 1024});
    io::load(path, {{"all", loaded}});
    check_same(saved, loaded);
}

BOOST_AUTO_TEST_CASE(bits_of_nan_and_signs_of_zero_are_kept) {
    for (std::size_t size : {8U, 3000U}) {
        Array<float> odd = counting<float>({size}, 0.0F);
        const std::uint32_t bits[] = {0x7fc00001U, 0xffc12345U, 0x7f800001U, 0x80000000U, 0x00000001U, 0xff800000U};
        std::memcpy(odd.storage().data(), bits, sizeof bits);
        State saved, loaded;
        saved.add("odd", odd);
        io::save(path, {{"x", saved}}, quick);
        io::load(path, {{"x", loaded}});
        check_same(saved, loaded);
    }
}

BOOST_AUTO_TEST_CASE(float16_is_stored_and_comes_back_in_the_type_that_was_saved) {
    State saved, loaded;
    Array<float> weight = counting<float>({100, 50}, 1.0F);
    for (auto& element : weight) element = std::fmod(element, 2000.0F);    // whole numbers that a half can hold
    saved.add("weight", weight);
    saved.add("other", counting<double>({4}, 0.5));
    saved.add("full", counting<double>({4}, 1e-9));
    io::save(path, {{"m", saved}}, {.float16 = [](std::string_view name) { return name != "m.full"; }});
    BOOST_TEST(std::filesystem::file_size(path) < 5000U * 4);
    io::load(path, {{"m", loaded}});
    check_same(saved, loaded);
}

BOOST_AUTO_TEST_CASE(values_beyond_float16_are_refused_and_infinity_is_not) {
    State saved;
    saved.add("weight", Array<float>({70000.0F}));
    auto half = [](std::string_view) { return true; };
    BOOST_TEST(contains(message_of([&] { io::save(path, {{"m", saved}}, {.float16 = half}); }), "float16"));
    BOOST_TEST(!std::filesystem::exists(path));
    State infinite;
    infinite.add("weight", Array<float>({std::numeric_limits<float>::infinity()}));
    io::save(path, {{"m", infinite}}, {.float16 = half});
    BOOST_TEST(std::isinf(io::read<float>(path, "/m/weight")(0)));
}

BOOST_AUTO_TEST_CASE(a_subset_can_be_saved) {
    State all = all_kinds();
    io::save(path, {{"all", all}}, {.select = [](std::string_view name) { return name.starts_with("all.fc1."); }});
    BOOST_TEST(io::read_state(path).size() == 2U);
}

BOOST_AUTO_TEST_CASE(the_file_tells_its_versions_and_the_users_metadata) {
    Thing thing;
    using namespace std::string_literals;
    const std::map<std::string, std::string> zeros{
        {"one", "\0"s}, {"end", "a\0\0"s}, {"within", "\0a\0b"s}, {"space", "a "s}};
    std::map<std::string, std::string> all{{"author", "Ада"}, {"empty", ""}};
    all.insert(zeros.begin(), zeros.end());
    io::save(path, {{"t", thing}}, {.metadata = all});
    auto metadata = io::read_metadata(path);
    BOOST_TEST(metadata.at("author") == "Ада");
    BOOST_TEST(metadata.at("empty") == "");
    for (const auto& [name, text] : zeros) BOOST_TEST(metadata.at(name) == text, name);
    BOOST_TEST(metadata.at("xtape_format") == "1");
    BOOST_TEST(metadata.at("xtape_created").size() == 20U);
    BOOST_TEST(!metadata.at("xtape_version").empty());
    BOOST_CHECK_THROW(io::save(path, {{"t", thing}}, {.metadata = {{"xtape_format", "9"}}}), io::Error);
}

BOOST_AUTO_TEST_CASE(loading_into_another_layout_lists_every_difference_and_changes_nothing) {
    State saved;
    saved.add("weight", counting<double>({2, 3}, 2.0));
    saved.add("extra", 1.0);
    io::save(path, {{"t", saved}}, quick);
    Thing thing;
    std::string message = message_of([&] { io::load(path, {{"t", thing}}); });
    BOOST_TEST(contains(message, "t.weight: got float64 (2, 3), wanted float32 (2, 3)"));
    BOOST_TEST(contains(message, "t.count: wanted an integer"));
    BOOST_TEST(contains(message, "t.extra: got a number"));
    BOOST_TEST(contains(message, path.string()));
    BOOST_TEST(thing.weight(1, 2) == 5.0F);
}

BOOST_AUTO_TEST_CASE(not_strict_loads_what_fits_and_reports_the_rest) {
    State saved;
    saved.add("weight", counting<float>({2, 3}, 2.0F));
    saved.add("count", std::string("many"));
    saved.add("extra", 1.0);
    io::save(path, {{"t", saved}}, quick);
    Thing thing;
    auto report = io::load(path, {{"t", thing}}, {.strict = false});
    BOOST_TEST(thing.weight(1, 2) == 10.0F);
    BOOST_TEST(thing.count == 1);
    BOOST_TEST(report.mismatched.size() == 1U);
    BOOST_TEST(report.unexpected.size() == 1U);
    BOOST_TEST(report.missing.empty());
}

BOOST_AUTO_TEST_CASE(entries_that_nobody_asks_for_are_left_alone) {
    Thing thing;
    State optimizer = all_kinds();
    io::save(path, {{"model", thing}, {"optimizer", optimizer}}, quick);
    BOOST_TEST(io::load(path, {{"model", thing}}).empty());
}

BOOST_AUTO_TEST_CASE(when_one_thing_refuses_its_state_all_are_put_back) {
    Thing first, second;
    first.count = second.count = 7;
    first.weight(0, 0) = second.weight(0, 0) = 70.0F;
    io::save(path, {{"a", first}, {"b", second}}, quick);
    Thing c, d;
    d.refuses = true;
    BOOST_CHECK_THROW(io::load(path, {{"a", c}, {"b", d}}), std::runtime_error);
    BOOST_TEST(c.count == 1);
    BOOST_TEST(c.weight(0, 0) == 0.0F);
    BOOST_TEST(d.weight(0, 0) == 0.0F);
}

BOOST_AUTO_TEST_CASE(a_rename_function_maps_the_files_names) {
    State saved;
    saved.add("old.weight", counting<float>({2, 3}, 3.0F));
    saved.add("old.count", std::int64_t{9});
    saved.add("old.junk", 1.0);
    io::save(path, {{"model", saved}}, quick);
    Thing thing;
    auto rename = [](std::string_view name) {
        if (name.ends_with("junk")) return std::string();
        return "thing." + std::string(name.substr(name.rfind('.') + 1));
    };
    BOOST_TEST(io::load(path, {{"thing", thing}}, {.rename = rename}).empty());
    BOOST_TEST(thing.count == 9);
    BOOST_TEST(thing.weight(1, 2) == 15.0F);
}

BOOST_AUTO_TEST_CASE(weights_of_keras_are_transposed_and_renamed) {
    State keras;
    keras.add("dense.kernel:0", counting<float>({3, 2}, 1.0F));
    keras.add("dense.bias:0", counting<float>({2}, 1.0F));
    keras.add("conv.kernel:0", counting<float>({5, 4, 3, 2}, 1.0F));
    keras.add("norm.gamma:0", counting<float>({2}, 1.0F));
    keras.add("norm.moving_variance:0", counting<float>({2}, 2.0F));
    State model;
    model.add("dense.weight", counting<float>({2, 3}, 0.0F));
    model.add("dense.bias", counting<float>({2}, 0.0F));
    model.add("conv.weight", counting<float>({2, 3, 5, 4}, 0.0F));
    model.add("norm.weight", counting<float>({2}, 0.0F));
    model.add("norm.running_var", counting<float>({2}, 0.0F));
    io::save(path, {{"m", keras}}, quick);
    BOOST_TEST(io::load(path, {{"m", model}}, {.keras = true}).empty());
    const auto& dense = model.get<Array<float>>("dense.weight");
    const auto& conv = model.get<Array<float>>("conv.weight");
    for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t o = 0; o < 2; ++o) {
            BOOST_TEST(dense(o, i) == static_cast<float>(i * 2 + o));
            BOOST_TEST(conv(o, i, 4, 1) == static_cast<float>(((4 * 4 + 1) * 3 + i) * 2 + o));
        }
    BOOST_TEST(model.get<Array<float>>("norm.running_var")(1) == 2.0F);
}

BOOST_AUTO_TEST_CASE(newer_formats_are_refused_with_a_sentence) {
    Thing thing;
    io::save(path, {{"t", thing}}, quick);
    io::write_attribute(path, "/", "xtape_format", std::int64_t{2});
    std::string message = message_of([&] { io::load(path, {{"t", thing}}); });
    BOOST_TEST(contains(message, "format version 2"));
    BOOST_TEST(contains(message, "use a newer one"));
}

BOOST_AUTO_TEST_CASE(a_thing_that_is_const_cannot_be_loaded) {
    const Thing thing;
    io::save(path, {{"t", thing}}, quick);
    BOOST_CHECK_THROW(io::load(path, {{"t", thing}}), io::Error);
}

BOOST_AUTO_TEST_CASE(saving_copies_no_elements_and_leaves_the_arrays_as_they_are) {
    State state;
    state.add("big", counting<float>({4000000}, 1.0F));
    std::size_t before = live_bytes();
    io::save(path, {{"x", state}}, quick);
    BOOST_TEST(live_bytes() == before);
}

BOOST_AUTO_TEST_SUITE_END()
