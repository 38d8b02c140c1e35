// io::load of other people's files: NumPy's and safetensors, with the options that it has for checkpoints.
#include <xtape/core/random.hpp>
#include <xtape/io/checkpoint.hpp>
#include <xtape/io/npy.hpp>
#include <xtape/io/safetensors.hpp>

#include <boost/test/unit_test.hpp>

#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include "files.hpp"
#include "thing.hpp"

using namespace xtape;
using files::contains;
using files::counting;
using files::message_of;

namespace {

// What a layer with batch normalisation has.
State model() {
    State state;
    state.add("weight", counting<float>({2, 3}, 0.0F));
    state.add("num_batches_tracked", std::int64_t{0});
    state.add("lr", 0.0);
    return state;
}

// As PyTorch writes it: without our prefix, the count as an array without axes.
State others(double largest = 2.5) {
    State state;
    state.add("weight", counting<float>({2, 3}, 0.5F));
    Indices count = empty_array<std::int64_t>({});
    count.storage()[0] = 42;
    state.add("num_batches_tracked", std::move(count));
    state.add("lr", largest);
    return state;
}

struct Fixture {
    files::Folder folder;
    std::filesystem::path path = folder.path() / "file";
    State state = model();
    std::function<std::string(std::string_view)> prefix = [](std::string_view name) {
        return "net." + std::string(name);
    };
    using Write = std::function<void(const State&)>;
    std::pair<const char*, Write> formats[3] = {
        {"npz", [this](const State& s) { io::write_npz(path, s); }},
        {"safetensors", [this](const State& s) { io::write_safetensors(path, s); }},
        {"HDF5", [this](const State& s) {
             io::save(path, {{"file", s}});
             prefix = [](std::string_view name) { return "net" + std::string(name.substr(4)); };
         }}};
};

}    // namespace

BOOST_FIXTURE_TEST_SUITE(load_formats, Fixture)

BOOST_AUTO_TEST_CASE(files_are_told_by_their_content_and_numbers_come_from_arrays_without_axes) {
    for (const auto& [name, write] : formats) {
        write(others());
        state = model();
        BOOST_TEST(io::load(path, {{"net", state}}, {.rename = prefix}).empty(), name);
        BOOST_TEST(state.get<Array<float>>("weight")(1, 2) == 2.5F, name);
        BOOST_TEST(state.get<std::int64_t>("num_batches_tracked") == 42, name);
        BOOST_TEST(state.get<double>("lr") == 2.5, name);
    }
}

BOOST_AUTO_TEST_CASE(integers_of_any_width_are_counts) {
    for (const auto& [type, bytes] : {std::pair("I8", 1U),
                                      {"U8", 1U},
                                      {"I16", 2U},
                                      {"U16", 2U},
                                      {"I32", 4U},
                                      {"U32", 4U},
                                      {"I64", 8U},
                                      {"U64", 8U}}) {
        std::string header = R"({"n.count":{"dtype":")" + std::string(type) + R"(","shape":[],"data_offsets":[0,)" +
                             std::to_string(bytes) + "]}}";
        files::Bytes file(8);
        file[0] = static_cast<std::uint8_t>(header.size());
        file.insert(file.end(), header.begin(), header.end());
        file.push_back(42);
        file.resize(8 + header.size() + bytes);
        State count;
        count.add("count", std::int64_t{0});
        io::load(folder.write("file", file), {{"n", count}});
        BOOST_TEST(count.get<std::int64_t>("count") == 42, type);
    }
}

BOOST_AUTO_TEST_CASE(precision_is_converted_on_request_only) {
    for (const auto& [name, write] : formats) {
        for (double factor : {0.5, 1e300}) {
            State doubles;
            doubles.add("weight", counting<double>({2, 3}, factor));
            doubles.add("num_batches_tracked", std::int64_t{1});
            doubles.add("lr", 1.0);
            write(doubles);
            state = model();
            BOOST_TEST(contains(message_of([&] { io::load(path, {{"net", state}}, {.rename = prefix}); }), "float64"));
            auto convert = [&] { io::load(path, {{"net", state}}, {.rename = prefix, .convert = true}); };
            if (factor < 1) {
                convert();
                BOOST_TEST(state.get<Array<float>>("weight")(1, 2) == 2.5F, name);
            } else {
                BOOST_TEST(contains(message_of(convert), "beyond float32"), name);
            }
        }
        State wide;
        wide.add("weight", counting<double>({2, 3}, 0.0));
        write(others());
        io::load(path, {{"net", wide}}, {.strict = false, .rename = prefix, .convert = true});
        BOOST_TEST(wide.get<Array<double>>("weight")(1, 2) == 2.5, name);
    }
}

BOOST_AUTO_TEST_CASE(a_name_that_is_missing_is_answered_by_what_the_file_has) {
    for (const auto& [name, write] : formats) {
        write(others());
        std::string message = message_of([&] { io::load(path, {{"net", state}}); });
        BOOST_TEST(contains(message, "net.weight: wanted float32 (2, 3)"), name);
        BOOST_TEST(contains(message, "the file has: "), name);
        BOOST_TEST(contains(message, "num_batches_tracked"), name);
        auto report = io::load(path, {{"net", state}}, {.strict = false});
        BOOST_TEST(report.missing.size() == 3U, name);
    }
}

BOOST_AUTO_TEST_CASE(a_single_array_is_refused_with_the_function_that_reads_it) {
    io::write_npy(path, counting<float>({2}, 1.0F));
    BOOST_TEST(contains(message_of([&] { io::load(path, {{"net", state}}); }), "io::read_npy"));
}

BOOST_AUTO_TEST_CASE(a_generator_is_loaded_whatever_streams_the_file_and_it_have) {
    Generator saved(3), fresh(1), used(1);
    saved.stream("augmentation").uniform<float>({10});
    saved.dropout().uniform<float>({10});
    io::save(path, {{"random", saved}});
    used.stream("noise");
    io::load(path, {{"random", fresh}});
    io::load(path, {{"random", used}});
    auto next = saved.stream("augmentation").uniform<float>({10});
    for (Generator* loaded : {&fresh, &used}) {
        BOOST_TEST((loaded->stream("augmentation").uniform<float>({10}).storage() == next.storage()));
        BOOST_TEST(loaded->dropout().counter() == saved.dropout().counter());
    }
    State model_only = model();
    io::save(path, {{"net", model_only}});
    BOOST_TEST(contains(message_of([&] { io::load(path, {{"random", fresh}}); }), "random.general.key"));
    std::uint64_t before = used.dropout().counter();
    BOOST_TEST(!io::load(path, {{"random", used}}, {.strict = false}).empty());
    BOOST_TEST(used.dropout().counter() == before);

    Stream stream(9), again;
    stream.uniform<float>({100});
    io::save(path, {{"stream", stream}, {"default", default_generator()}});
    io::load(path, {{"stream", again}, {"default", default_generator()}});
    BOOST_TEST((again.uniform<float>({5}).storage() == stream.uniform<float>({5}).storage()));
}

// An entry refers to a thing and must not outlive it.
static_assert(std::is_constructible_v<Entry, const char*, State&>);
static_assert(std::is_constructible_v<Entry, const char*, const files::Thing&>);
static_assert(!std::is_constructible_v<Entry, const char*, State>);
static_assert(!std::is_constructible_v<Entry, const char*, files::Thing>);
static_assert(!std::is_constructible_v<Entry, const char*, const files::Thing>);
static_assert(!std::is_constructible_v<Entry, const char*, int&>);

BOOST_AUTO_TEST_SUITE_END()
