// View<T>: elements of a shared block seen under a shape and strides, so that transposing, broadcasting and slicing
// cost nothing until somebody needs the elements in order.
#pragma once

#include <xtape/core/array.hpp>

#include <cstddef>

namespace xtape {

template <class T>
struct View {
    Storage<T> storage;    // shared with the array that is viewed
    Shape shape;
    Strides strides;    // in elements; 0 repeats, negative runs backwards
    std::size_t offset = 0;

    const T* data() const { return storage.data() + offset; }
    // Whether the elements stand in memory in row-major order, without gaps.
    bool contiguous() const;
    // Whether they need no copy to be an array: they stand so, and are not so few that they would keep a block alive
    // that is much larger than they are.
    bool in_order() const;
    View share() const { return {storage.share(), shape, strides, offset}; }
};

// The whole of an array.
template <class T>
View<T> view(const Array<T>& array);

// The elements in order: a share of their block where they are in_order(), else copied (in blocks, so that a
// transposition runs at the speed of memory).
template <class T>
Array<T> materialize(const View<T>& view);

namespace detail {

// Copies the elements of a strided block of memory to `out` in row-major order.
template <class T>
void copy_strided(const T* data, const Shape& shape, const Strides& strides, T* out);

}    // namespace detail
}    // namespace xtape
