// NumPy's files and safetensors: what others write we read, what we write others read, what is damaged is refused.
#include <xtape/io/npy.hpp>
#include <xtape/io/safetensors.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <limits>

#include "files.hpp"
#include "python.hpp"
#include "thing.hpp"

using namespace xtape;
using files::contains;
using files::counting;

namespace {

State some_arrays() {
    State state;
    state.add("fc1.weight", counting<float>({3, 4}, 0.5F));
    state.add("fc1.bias", counting<double>({5}, 0.25));
    state.add("labels", counting<std::int64_t>({2, 1, 3}, -1));
    state.add("no_axes", counting<float>({}, 1.0F));
    state.add("no_elements", counting<float>({0, 3}, 1.0F));
    return state;
}

struct Fixture {
    files::Folder folder;
    std::filesystem::path path = folder.path() / "file";

    files::Bytes content() const {
        std::ifstream stream(path, std::ios::binary);
        return files::Bytes(std::istreambuf_iterator<char>(stream), {});
    }
};

// A safetensors file with this header and `size` bytes after it.
files::Bytes tensors(const std::string& header, std::size_t size) {
    files::Bytes bytes;
    for (unsigned i = 0; i < 8; ++i) bytes.push_back(static_cast<std::uint8_t>(header.size() >> (8 * i)));
    bytes.insert(bytes.end(), header.begin(), header.end());
    bytes.resize(bytes.size() + size);
    return bytes;
}

}    // namespace

BOOST_FIXTURE_TEST_SUITE(numpy_world, Fixture)

BOOST_AUTO_TEST_CASE(what_is_written_comes_back) {
    State state = some_arrays();
    io::write_npz(path, state);
    BOOST_TEST(files::same(state, io::read_npz(path)));
    io::write_safetensors(path, state, {{"format", "pt"}, {"quote\"", "line\nä"}});
    BOOST_TEST(files::same(state, io::read_safetensors(path)));
    BOOST_TEST(io::read_safetensors_metadata(path).at("quote\"") == "line\nä");
    for (const auto& entry : state) {
        io::write_npy(path, entry.value);
        BOOST_TEST(identical(entry.value, io::read_npy(path)), entry.name);
    }
    BOOST_CHECK_THROW(io::write_npy(path, std::string("text")), io::Error);
    io::write_npz(path, State());
    BOOST_TEST(io::read_npz(path).empty());
    io::write_safetensors(path, State());
    BOOST_TEST(io::read_safetensors(path).empty());
}

