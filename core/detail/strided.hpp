// Arrays whose elements do not stand in order (transposed, sliced, broadcast), read and written a block at a time, so
// that short axes cost no more than long ones.
#pragma once

#include <xtape/core/array.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

namespace xtape::detail {

// to[i] = from[i], for 2 KiB and more: the C library copies those by `rep movsb`, which takes up to twelve times as
// long on Zen 4 where the addresses differ by little more than a multiple of 4096, as in an array moved by an element.
template <class T>
void copy_long(const T* from, std::size_t count, T* to);

// std::copy_n of elements that do not overlap. By `rep movsb` where whole cache lines meet: it need not fetch those
// that it writes.
template <class T>
void copy_elements(const T* from, std::size_t count, T* to) {
    const bool lines_meet = (reinterpret_cast<std::uintptr_t>(to) - reinterpret_cast<std::uintptr_t>(from)) % 64 == 0;
    if (count * sizeof(T) < 2048 || lines_meet)
        std::copy_n(from, count, to);
    else
        copy_long(from, count, to);
}

// to[i] = from[i step].
template <class T>
void read_run(const T* from, std::ptrdiff_t step, T* to, std::size_t count) {
    if (step == 1)
        copy_elements(from, count, to);
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

// Calls body(step) with the widest step, a constant, that a run of this length has: its last may overlap the one
// before.
template <class Body>
[[gnu::always_inline]] inline void with_step(std::size_t length, Body body) {
    using std::integral_constant;
    if (length >= 16)
        body(integral_constant<std::size_t, 16>{});
    else if (length >= 8)
        body(integral_constant<std::size_t, 8>{});
    else if (length >= 4)
        body(integral_constant<std::size_t, 4>{});
    else if (length >= 2)
        body(integral_constant<std::size_t, 2>{});
    else
        body(integral_constant<std::size_t, 1>{});
}

template <std::size_t step, class T>
[[gnu::always_inline]] inline void copy_run(const T* from, T* to, std::size_t length) {
    for (std::size_t i = 0; i + step < length; i += step) std::memcpy(to + i, from + i, step * sizeof(T));
    std::memcpy(to + length - step, from + length - step, step * sizeof(T));
}

// What a block of an array with these strides consists of: runs of equal length, each one number repeated or numbers
// side by side; or rows that stand side by side, as those of a transposed matrix or of a column that is broadcast do;
// or short rows one after the other, each backwards.
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
    std::size_t turned_ = 0;                // the length of rows that stand side by side, or backwards, or 0
    std::ptrdiff_t turned_step_ = 0;        // from an element of such a row to the next one
};

}    // namespace xtape::detail
