#include <xtape/io/array_file.hpp>
#include <xtape/io/npy.hpp>
#include <xtape/train/data/array_files.hpp>
#include <xtape/train/data/loader.hpp>
#include <xtape/train/data/split.hpp>

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>

#include "runs.hpp"

using namespace runs;

BOOST_AUTO_TEST_SUITE(array_files)

namespace {

struct Files : Folder {
    fs::path h5 = path / "data.h5", npz = path / "data.npz", npy = path / "x.npy";
    Array<double> inputs = empty_array<double>({300, 2, 3});
    Indices labels = empty_array<std::int64_t>({300});
    Array<double> targets = empty_array<double>({300, 1});

    Files() {
        for (std::size_t i = 0; i < inputs.size(); ++i) inputs.storage()[i] = 0.25 * double(i);
        for (std::size_t i = 0; i < 300; ++i) labels(i) = std::int64_t(i % 3), targets(i, 0) = double(i);
        io::write(h5, "/train/x", inputs);
        io::write(h5, "/train/labels", labels);
        io::write(h5, "/train/y", targets);
        State arrays;
        arrays.add("inputs", share(inputs));
        arrays.add("labels", share(labels));
        arrays.add("targets", share(targets));
        io::write_npz(npz, arrays);
        io::write_npy(npy, share(inputs));
        io::write_npy(path / "labels.npy", share(labels));
        io::write_npy(path / "targets.npy", share(targets));
    }
};

}    // namespace

BOOST_FIXTURE_TEST_CASE(every_format_gives_the_same_examples, Files) {
    const Dataset<float> wanted(Array<float>(inputs), share(labels), {.class_names = {"a", "b", "c"}});
    const DatasetOptions options{.class_names = {"a", "b", "c"}};
    for (const Dataset<float>& data :
         {read_hdf5<float>(h5, {.inputs = "/train/x", .labels = "/train/labels", .dataset = options}),
          read_npz<float>(npz, {.labels = "labels", .dataset = options}),
          read_npy<float>(npy, path / "labels.npy", options)}) {
        BOOST_TEST(data.size() == 300u);
        BOOST_TEST((data.inputs() == wanted.inputs()));
        BOOST_TEST((data.labels() == wanted.labels()));
        BOOST_TEST(data.summary() == wanted.summary());
        BOOST_TEST((data.example_shape() == Shape{2, 3}));
    }
    for (const Dataset<float>& data :
         {read_hdf5<float>(h5, {.inputs = "/train/x", .targets = "/train/y"}),
          read_npz<float>(npz, {.targets = "targets"}), read_npy<float>(npy, path / "targets.npy")}) {
        BOOST_TEST((data.targets() == Array<float>(targets)));
        BOOST_TEST(!data.has_labels());
    }
    BOOST_TEST(!read_npz<float>(npz).has_labels());
}

BOOST_FIXTURE_TEST_CASE(a_file_is_split_and_loaded_like_memory, Files) {
    const auto data = read_hdf5<double>(h5, {.inputs = "/train/x", .labels = "/train/labels"}, {.cache_bytes = 0});
    const Dataset<double> memory(share(inputs), share(labels));
    const SplitOptions options{.validation = 0.2, .stratified = true, .seed = 4};
    const auto a = split(data, options), b = split(memory, options);
    DataLoader<double> from_file(a.train, {.batch_size = 32, .shuffle = true, .prefetch = true, .seed = 1});
    DataLoader<double> from_memory(b.train, {.batch_size = 32, .shuffle = true, .seed = 1});
    for (std::size_t i = 0; i < from_memory.size(); ++i) {
        const Batch<double>*x = from_file.next(), *y = from_memory.next();
        BOOST_TEST((x->inputs.value() == y->inputs.value()));
        BOOST_TEST((x->labels == y->labels));
    }
    BOOST_TEST((data.class_counts() == memory.class_counts()));
}

BOOST_FIXTURE_TEST_CASE(what_does_not_fit_is_refused_when_the_file_is_opened, Files) {
    io::write(h5, "/short", Indices{0, 1});
    io::write(h5, "/negative", Indices(Shape{300}, std::int64_t{-1}));
    BOOST_CHECK_THROW(read_hdf5<float>(h5, {.inputs = "/train/x", .labels = "/short"}), ShapeError);
    BOOST_CHECK_THROW(read_hdf5<float>(h5, {.inputs = "/train/x", .labels = "/negative"}), std::out_of_range);
    BOOST_CHECK_THROW(read_hdf5<float>(h5, {.inputs = "/train/x", .targets = "/short"}), ShapeError);
    BOOST_CHECK_THROW(read_hdf5<float>(h5, {.inputs = "/train/x", .labels = "/train/y"}), io::Error);
    BOOST_CHECK_THROW(read_hdf5<float>(h5, {.inputs = "/nothing"}), io::Error);
    BOOST_CHECK_THROW(read_hdf5<float>(h5, {.inputs = "/train/x", .dataset = {.example_shape = {5}}}), ShapeError);
    BOOST_CHECK_THROW(read_hdf5<float>(h5, {.inputs = "/train/x", .labels = "a", .targets = "b"}),
                      std::invalid_argument);
    BOOST_CHECK_THROW(read_npz<float>(npz, {.labels = "targets"}), io::Error);
    try {
        read_npz<float>(npz, {.inputs = "images"});
        BOOST_ERROR("was not refused");
    } catch (const io::Error& error) {
        BOOST_TEST(std::string(error.what()).find("inputs, labels, targets") != std::string::npos);
    }
    BOOST_CHECK_THROW(read_npy<float>(path / "missing.npy"), io::Error);
}

BOOST_AUTO_TEST_SUITE_END()
