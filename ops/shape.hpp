// The same elements under another shape. Nothing is copied: results are views, until somebody needs them in order.
#pragma once

#include <xtape/core/variable.hpp>
#include <xtape/ops/axes.hpp>

namespace xtape {

// y = the elements of x in row-major order under another shape; its adjoint is the reshape back. One length may be -1:
// it is worked out. Throws ShapeError when the number of elements differs.
template <class T>
Variable<T> reshape(const Variable<T>& x, const Lengths& shape);

// y = x with its axes from `first` to `last` joined to one (a number becomes one element), as PyTorch's. Throws
// ShapeError.
template <class T>
Variable<T> flatten(const Variable<T>& x, std::ptrdiff_t first = 0, std::ptrdiff_t last = -1);

// y = x without the given axes, each of length 1; all_axes: without all of length 1. Throws ShapeError for an axis that
// is longer.
template <class T>
Variable<T> squeeze(const Variable<T>& x, const Axes& axes = all_axes);

// y = x with new axes of length 1 that stand at the given places of y.shape(). Throws ShapeError.
template <class T>
Variable<T> unsqueeze(const Variable<T>& x, const Axes& axes);

// y = x with its axes in another order: axis k of y is axis axes[k] of x; its adjoint is the inverse permutation.
// Throws ShapeError when `axes` does not name every axis once.
template <class T>
Variable<T> permute(const Variable<T>& x, const Axes& axes);

// y = x with its axes in reverse order, as NumPy's: the transpose of a matrix. For the matrices of a batch, use
// swap_axes(x, -1, -2).
template <class T>
Variable<T> transpose(const Variable<T>& x);

// y = x with two axes exchanged. Throws ShapeError.
template <class T>
Variable<T> swap_axes(const Variable<T>& x, std::ptrdiff_t a, std::ptrdiff_t b);

}    // namespace xtape
