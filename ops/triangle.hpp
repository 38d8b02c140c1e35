// Diagonals and triangles of matrices.
#pragma once

#include <xtape/core/variable.hpp>

#include <cstddef>

namespace xtape {

// y = the elements x[..., i, ..., i + offset, ...] over two axes, whose place the last axis of y takes; dx is g there
// and 0 elsewhere. Nothing is copied. Throws ShapeError for an axis that is not there, or the same twice.
template <class T>
Variable<T> diagonal(const Variable<T>& x, std::ptrdiff_t offset = 0, std::ptrdiff_t axis1 = 0,
                     std::ptrdiff_t axis2 = 1);

// y_ij = x_ij where j - i <= offset, else 0, over the last two axes; dx is g there. Throws ShapeError below two axes.
template <class T>
Variable<T> tril(const Variable<T>& x, std::ptrdiff_t offset = 0);

// y_ij = x_ij where j - i >= offset, else 0, over the last two axes; dx is g there. Throws ShapeError below two axes.
template <class T>
Variable<T> triu(const Variable<T>& x, std::ptrdiff_t offset = 0);

}    // namespace xtape
