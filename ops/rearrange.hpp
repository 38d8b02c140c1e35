// Elements in another order, or several times.
#pragma once

#include <xtape/core/variable.hpp>
#include <xtape/ops/axes.hpp>

#include <optional>

namespace xtape {

// y = x backwards along the axes, by default all; dx = flip(g). A view: nothing is copied. Throws ShapeError.
template <class T>
Variable<T> flip(const Variable<T>& x, const Axes& axes = all_axes);

// y_(i + shift) = x_i, around the end to the beginning, along an axis or, without one, in row-major order; dx = g
// rolled back. For several axes roll one after the other. Throws ShapeError.
template <class T>
Variable<T> roll(const Variable<T>& x, std::ptrdiff_t shift, std::optional<std::ptrdiff_t> axis = {});

// y = x repeated as a whole, repeats[k] times along axis k, as NumPy's tile (PyTorch's repeat): where one of x's axes
// and repeats are fewer than the other, they begin with ones. dx = the sum of g over the repeats. Throws ShapeError for
// negative repeats.
template <class T>
Variable<T> tile(const Variable<T>& x, const Lengths& repeats);

// y = x with each element repeated `times` times, along an axis or, without one, in row-major order, as NumPy's repeat
// (PyTorch's repeat_interleave); dx = the sum of g over the repeats. Throws ShapeError.
template <class T>
Variable<T> repeat(const Variable<T>& x, std::ptrdiff_t times, std::optional<std::ptrdiff_t> axis = {});

}    // namespace xtape