BOOST_AUTO_TEST_CASE(numpy_reads_what_is_written, *boost::unit_test::precondition(files::has_h5py)) {
    io::write_npz(folder.path() / "all.npz", some_arrays());
    BOOST_TEST(files::run_python(folder.path() / "all.npz", R"(
f = np.load(path)
assert f.files == ['fc1.weight', 'fc1.bias', 'labels', 'no_axes', 'no_elements'], f.files
assert f['fc1.weight'].dtype == np.float32 and (f['fc1.weight'].ravel() == np.arange(12) * 0.5).all()
assert f['fc1.bias'].dtype == np.float64 and f['labels'].shape == (2, 1, 3) and f['labels'].dtype == np.int64
assert f['no_axes'].shape == () and f['no_elements'].shape == (0, 3)
import zipfile
assert zipfile.ZipFile(path).testzip() is None
)"));
    io::write_npy(folder.path() / "one.npy", counting<double>({7}, 1.0));
    BOOST_TEST(files::run_python(folder.path() / "one.npy", "assert (np.load(path) == np.arange(7)).all()"));
}

BOOST_AUTO_TEST_CASE(what_numpy_writes_is_read, *boost::unit_test::precondition(files::has_h5py)) {
    BOOST_TEST(files::run_python(path, R"(
a = np.arange(24).reshape(2, 3, 4)
arrays = {t: a.astype(t) for t in ('f2', 'f4', 'f8', '>f4', '>f8', 'i1', '>i2', 'i4', 'i8', 'u1', 'u2', '>u4')}
arrays['fortran'] = np.asfortranarray(a.astype('f4'))
arrays['folder/name'] = a.astype('f4')
np.savez_compressed(open(path, 'wb'), **arrays)
np.save(open(path + '.npy', 'wb'), a.astype('f4').T)
np.savez(open(path + '.text', 'wb'), text=np.array(['a']))
np.savez(open(path + '.u8', 'wb'), numbers=np.full(3, 2**63, 'u8'))
)"));
    State state = io::read_npz(path);
    BOOST_TEST(state.size() == 14U);
    for (const auto& [name, value] : state)
        std::visit(
            [&]<class V>(const V& v) {
                if constexpr (requires { v.dimension(); }) {
                    BOOST_TEST((v.shape() == Shape{2, 3, 4}), name);
                    for (std::size_t i = 0; i < v.size(); ++i) BOOST_TEST(double(v.storage()[i]) == double(i), name);
                } else {
                    BOOST_ERROR("no array");
                }
            },
            value);
    auto transposed = std::get<Array<float>>(io::read_npy(path.string() + ".npy"));
    BOOST_TEST((transposed.shape() == Shape{4, 3, 2}));
    BOOST_TEST(transposed(3, 2, 0) == 11.0F);
    BOOST_TEST(contains(files::message_of([&] { io::read_npz(path.string() + ".text"); }), "<U1"));
    BOOST_CHECK_THROW(io::read_npz(path.string() + ".u8"), io::Error);
}

BOOST_AUTO_TEST_CASE(tensors_in_halves_and_bytes_are_read) {
    files::Bytes bytes = tensors(R"({"__metadata__":{},"b":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]},)"
                                 R"("h":{"dtype":"F16","shape":[1],"data_offsets":[2,4]},)"
                                 R"("\u0061\ud83d\ude00":{"dtype":"BOOL","shape":[2],"data_offsets":[4,6]}}   )",
                                 6);
    std::size_t data = bytes.size() - 6;
    bytes[data] = 0x80;
    bytes[data + 1] = 0x3f;    // 1 in bfloat16
    bytes[data + 3] = 0xc0;    // -2 in float16
    bytes[data + 5] = 1;
    State state = io::read_safetensors(folder.write("file", bytes));
    BOOST_TEST(state.get<Array<float>>("b")(0) == 1.0F);
    BOOST_TEST(state.get<Array<float>>("h")(0) == -2.0F);
    BOOST_TEST(state.get<Indices>("a\xf0\x9f\x98\x80")(1) == 1);
}

BOOST_AUTO_TEST_CASE(safetensors_that_break_the_format_are_refused) {
    auto tensor = [](const std::string& offsets, const std::string& shape = "[1]", const std::string& type = "F32") {
        return R"({"a":{"dtype":")" + type + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
    };
    BOOST_TEST(io::read_safetensors(folder.write("good", tensors(tensor("[0,4]"), 4))).size() == 1U);
    const files::Bytes evil[] = {
        {},
        {1, 2, 3},
        tensors(tensor("[0,4]"), 3),
        tensors(tensor("[0,4]"), 5),
        tensors(tensor("[4,0]"), 4),
        tensors(tensor("[1,5]"), 5),
        tensors(tensor("[0,18446744073709551615]"), 4),
        tensors(tensor("[0,4]", "[4294967296,4294967296]"), 4),
        tensors(tensor("[0,4]", "[-1]"), 4),
        tensors(tensor("[0,4]", "[1.5]"), 4),
        tensors(tensor("[0,4]", "[2]"), 4),
        tensors(tensor("[0,4]", "[1]", "C64"), 4),
        tensors(tensor("[0,4]") + "x", 4),
        tensors(R"({"a":{"dtype":"F32","shape":[1]}})", 0),
        tensors(
            R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})",
            0),
        tensors(R"({"a/b":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})", 0),
        tensors(std::string(100000, '{'), 0),
        tensors("{\"", 0),
        tensors("{\"\\u12", 0),
        {255, 255, 255, 255, 255, 255, 255, 255, '{', '}'},
    };
    for (const auto& bytes : evil) BOOST_CHECK_THROW(io::read_safetensors(folder.write("evil", bytes)), io::Error);
}

