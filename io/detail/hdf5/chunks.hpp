// Chunks: how a dataset is cut into pieces, and how a piece is packed.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/io/detail/hdf5/channel.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace xtape::io::hdf5 {

// The shape of chunks of about `bytes`, each of which is one run of a row-major array's elements.
Shape choose_chunk(const Shape& shape, std::size_t element_bytes, std::size_t bytes);

// Whether every chunk is one run of elements.
bool is_run(const Shape& shape, const Shape& chunk);

// A chunk's place: the indices of its first element, and how much of it lies inside the array along each axis.
struct ChunkPlace {
    std::vector<std::uint64_t> first;
    Shape inside;
    std::size_t begin = 0;    // the first element, counted in row-major order
    std::size_t count = 0;    // elements inside
};
void for_each_chunk(const Shape& shape, const Shape& chunk, const std::function<void(const ChunkPlace&)>& visit);

// Copies the elements of a chunk that lie inside the array to their places.
void place_chunk(const std::byte* chunk_bytes, const Shape& chunk, const ChunkPlace& place, std::byte* array,
                 const Shape& shape, std::size_t element_bytes);

// One step of HDF5's filter pipeline.
struct Filter {
    enum class Kind { shuffle, deflate, fletcher32 };
    Kind kind;
    unsigned parameter = 0;    // the element's bytes, or the level
};

// Packs through the filters in order.
Bytes pack(std::span<const std::byte> bytes, std::span<const Filter> filters);

// Undoes pack: the result has exactly `size` bytes, and no buffer is larger than that and `packed`. Bit i of
// `skipped` leaves out filter i. Throws Reason when the checksum does not fit (unless `verify` is off) or a step fails.
Bytes unpack(Bytes packed, std::span<const Filter> filters, unsigned skipped, std::size_t size, bool verify);

}    // namespace xtape::io::hdf5
