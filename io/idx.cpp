#include <xtape/core/shape.hpp>
#include <xtape/io/detail/input_file.hpp>
#include <xtape/io/idx.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <new>
#include <string>

namespace xtape::io {
namespace {

constexpr std::uint8_t unsigned_bytes = 0x08;

Shape read_shape(InputFile& file) {
    std::array<std::uint8_t, 4> magic{};
    std::size_t got = file.read(magic);
    if (got == 0) file.fail("is empty; wanted an IDX file");
    if (got < magic.size() || magic[0] != 0 || magic[1] != 0)
        file.fail("is not an IDX file: it does not begin with IDX's magic number");
    if (magic[2] != unsigned_bytes) {
        std::array<char, 8> type{};
        std::snprintf(type.data(), type.size(), "0x%02x", static_cast<unsigned>(magic[2]));
        file.fail("has the IDX type " + std::string(type.data()) + "; wanted unsigned bytes (0x08)");
    }
    if (magic[3] == 0) file.fail("is not an IDX file that can be read: its header gives no dimensions");

    Shape shape(magic[3]);
    for (auto& length : shape) {
        std::array<std::uint8_t, 4> big_endian{};
        if (file.read(big_endian) < big_endian.size()) file.fail("is cut short in its header");
        length = 0;
        for (auto byte : big_endian) length = length << 8 | byte;
    }
    return shape;
}

// The bytes that a file of this shape has, at most `limit` + 1.
std::uintmax_t promised_bytes(const Shape& shape, std::uintmax_t limit) {
    std::uintmax_t header = 4 + 4 * shape.size(), elements = 1;
    if (std::find(shape.begin(), shape.end(), 0U) != shape.end()) return header;
    for (auto length : shape) {
        if (length > limit / elements) return limit + 1;
        elements *= length;
    }
    return std::min(header + elements, limit + 1);
}

}    // namespace

Array<std::uint8_t> read_idx(const std::filesystem::path& path) {
    InputFile file("read_idx", path);
    Shape shape = read_shape(file);
    std::string declared = "declares the shape " + to_string(shape);

    // Nothing is allocated for elements that the file cannot hold.
    auto promised = promised_bytes(shape, file.most_bytes());
    if (promised > file.most_bytes())
        file.fail(declared + ", which is more than the file holds: it is cut short or its header is damaged");
    if (!file.gzipped() && promised < file.most_bytes())
        file.fail(declared + ", " + std::to_string(promised) + " bytes with the header, but the file has " +
                  std::to_string(file.most_bytes()));
    try {
        Array<std::uint8_t> elements(shape);
        std::size_t got = file.read({elements.data(), elements.size()});
        if (got < elements.size())
            file.fail(declared + ", but ends after " + std::to_string(got) + " of its " +
                      std::to_string(elements.size()) + " elements");
        std::uint8_t beyond = 0;    // reaching the end also compares a gzip stream's checksum
        if (file.read({&beyond, 1}) != 0)
            file.fail(declared + ", but goes on after its " + std::to_string(elements.size()) + " elements");
        return elements;
    } catch (const std::bad_alloc&) {
        file.fail(declared + ", for which there is not enough memory");
    }
}

}    // namespace xtape::io
