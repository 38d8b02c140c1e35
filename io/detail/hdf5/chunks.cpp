#include <xtape/core/shape.hpp>
#include <xtape/io/detail/hdf5/chunks.hpp>

#include <algorithm>
#include <cstring>
#include <numeric>

namespace xtape::io::hdf5 {

Shape choose_chunk(const Shape& shape, std::size_t element_bytes, std::size_t bytes) {
    Shape chunk(shape.size(), 1);
    std::size_t inner = element_bytes;
    for (std::size_t axis = shape.size(); axis-- > 0;) {
        std::size_t most = std::max<std::size_t>(bytes / inner, 1);
        if (shape[axis] <= most) {
            chunk[axis] = shape[axis];
            inner *= shape[axis];
            continue;
        }
        // Chunks are stored whole: equal ones waste less than a last one that is nearly empty.
        std::size_t pieces = (shape[axis] + most - 1) / most;
        chunk[axis] = (shape[axis] + pieces - 1) / pieces;
        break;
    }
    return chunk;
}

bool is_run(const Shape& shape, const Shape& chunk) {
    std::size_t axis = 0;
    while (axis < shape.size() && chunk[axis] == 1) ++axis;
    for (++axis; axis < shape.size(); ++axis)
        if (chunk[axis] != shape[axis]) return false;
    return true;
}

void for_each_chunk(const Shape& shape, const Shape& chunk, const std::function<void(const ChunkPlace&)>& visit) {
    std::size_t rank = shape.size();
    Strides strides = contiguous_strides(shape);
    ChunkPlace place;
    place.first.assign(rank, 0);
    place.inside.resize(rank);
    for (;;) {
        place.begin = 0;
        place.count = 1;
        for (std::size_t axis = 0; axis < rank; ++axis) {
            auto first = static_cast<std::size_t>(place.first[axis]);
            place.inside[axis] = std::min(chunk[axis], shape[axis] - first);
            place.begin += first * static_cast<std::size_t>(strides[axis]);
            place.count *= place.inside[axis];
        }
        visit(place);
        std::size_t axis = rank;
        for (; axis > 0; --axis) {
            place.first[axis - 1] += chunk[axis - 1];
            if (place.first[axis - 1] < shape[axis - 1]) break;
            place.first[axis - 1] = 0;
        }
        if (axis == 0) return;
    }
}

void place_chunk(const std::byte* chunk_bytes, const Shape& chunk, const ChunkPlace& place, std::byte* array,
                 const Shape& shape, std::size_t element_bytes) {
    std::size_t rank = shape.size();
    std::size_t row = place.inside[rank - 1] * element_bytes;
    std::vector<std::size_t> index(rank, 0);
    for (;;) {
        std::size_t from = 0, to = 0;
        for (std::size_t axis = 0; axis < rank; ++axis) {
            from = from * chunk[axis] + index[axis];
            to = to * shape[axis] + static_cast<std::size_t>(place.first[axis]) + index[axis];
        }
        std::memcpy(array + to * element_bytes, chunk_bytes + from * element_bytes, row);
        std::size_t axis = rank - 1;
        for (; axis > 0; --axis) {
            if (++index[axis - 1] < place.inside[axis - 1]) break;
            index[axis - 1] = 0;
        }
        if (axis == 0) return;
    }
}

}    // namespace xtape::io::hdf5
