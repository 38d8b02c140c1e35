// HDF5's filters of our own making: its deflate would unpack whatever a hostile file makes it, and its fletcher32 is
// ten times slower than memory.
#include <xtape/io/detail/hdf5/chunks.hpp>
#include <xtape/io/detail/hdf5/fletcher32.hpp>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <string>

namespace xtape::io::hdf5 {
namespace {

constexpr std::size_t checksum_bytes = 4;

// Byte k of every element after byte k - 1 of every element; bytes beyond the last whole element stay where they are.
Bytes shuffle(std::span<const std::byte> bytes, std::size_t element) {
    Bytes result(bytes.begin(), bytes.end());
    std::size_t count = element == 0 ? 0 : bytes.size() / element;
    for (std::size_t k = 0; k < element && count > 0; ++k)
        for (std::size_t i = 0; i < count; ++i) result[k * count + i] = bytes[i * element + k];
    return result;
}

Bytes unshuffle(std::span<const std::byte> bytes, std::size_t element) {
    Bytes result(bytes.begin(), bytes.end());
    std::size_t count = element == 0 ? 0 : bytes.size() / element;
    for (std::size_t k = 0; k < element && count > 0; ++k)
        for (std::size_t i = 0; i < count; ++i) result[i * element + k] = bytes[k * count + i];
    return result;
}

Bytes deflate_bytes(std::span<const std::byte> bytes, int level) {
    uLongf size = compressBound(bytes.size());
    Bytes result(size);
    if (compress2(reinterpret_cast<Bytef*>(result.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
                  bytes.size(), level) != Z_OK)
        throw Reason("zlib cannot compress a chunk");
    result.resize(size);
    return result;
}

Bytes inflate_bytes(std::span<const std::byte> bytes, std::size_t most) {
    Bytes result(most);
    auto size = static_cast<uLongf>(most);
    int code = uncompress(reinterpret_cast<Bytef*>(result.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
                          static_cast<uLong>(bytes.size()));
    if (code == Z_BUF_ERROR) throw Reason("a compressed chunk holds more or less than its size says");
    if (code != Z_OK) throw Reason("a compressed chunk is damaged");
    result.resize(size);
    return result;
}

std::uint32_t stored_checksum(std::span<const std::byte> tail) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < checksum_bytes; ++i) sum |= std::to_integer<std::uint32_t>(tail[i]) << (8 * i);
    return sum;
}

}    // namespace

Bytes pack(std::span<const std::byte> bytes, std::span<const Filter> filters) {
    Bytes packed(bytes.begin(), bytes.end());
    for (const Filter& filter : filters) switch (filter.kind) {
            case Filter::Kind::shuffle: packed = shuffle(packed, filter.parameter); break;
            case Filter::Kind::deflate: packed = deflate_bytes(packed, static_cast<int>(filter.parameter)); break;
            case Filter::Kind::fletcher32: {
                std::uint32_t sum = fletcher32(packed.data(), packed.size());
                for (unsigned i = 0; i < checksum_bytes; ++i)
                    packed.push_back(static_cast<std::byte>(sum >> (8 * i) & 0xffU));
            }
        }
    return packed;
}

Bytes unpack(Bytes packed, std::span<const Filter> filters, unsigned skipped, std::size_t size, bool verify) {
    for (std::size_t i = filters.size(); i-- > 0;) {
        if ((skipped >> i & 1U) != 0) continue;
        switch (filters[i].kind) {
            case Filter::Kind::shuffle: packed = unshuffle(packed, filters[i].parameter); break;
            case Filter::Kind::deflate: packed = inflate_bytes(packed, size + i * checksum_bytes); break;
            case Filter::Kind::fletcher32: {
                if (packed.size() < checksum_bytes) throw Reason("a chunk is shorter than its checksum");
                std::size_t content = packed.size() - checksum_bytes;
                if (verify && stored_checksum(std::span(packed).subspan(content)) != fletcher32(packed.data(), content))
                    throw Reason("the checksum does not fit: the data are damaged");
                packed.resize(content);
            }
        }
    }
    if (packed.size() != size) throw Reason("a chunk has another size than the dataset says");
    return packed;
}

}    // namespace xtape::io::hdf5
