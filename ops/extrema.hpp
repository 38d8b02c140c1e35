// The largest and the smallest elements, and where they are.
#pragma once

#include <xtape/core/indices.hpp>
#include <xtape/core/variable.hpp>
#include <xtape/ops/reduce.hpp>

#include <cstddef>

namespace xtape {

// y = the largest element over the axes, by default all, NaN if there is one; dy/dx = 1 at the largest, shared equally
// among equal ones. Throws ShapeError for an axis that is not there or named twice, and for elements of nothing.
template <class T>
Variable<T> amax(const Variable<T>& x, const Axes& axes = all_axes, ReduceOptions options = {});

// y = the smallest element, in all else as amax.
template <class T>
Variable<T> amin(const Variable<T>& x, const Axes& axes = all_axes, ReduceOptions options = {});

// The index of the first largest element (of the first NaN if there is one), in row-major order or along an axis, which
// goes unless keep_dims. Throws ShapeError for an axis that is not there and when there is nothing to choose from.
template <class T>
Indices argmax(const Array<T>& x);
template <class T>
Indices argmax(const Array<T>& x, std::ptrdiff_t axis, ReduceOptions options = {});
template <class T>
Indices argmax(const Variable<T>& x) {
    return argmax(x.value());
}
template <class T>
Indices argmax(const Variable<T>& x, std::ptrdiff_t axis, ReduceOptions options = {}) {
    return argmax(x.value(), axis, options);
}

// The same of the smallest.
template <class T>
Indices argmin(const Array<T>& x);
template <class T>
Indices argmin(const Array<T>& x, std::ptrdiff_t axis, ReduceOptions options = {});
template <class T>
Indices argmin(const Variable<T>& x) {
    return argmin(x.value());
}
template <class T>
Indices argmin(const Variable<T>& x, std::ptrdiff_t axis, ReduceOptions options = {}) {
    return argmin(x.value(), axis, options);
}

}    // namespace xtape
