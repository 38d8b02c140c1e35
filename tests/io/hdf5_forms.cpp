// The forms in which HDF5 keeps groups, attributes and chunks: our own parser reads them all.
#include <xtape/io/array_file.hpp>
#include <xtape/io/checkpoint.hpp>

#include <boost/test/unit_test.hpp>

#include "files.hpp"
#include "python.hpp"
#include "thing.hpp"

using namespace xtape;

namespace {

struct Fixture {
    files::Folder folder;
    std::filesystem::path path = folder.path() / "forms.h5";

    void write(const std::string& script) { BOOST_TEST_REQUIRE(files::run_python(path, script)); }

    // Whether the array at `name` counts from 0 to `size` - 1.
    void check_counts(const std::string& name, std::size_t size) {
        Array<double> a = io::read<double>(path, name);
        BOOST_TEST_REQUIRE(a.size() == size, name);
        for (std::size_t i = 0; i < size; ++i)
            if (a.storage()[i] != static_cast<double>(i)) BOOST_FAIL(name << " differs at " << i);
    }
};

constexpr const char* versions = "for version in ('earliest', 'v108', 'v110'):\n";

}    // namespace

BOOST_FIXTURE_TEST_SUITE(hdf5_forms, Fixture, *boost::unit_test::precondition(files::has_h5py))

BOOST_AUTO_TEST_CASE(groups_of_a_few_and_of_thousands_of_members) {
    for (const char* version : {"earliest", "v110"})
        for (bool ordered : {false, true}) {
            write("with h5py.File(path, 'w', libver='" + std::string(version) +
                  "', track_order=" + (ordered ? "True" : "False") + R"() as f:
    for count in (0, 3, 30, 3000):
        g = f.create_group('g%d' % count)
        for i in range(count): g['m%d' % (count - 1 - i)] = np.int32(i)
)");
            State state = io::read_state(path);
            BOOST_TEST(state.size() == 3033U);
            for (int i : {0, 1, 29, 1500, 2999}) {
                std::string name = "g3000.m" + std::to_string(2999 - i);
                BOOST_TEST(state.get<std::int64_t>(name) == i);
            }
            auto tree = io::list_tree(path);
            BOOST_TEST(tree.size() == 3037U);
        }
}

BOOST_AUTO_TEST_CASE(members_come_in_the_order_in_which_they_were_made) {
    State many;
    for (int i = 0; i < 2000; ++i) many.add("v" + std::to_string((i * 7919) % 2000), std::int64_t{i});
    io::save(path, {{"model", many}});
    State state = io::read_state(path);
    std::int64_t next = 0;
    for (const auto& [name, value] : state) BOOST_TEST(std::get<std::int64_t>(value) == next++);
    BOOST_TEST(next == 2000);
}

BOOST_AUTO_TEST_CASE(attributes_of_all_numbers_and_sizes) {
    for (const char* version : {"earliest", "v110"}) {
        write("with h5py.File(path, 'w', libver='" + std::string(version) + R"(') as f:
    f['few'] = 1.0
    f['few'].attrs['a'] = np.int16(-3)
    f['few'].attrs['b'] = np.float32(0.5)
    f['few'].attrs['c'] = np.bytes_('text')
    f['few'].attrs['d'] = np.arange(3)
    f['few'].attrs['e'] = 'of varying length'
    f['few'].attrs['f'] = np.uint64(2 ** 64 - 1)
    f['many'] = 1.0
    for i in range(3000): f['many'].attrs['n%d' % i] = i
)");
        auto few = io::read_attributes(path, "few");
        BOOST_TEST(few.size() == 4U);
        BOOST_TEST(std::get<std::int64_t>(few.at("a")) == -3);
        BOOST_TEST(std::get<double>(few.at("b")) == 0.5);
        BOOST_TEST(std::get<std::string>(few.at("c")) == "text");
        BOOST_TEST(std::get<std::int64_t>(few.at("f")) == std::numeric_limits<std::int64_t>::max());
        auto many = io::read_attributes(path, "/many");
        BOOST_TEST(many.size() == 3000U);
        for (int i = 0; i < 3000; ++i) BOOST_TEST(std::get<std::int64_t>(many.at("n" + std::to_string(i))) == i);
    }
}

