// Where a dataset's chunks are in the file.
#pragma once

#include <xtape/io/detail/hdf5/parser/messages.hpp>

#include <cstdint>
#include <functional>
#include <vector>

namespace xtape::io::hdf5 {

struct StoredChunk {
    std::uint64_t number = 0;    // counted in row-major order of the chunks
    std::uint64_t position = 0, size = 0;
    unsigned skipped = 0;    // bit i: it did not pass through filter i
};

// A dataset cut into chunks: of which shape it is now, how far it may grow, and what a chunk takes without filters.
struct ChunkGrid {
    const Dataspace& space;
    const Placement& placement;
    std::uint64_t chunk_bytes;
    bool is_filtered;
};

// All stored chunks in order, each once, inside of the shape and inside of the file. Throws Reason. Takes time and
// memory for the chunks that are there, not for those that the shape promises.
std::vector<StoredChunk> stored_chunks(Metadata& metadata, const ChunkGrid& grid);

// Visits the elements of HDF5's two kinds of arrays that are in the file, with their indices.
using VisitElement = std::function<void(std::uint64_t index, Cursor element)>;
void for_each_in_fixed_array(Metadata& metadata, std::uint64_t header, bool is_filtered, const VisitElement& visit);
void for_each_in_extensible_array(Metadata& metadata, std::uint64_t header, bool is_filtered,
                                  const VisitElement& visit);

}    // namespace xtape::io::hdf5
