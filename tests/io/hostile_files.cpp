// Files made to do harm: an error, and no crash, no hang, no large allocation, no other file.
#include <xtape/io/array_file.hpp>
#include <xtape/io/checkpoint.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>

#include "files.hpp"
#include "python.hpp"
#include "thing.hpp"

using namespace xtape;
using files::contains;

namespace {

struct Fixture {
    files::Folder folder;
    std::filesystem::path path = folder.path() / "evil.h5";

    // What io says of the file that h5py makes in `script`, inside of `with h5py.File(path, 'w') as f:`.
    std::string refusal(const std::string& script) {
        BOOST_TEST_REQUIRE(files::run_python(path, "f = h5py.File(path, 'w')\n" + script + "\nf.close()\n"));
        files::Thing thing;
        State before = thing.state();
        BOOST_CHECK_THROW(io::load(path, {{"model", thing}}), io::Error);
        BOOST_TEST(files::same(before, thing.state()));
        return files::message_of([&] { io::read_state(path, {.limits = {.bytes = 1 << 20}}); });
    }
};

}    // namespace

BOOST_FIXTURE_TEST_SUITE(hostile_files, Fixture, *boost::unit_test::precondition(files::has_h5py))

BOOST_AUTO_TEST_CASE(huge_shapes_with_nothing_stored) {
    BOOST_TEST(
        contains(refusal("f.create_dataset('model/weight', (1 << 40,), 'f4', chunks=(1 << 10,))"), "/model/weight"));
    BOOST_TEST(contains(refusal("f.create_dataset('model/weight', (1 << 40,), 'f4')"), "/model/weight"));
    BOOST_TEST(
        contains(refusal("f.create_dataset('model/weight', (1 << 62, 1 << 62), 'f4', chunks=(1, 1))"), "no memory"));
    BOOST_TEST(contains(refusal("f.create_dataset('a', (10,), 'f4', chunks=(1 << 29,), maxshape=(None,))[...] = 1"),
                        "chunks"));
    BOOST_TEST(contains(refusal("f.create_dataset('a', (1000,), 'f4', chunks=(10,))[:900] = 1"), "stored bytes"));
}

BOOST_AUTO_TEST_CASE(compressed_bombs) {
    std::string message = refusal("f.create_dataset('model/weight', data=np.zeros(1 << 25, 'f4'), compression=9)");
    BOOST_TEST(contains(message, "limit"));
    // A chunk that unpacks to more than a chunk.
    message = refusal(R"(
import zlib
d = f.create_dataset('model/weight', (64,), 'f4', chunks=(64,), compression=9)
d.id.write_direct_chunk((0,), zlib.compress(bytes(1 << 26), 9))
)");
    BOOST_TEST(contains(message, "/model/weight"));
}

BOOST_AUTO_TEST_CASE(many_names_for_the_same_elements) {
    std::string message = refusal(R"(
f['first'] = np.zeros(1 << 18, 'f4')
for i in range(100): f['name%d' % i] = f['first']
)");
    BOOST_TEST(contains(message, "limit"));
}

BOOST_AUTO_TEST_CASE(cyclic_links) {
    BOOST_TEST(contains(refusal("f.create_group('model/a'); f['model/a/again'] = f['model']"), "reached twice"));
    BOOST_TEST(contains(refusal("f.create_group('model'); f['model/root'] = f['/']"), "reached twice"));
    BOOST_TEST(contains(refusal("f['model'] = h5py.SoftLink('/model')"), "link"));
}

BOOST_AUTO_TEST_CASE(deep_nesting) {
    BOOST_TEST(contains(refusal("f.create_group('/'.join(['g'] * 5000))"), "deeper"));
}

BOOST_AUTO_TEST_CASE(links_and_storage_in_other_files) {
    BOOST_TEST(files::run_python(folder.path() / "other.h5", "h5py.File(path, 'w')['secret'] = np.ones(6, 'f4')"));
    std::string other = "'" + (folder.path() / "other.h5").string() + "'";
    BOOST_TEST(contains(refusal("f['model'] = h5py.ExternalLink(" + other + ", '/secret')"), "another file"));
    BOOST_TEST(contains(files::message_of([&] { io::read<float>(path, "/model"); }), "another file"));
    BOOST_TEST(contains(refusal("f.create_dataset('model/weight', (2, 3), 'f4', external=[(" + other + ", 0, 24)])"),
                        "another file"));
    BOOST_TEST(contains(refusal("l = h5py.VirtualLayout((6,), 'f4')\nl[:] = h5py.VirtualSource(" + other +
                                ", 'secret', (6,))\nf.create_virtual_dataset('model', l)"),
                        "virtual"));
}

BOOST_AUTO_TEST_CASE(types_that_are_no_numbers_or_texts) {
    BOOST_TEST(contains(refusal("f['model/weight'] = np.zeros(3, [('a', 'f4'), ('b', 'i4')])"), "compound"));
    BOOST_TEST(contains(refusal("f['model/weight'] = np.zeros(3, 'V8')"), "opaque"));
    BOOST_TEST(contains(refusal("f['model/weight'] = np.array([True])"), "enumerated"));
    BOOST_TEST(contains(refusal("f.create_dataset('m', (2,), h5py.vlen_dtype('f4'))"), "varying length"));
    BOOST_TEST(contains(refusal("f['model'] = f.ref"), "references"));
    BOOST_TEST(contains(refusal("f['model'] = np.zeros(3, 'u8')"), "uint64"));
    BOOST_TEST(contains(refusal("f['model'] = np.zeros(3, np.longdouble)"), "unusual"));
    BOOST_TEST(contains(refusal("f['model'] = ['a', 'b']"), "texts"));
    BOOST_TEST(contains(refusal("f['model'] = h5py.Empty('f4')"), "empty"));
    BOOST_TEST(contains(refusal("f.create_dataset('m', data=np.ones(100), compression='lzf')"), "filter"));
}

BOOST_AUTO_TEST_CASE(numbers_where_counts_belong) {
    std::string message = refusal("f['model/count'] = np.nan\nf['model/weight'] = 'text'\nf['x'] = h5py.Empty('f4')");
    files::Thing thing;
    message = files::message_of([&] { io::load(path, {{"model", thing}}); });
    BOOST_TEST(contains(message, "model.count: got a number, wanted an integer"));
    BOOST_TEST(contains(refusal("f.attrs['xtape_format'] = np.nan"), "format version"));
    BOOST_TEST(contains(refusal("f.attrs['xtape_format'] = -1"), "format version"));
    BOOST_TEST(contains(refusal("f.attrs['xtape_format'] = 'one'"), "format version"));
}

BOOST_AUTO_TEST_CASE(names_that_collide_when_dotted) {
    BOOST_TEST(contains(refusal("f['a.b'] = 1.0\nf['a/b'] = 1.0"), "a.b"));
    BOOST_TEST(contains(refusal("f['a..b'] = 1.0"), "a..b"));
}

BOOST_AUTO_TEST_CASE(refusing_takes_no_memory) {
    refusal("f.create_dataset('model/weight', data=np.zeros(1 << 25, 'f4'), compression=9)");
    rusage before{}, after{};
    getrusage(RUSAGE_SELF, &before);
    BOOST_CHECK_THROW(io::read_state(path, {.limits = {.bytes = 1 << 20}}), io::Error);
    getrusage(RUSAGE_SELF, &after);
    BOOST_TEST(after.ru_maxrss - before.ru_maxrss < 8 * 1024);
}

BOOST_AUTO_TEST_SUITE_END()