BOOST_AUTO_TEST_CASE(chunks_in_every_kind_of_index) {
    write(std::string("f = h5py.File(path, 'w')\nf.close()\n") + versions + R"(
    with h5py.File(path, 'r+', libver=(version, 'v110')) as f:
        a = np.arange(5000.)
        def put(name, data, **more): f.create_dataset(version + '/' + name, data=data, **more)
        put('one', a, chunks=(5000,))
        put('one_packed', a, chunks=(5000,), compression='gzip', shuffle=True)
        put('fixed', a, chunks=(7,))
        put('fixed_packed', a, chunks=(7,), compression='gzip', fletcher32=True)
        put('paged', a, chunks=(2,))
        put('paged_packed', a, chunks=(2,), compression='gzip')
        put('single_elements', a, chunks=(1,))
        put('may_grow', a.reshape(50, 100), chunks=(3, 7), maxshape=(70, 200))
        put('endless', a, chunks=(1,), maxshape=(None,))
        put('endless_packed', a, chunks=(3,), maxshape=(None,), shuffle=True, fletcher32=True)
        put('endless_second', a.reshape(50, 100), chunks=(3, 7), maxshape=(60, None))
        put('endless_both', a.reshape(50, 100), chunks=(3, 1), maxshape=(None, None))
        put('endless_both_packed', a.reshape(50, 100), chunks=(1, 1), maxshape=(None, None), compression='gzip')
        put('cube', a.reshape(10, 20, 25), chunks=(3, 4, 5), maxshape=(None, 20, 30))
        d = f.create_dataset(version + '/shrunk', data=np.zeros((60, 120)), chunks=(3, 7), maxshape=(None, 120))
        d.resize((50, 100))
        d[...] = a.reshape(50, 100)
)");
    auto tree = io::list_tree(path);
    std::size_t read = 0;
    for (const auto& item : tree) {
        if (!item.is_dataset) continue;
        check_counts(item.path, 5000);
        ++read;
    }
    BOOST_TEST(read == 45U);
}

BOOST_AUTO_TEST_CASE(chunks_whose_space_was_taken_in_advance) {
    write(R"(
with h5py.File(path, 'w', libver='v110') as f:
    for name, most in (('plain', None), ('may_grow', (90, 200))):
        p = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        p.set_chunk((3, 7))
        p.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        s = h5py.h5s.create_simple((50, 100), most)
        d = h5py.Dataset(h5py.h5d.create(f.id, name.encode(), h5py.h5t.IEEE_F64LE, s, p))
        d[...] = np.arange(5000.).reshape(50, 100)
)");
    check_counts("plain", 5000);
    check_counts("may_grow", 5000);
}

BOOST_AUTO_TEST_CASE(named_types_a_user_block_and_narrow_addresses) {
    write(R"(
p = h5py.h5p.create(h5py.h5p.FILE_CREATE)
p.set_userblock(1024)
p.set_sizes(4, 4)
with h5py.File(h5py.h5f.create(path.encode(), h5py.h5f.ACC_TRUNC, p)) as f:
    f['type'] = np.dtype('>f4')
    f.create_dataset('a', data=np.arange(5000.), dtype=f['type'], chunks=(100,))
    f.create_dataset('b', data=np.arange(50.), dtype=f['type'])
    f['text'] = 'of varying length'
    f['a'].attrs.create('n', 7, dtype=f['type'])
)");
    check_counts("a", 5000);
    check_counts("b", 50);
    BOOST_TEST(std::get<double>(io::read_attributes(path, "a").at("n")) == 7.0);
    BOOST_TEST(io::read_state(path).get<std::string>("text") == "of varying length");
}

BOOST_AUTO_TEST_CASE(a_file_that_is_open_for_writing_is_refused) {
    write("import os\nf = h5py.File(path, 'w', libver='latest')\nf['a'] = 1.0\nf.flush()\nos._exit(0)");
    BOOST_TEST(files::contains(files::message_of([&] { io::read_state(path); }), "h5clear"));
}

BOOST_AUTO_TEST_SUITE_END()