// Every other value of every byte: dropped and renamed arrays, too, are noticed.
void try_every_change_of_a_byte(const std::filesystem::path& path, const files::Bytes& bytes) {
    const State state = io::read_npz(path);
    int file = open(path.c_str(), O_RDWR);
    int read_well = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        auto at = static_cast<off_t>(i);
        for (unsigned change = 1; change < 256; ++change) {
            auto changed = static_cast<std::uint8_t>(bytes[i] ^ change);
            BOOST_TEST_REQUIRE(pwrite(file, &changed, 1, at) == 1);
            try {
                if (!files::same(io::read_npz(path), state)) BOOST_ERROR("byte " << i << " became " << int(changed));
                ++read_well;
            } catch (const io::Error&) {
                continue;
            }
        }
        BOOST_TEST_REQUIRE(pwrite(file, &bytes[i], 1, at) == 1);
    }
    BOOST_TEST(read_well > 0);    // of a date, for example
    close(file);
}

BOOST_AUTO_TEST_CASE(every_changed_byte_of_an_npz_is_refused_or_makes_no_difference) {
    State state;
    state.add("a", counting<float>({2}, 1.0F));
    state.add("b", counting<std::int64_t>({}, 1));
    io::write_npz(path, state);
    try_every_change_of_a_byte(path, content());
    for (std::size_t size = 0; size < content().size(); size += 7) {
        files::Bytes bytes = content();
        bytes.resize(size);
        BOOST_CHECK_THROW(io::read_npz(folder.write("cut", bytes)), io::Error);
    }
}

BOOST_AUTO_TEST_CASE(every_changed_byte_of_an_npz_by_numpy_is_refused_or_makes_no_difference,
                     *boost::unit_test::precondition(files::has_h5py)) {
    for (const char* how : {"np.savez(open(path, 'wb'), a=np.ones(2, 'f4'))",
                            "np.savez_compressed(open(path, 'wb'), a=np.ones(2, 'f4'), b=np.zeros(3))"}) {
        BOOST_TEST_REQUIRE(files::run_python(path, how));
        try_every_change_of_a_byte(path, content());
    }
}

BOOST_AUTO_TEST_CASE(an_npz_written_to_a_stream_is_read, *boost::unit_test::precondition(files::has_h5py)) {
    BOOST_TEST(files::run_python(path, R"(
class Pipe:
    def __init__(self, file): self.file = file
    def write(self, data): return self.file.write(data)
    def flush(self): self.file.flush()
    def read(self): raise NotImplementedError
np.savez_compressed(Pipe(open(path, 'wb')), a=np.arange(5.0), b=np.ones(3, 'f4'))
)"));
    BOOST_TEST(io::read_npz(path).get<Array<double>>("a")(4) == 4.0);
}

BOOST_AUTO_TEST_CASE(bombs_in_npz_are_refused, *boost::unit_test::precondition(files::has_h5py)) {
    BOOST_TEST(files::run_python(path, "np.savez_compressed(open(path, 'wb'), a=np.zeros(1 << 24))"));
    BOOST_TEST(contains(files::message_of([&] { io::read_npz(path, 1 << 20); }), "limit"));
    BOOST_TEST(io::read_npz(path).size() == 1U);
}

BOOST_AUTO_TEST_CASE(damaged_npy_files_are_refused) {
    io::write_npy(path, counting<float>({3, 4}, 1.0F));
    files::Bytes bytes = content();
    for (std::size_t size = 0; size < bytes.size(); size += 3) {
        files::Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        BOOST_CHECK_THROW(io::read_npy(folder.write("cut", cut)), io::Error);
    }
    for (std::string header : {"{'descr': '<f4', 'shape': (3,4)}",
                               "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,99999999999)}",
                               "{'descr': '|O8', 'fortran_order': False, 'shape': (1,)}",
                               "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
                               "{'descr': '<f4', 'fortran_order': False, 'shape': (", "{'descr': '"}) {
        files::Bytes evil{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, static_cast<std::uint8_t>(header.size()), 0};
        evil.insert(evil.end(), header.begin(), header.end());
        BOOST_CHECK_THROW(io::read_npy(folder.write("evil", evil)), io::Error);
    }
}

BOOST_AUTO_TEST_SUITE_END()
