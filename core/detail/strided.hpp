// Arrays whose elements do not stand in order (transposed, sliced, broadcast), read and written a block at a time, so
// that short axes cost no more than long ones.
#pragma once

#include <xtape/core/array.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace xtape::detail {

// to[i] = from[i step].
template <class T>
void read_run(const T* from, std::ptrdiff_t step, T* to, std::size_t count) {
    if (step == 1)
        std::copy_n(from, count, to);
    else if (step == 0)
        std::fill_n(to, count, *from);
    else if (step == -1)
        std::reverse_copy(from - static_cast<std::ptrdiff_t>(count) + 1, from + 1, to);
    else if (step == 2)
        for (std::size_t i = 0; i < count; ++i) to[i] = from[2 * i];
    else
        for (std::size_t i = 0; i < count; ++i) to[i] = from[static_cast<std::ptrdiff_t>(i) * step];
}

// Drops axes of length 1 and merges axes that continue one another in every array; at least one axis is left.
void merge_axes(Shape& shape, std::span<Strides> strides);

// The elements of a (merged) shape in row-major order, cut into blocks: `rows` steps along one axis, with all that is
// inside of them.
class Blocks {
public:
    static constexpr std::size_t most = 1024;    // elements, which stay in the first cache

    explicit Blocks(const Shape& shape);
    std::size_t count() const { return count_; }
    std::size_t size() const { return rows_ * inner_; }
    std::size_t axis() const { return axis_; }
    struct Block {
        std::size_t first, size;    // elements
    };
    Block operator[](std::size_t index) const;
    // Where block number `index` begins in an array with these strides.
    std::ptrdiff_t offset(std::size_t index, const Strides& strides) const;

private:
    Shape shape_;
    std::size_t axis_, rows_, inner_ = 1, parts_, count_;
};

// What a block of an array with these strides consists of: runs of equal length, each one number repeated or numbers
// side by side.
class Runs {
public:
    Runs(const Blocks& blocks, const Shape& shape, const Strides& strides);
    bool in_order() const { return starts_.size() == 1 && step_ == 1; }

    // The `count` elements of the block that begins at `block`.
    template <class T>
    void read(const T* block, T* to, std::size_t count) const;
    template <class T>
    void write(const T* from, T* block, std::size_t count) const;
    template <class T>
    void add(const T* from, T* block, std::size_t count) const;

private:
    std::vector<std::ptrdiff_t> starts_;    // of the runs of the longest block
    std::size_t length_;                    // of a run
    std::ptrdiff_t step_;                   // within a run; other than 0 and 1 only where there is one run
};

}    // namespace xtape::detail
