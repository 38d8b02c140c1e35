// Sums over axes, in a fixed order: the same bits with one thread and with many.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/core/view.hpp>

#include <cstddef>

namespace xtape::detail {

// The sum over the axes along which `to` would be broadcast to the shape of x. The error grows with the logarithm of
// the number of summands (within blocks of a fixed length, linearly).
template <class T>
Array<T> sum_to(const View<T>& x, const Shape& to);

// The sum of `count` elements in order.
template <class T>
T sum_row(const T* x, std::size_t count);

}    // namespace xtape::detail
