// Rows of arrays in HDF5 files, whoever wrote them.
#include <xtape/io/array_file.hpp>
#include <xtape/io/checkpoint.hpp>
#include <xtape/io/row_reader.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "files.hpp"
#include "python.hpp"
#include "thing.hpp"

using namespace xtape;
using files::contains;
using files::counting;

namespace {

struct Fixture {
    files::Folder folder;
    std::filesystem::path path = folder.path() / "rows.h5";

    // A checkpoint of (1000, 7) numbers in chunks of a few rows.
    void write(std::size_t chunk_bytes = 1024) {
        State state;
        state.add("numbers", counting<float>({1000, 7}, 0.5F));
        state.add("labels", counting<std::int64_t>({1000}, 1));
        io::save(path, {{"data", state}}, {.chunk_bytes = chunk_bytes});
    }
};

template <class T>
void check_rows(const Array<T>& got, const std::vector<std::int64_t>& rows, std::size_t length, double step) {
    BOOST_TEST(got.size() == rows.size() * length);
    for (std::size_t i = 0; i < rows.size(); ++i)
        for (std::size_t k = 0; k < length; ++k)
            BOOST_TEST(double(got.storage()[i * length + k]) ==
                       step * double(rows[i] * std::int64_t(length) + std::int64_t(k)));
}

const std::vector<std::int64_t> some{999, 0, 17, 18, 0, 500};

}    // namespace

BOOST_FIXTURE_TEST_SUITE(row_reader, Fixture)

BOOST_AUTO_TEST_CASE(rows_come_in_the_order_that_they_are_asked_for) {
    write();
    for (std::size_t cache : {std::size_t{0}, std::size_t{3000}, std::size_t{1} << 26}) {
        const io::RowReader<float> reader(path, "/data/numbers", {.cache_bytes = cache});
        BOOST_TEST((reader.shape() == Shape{1000, 7}));
        check_rows(reader.fetch(some), some, 7, 0.5);
        check_rows(reader.fetch(some), some, 7, 0.5);
        BOOST_TEST((reader.fetch({}).shape() == Shape{0, 7}));
        for (std::int64_t wrong : {-1, 1000})
            BOOST_CHECK_THROW(reader.fetch(std::vector<std::int64_t>{wrong}), std::out_of_range);
    }
    check_rows(io::RowReader<double>(path, "data/numbers").fetch(some), some, 7, 0.5);
    check_rows(io::RowReader<std::int64_t>(path, "data/labels").fetch(some), some, 1, 1);
}

BOOST_AUTO_TEST_CASE(files_of_h5py_in_all_layouts, *boost::unit_test::precondition(files::has_h5py)) {
    BOOST_TEST(files::run_python(path, R"(
a = np.arange(1000 * 6).reshape(1000, 2, 3)
with h5py.File(path, 'w') as f:
    f['run'] = a.astype('f4')
    f['bytes'] = (a % 256).astype('u1')
    f['double'] = a.astype('f8')
    f['long'] = a.astype('i8')
    f['beyond'] = np.full((4, 1), 1e300)
    f['scalar'] = 1.0
    f.create_dataset('chunks', data=a.astype('>f4'), chunks=(13, 1, 2), compression='gzip', shuffle=True, fletcher32=True)
)"));
    for (const char* name : {"run", "chunks"}) check_rows(io::RowReader<float>(path, name).fetch(some), some, 6, 1);
    const auto bytes = io::RowReader<float>(path, "bytes").fetch(std::vector<std::int64_t>{42});
    BOOST_TEST(bytes.storage()[3] == float((42 * 6 + 3) % 256));
    BOOST_CHECK_THROW(io::RowReader<float>(path, "double"), io::Error);
    check_rows(io::RowReader<float>(path, "double", {.convert = true}).fetch(some), some, 6, 1);
    BOOST_CHECK_THROW(io::RowReader<float>(path, "long"), io::Error);
    check_rows(io::RowReader<float>(path, "long", {.convert = true}).fetch(some), some, 6, 1);
    BOOST_CHECK_THROW(io::RowReader<float>(path, "beyond", {.convert = true}), io::Error);
    BOOST_CHECK_THROW(io::RowReader<std::int64_t>(path, "run"), io::Error);
    BOOST_TEST(
        contains(files::message_of([&] { io::RowReader<float>(path, "scalar", {.convert = true}); }), "no axes"));
    BOOST_CHECK_THROW(io::RowReader<float>(path, "missing"), io::Error);
}

BOOST_AUTO_TEST_CASE(damage_is_found_in_the_block_that_has_it) {
    write();
    // The bytes of row 500, which are somewhere in the file, with one of them changed.
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    std::string content((std::istreambuf_iterator<char>(file)), {});
    const float first = 0.5F * 3500, second = 0.5F * 3501;
    std::string wanted(reinterpret_cast<const char*>(&first), 4);
    wanted.append(reinterpret_cast<const char*>(&second), 4);
    const auto place = content.find(wanted);
    BOOST_REQUIRE(place != std::string::npos);
    file.seekp(static_cast<std::streamoff>(place));
    file.put(static_cast<char>(content[place] ^ 4));
    file.close();
    const io::RowReader<float> reader(path, "/data/numbers");
    check_rows(reader.fetch(std::vector<std::int64_t>{0, 999}), {0, 999}, 7, 0.5);
    BOOST_TEST(contains(files::message_of([&] { reader.fetch(some); }), "checksum"));
    check_rows(reader.fetch(std::vector<std::int64_t>{17}), {17}, 7, 0.5);
    BOOST_CHECK_NO_THROW(io::RowReader<float>(path, "/data/numbers", {.verify = false}).fetch(some));
}

BOOST_AUTO_TEST_CASE(the_file_may_be_replaced_while_it_is_read) {
    write();
    const io::RowReader<float> reader(path, "/data/numbers", {.cache_bytes = 0});
    io::write(path, "/data/numbers", counting<float>({3}, 9.0F));
    check_rows(reader.fetch(some), some, 7, 0.5);
}

BOOST_AUTO_TEST_SUITE_END()
