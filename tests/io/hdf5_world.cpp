// Other HDF5 software reads and changes our files, and we read theirs.
#include <xtape/io/array_file.hpp>
#include <xtape/io/checkpoint.hpp>

#include <boost/test/unit_test.hpp>

#include "files.hpp"
#include "python.hpp"
#include "thing.hpp"

using namespace xtape;
using files::Thing;

namespace {

struct Fixture {
    files::Folder folder;
    std::filesystem::path path = folder.path() / "run.h5";
    Thing thing;
};

}    // namespace

BOOST_FIXTURE_TEST_SUITE(hdf5_world, Fixture, *boost::unit_test::precondition(files::has_h5py))

BOOST_AUTO_TEST_CASE(h5py_reads_a_checkpoint) {
    io::save(path, {{"model", thing}}, {.metadata = {{"author", "me"}}});
    BOOST_TEST(files::run_python(path, R"(
with h5py.File(path) as f:
    assert f.attrs['xtape_format'] == 1 and f.attrs['author'] == b'me' or f.attrs['author'] == 'me'
    assert list(f['model']) == ['weight', 'large', 'count', 'name'], list(f['model'])
    large = f['model/large']
    assert large.dtype == np.float32 and large.shape == (40, 100) and large.fletcher32
    assert (large[...].ravel() == np.arange(4000) * 0.5).all()
    assert f['model/count'][()] == 1 and f['model/count'].dtype == np.int64
    assert f['model/name'][()] == b'thing'
)"));
}

BOOST_AUTO_TEST_CASE(weights_changed_by_h5py_are_loaded_with_their_checksums_verified) {
    io::save(path, {{"model", thing}});
    BOOST_TEST(files::run_python(path, R"(
with h5py.File(path, 'r+') as f:
    f['model/large'][20, 50] = -1.5
    f['model/weight'][1, 2] = 2.5
    f['model/count'][()] = 9
    f['model/name'][()] = b'other'
)"));
    io::load(path, {{"model", thing}});
    BOOST_TEST(thing.large(20, 50) == -1.5F);
    BOOST_TEST(thing.large(20, 51) == 0.5F * 2051);
    BOOST_TEST(thing.weight(1, 2) == 2.5F);
    BOOST_TEST(thing.count == 9);
    BOOST_TEST(thing.name == "other");
}

BOOST_AUTO_TEST_CASE(values_replaced_by_h5py_are_loaded) {
    io::save(path, {{"model", thing}});
    BOOST_TEST(files::run_python(path, R"(
with h5py.File(path, 'r+') as f:
    del f['model/name'], f['model/large'], f['model/count']
    f['model/name'] = 'a text of varying length'
    f['model/large'] = np.full((40, 100), 3, np.float32)
    f['model/count'] = np.int32(-4)
)"));
    io::load(path, {{"model", thing}});
    BOOST_TEST(thing.name == "a text of varying length");
    BOOST_TEST(thing.large(39, 99) == 3.0F);
    BOOST_TEST(thing.count == -4);
}

BOOST_AUTO_TEST_CASE(files_of_h5py_are_read_in_all_their_types_and_layouts) {
    BOOST_TEST(files::run_python(path, R"(
a = np.arange(7 * 11 * 13, dtype=np.float64).reshape(7, 11, 13)
with h5py.File(path, 'w') as f:
    f['plain'] = a
    f.create_dataset('chunked', data=a, chunks=(3, 5, 4))
    f.create_dataset('packed', data=a, chunks=(3, 5, 4), compression='gzip', shuffle=True, fletcher32=True)
    f.create_dataset('growing', data=a, maxshape=(None, 11, None))
    f['big_endian'] = a.astype('>f8')
    f['half'] = a.astype(np.float16)
    f['small'] = a.astype(np.int16)
    f['bytes'] = (a % 256).astype(np.uint8)
    f['big_endian_small'] = a.astype('>i4')
with h5py.File(path, 'r+', libver='latest') as f:
    f.create_dataset('new/growing', data=a, chunks=(3, 5, 4), maxshape=(None, None, 13))
    f.create_dataset('new/one', data=a, chunks=a.shape, compression='gzip')
)"));
    const char* names[] = {"plain", "chunked", "packed",           "growing",     "big_endian",
                           "half",  "small",   "big_endian_small", "new/growing", "new/one"};
    for (std::string name : names) {
        Array<double> a = io::read<double>(path, name);
        BOOST_TEST((a.shape() == Shape{7, 11, 13}), name);
        for (std::size_t i = 0; i < a.size(); ++i) BOOST_TEST(a.storage()[i] == static_cast<double>(i), name);
    }
    BOOST_TEST(io::read<float>(path, "bytes")(1, 8, 10) == static_cast<float>((143 + 104 + 10) % 256));
    BOOST_TEST(io::read<std::int64_t>(path, "small")(6, 10, 12) == 1000);
    BOOST_CHECK_THROW(io::read<float>(path, "plain"), io::Error);
    BOOST_CHECK_THROW(io::read<std::int64_t>(path, "half"), io::Error);
    BOOST_TEST(io::list_tree(path).size() == 12U);
}

BOOST_AUTO_TEST_CASE(weights_of_keras_are_loaded_from_its_files) {
    BOOST_TEST(files::run_python(path, R"(
with h5py.File(path, 'w') as f:
    g = f.create_group('model_weights/dense/dense')
    g['kernel:0'] = np.arange(6, dtype=np.float32).reshape(3, 2)
    g['bias:0'] = np.ones(2, np.float32)
    f['model_weights'].attrs['layer_names'] = [b'dense']
)"));
    State model;
    model.add("fc1.weight", files::counting<float>({2, 3}, 0.0F));
    model.add("fc1.bias", files::counting<float>({2}, 0.0F));
    auto rename = [](std::string_view name) { return "model.fc1." + std::string(name.substr(name.rfind('.') + 1)); };
    BOOST_TEST(io::load(path, {{"model", model}}, {.rename = rename, .keras = true}).empty());
    BOOST_TEST(model.get<Array<float>>("fc1.weight")(1, 2) == 5.0F);
    BOOST_TEST(model.get<Array<float>>("fc1.bias")(1) == 1.0F);
}

BOOST_AUTO_TEST_CASE(arrays_and_attributes_that_we_write_are_read_by_h5py) {
    io::write(path, "/measurements/a", xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}});
    io::write(path, "measurements/labels", xt::xarray<int>{1, 2, 3});
    io::write(path, "/measurements/a", xt::xarray<double>{{1.0, 2.0}, {3.0, 5.0}} * 2.0);
    io::write_attribute(path, "/measurements/a", "unit", "m/s");
    io::write_attribute(path, "/", "count", std::int64_t{3});
    BOOST_TEST(files::run_python(path, R"(
with h5py.File(path) as f:
    assert (f['measurements/a'][...] == [[2, 4], [6, 10]]).all()
    assert f['measurements/a'].attrs['unit'] in ('m/s', b'm/s') and f.attrs['count'] == 3
    assert (f['measurements/labels'][...] == [1, 2, 3]).all()
)"));
    BOOST_TEST(io::read<double>(path, "/measurements/a")(1, 0) == 6.0);
    BOOST_TEST(std::get<std::string>(io::read_attributes(path, "/measurements/a").at("unit")) == "m/s");
    BOOST_CHECK_THROW(io::write(path, "/measurements", xt::xarray<double>{1.0}), io::Error);
    BOOST_CHECK_THROW(io::write(path, "/measurements/a/b", xt::xarray<double>{1.0}), io::Error);
    BOOST_CHECK_THROW(io::write(path, "/../b", xt::xarray<double>{1.0}), io::Error);
    BOOST_CHECK_THROW(io::read<double>(path, "/measurements/b"), io::Error);
    BOOST_CHECK_THROW(io::read<double>(path, "/measurements"), io::Error);
    BOOST_CHECK_THROW(io::read<double>(path, "/measurements/a/b"), io::Error);
}

BOOST_AUTO_TEST_SUITE_END()
