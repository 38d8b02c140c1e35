// Elements picked by index or mask, and their adjoints, which add up by index. Indices count from 0, negative ones from
// the back; one outside is std::out_of_range.
#pragma once

#include <xtape/core/indices.hpp>
#include <xtape/core/variable.hpp>

#include <cstddef>

namespace xtape {

// y[..., k, ...] = x[..., indices[k], ...] along an axis; its adjoint is index_add. `indices` is 1-d. Throws
// ShapeError, std::out_of_range.
template <class T>
Variable<T> index_select(const Variable<T>& x, std::ptrdiff_t axis, const IntegerArray& indices);

// y = x, and y[..., indices[k], ...] += source[..., k, ...] for each k in turn; its adjoint is index_select. Throws
// ShapeError when source.shape() is not that of index_select(x, axis, indices), std::out_of_range.
template <class T>
Variable<T> index_add(const Variable<T>& x, std::ptrdiff_t axis, const IntegerArray& indices,
                      const Variable<T>& source);

// y = the elements at `indices` of x in row-major order, in the shape of `indices`; dx sums g by index. Throws
// std::out_of_range.
template <class T>
Variable<T> take(const Variable<T>& x, const IntegerArray& indices);

// y = the rows `indices` of a table; dtable sums g by row. Shapes (n, ...), any -> indices.shape + (...). Throws
// ShapeError, std::out_of_range.
template <class T>
Variable<T> embedding(const Variable<T>& table, const IntegerArray& indices);

// y[i, k, j] = x[i, indices[i, k, j], j] along the axis of k, as PyTorch's; its adjoint is scatter_add. `indices` has
// as many axes as x, none longer but that one. Throws ShapeError, std::out_of_range.
template <class T>
Variable<T> gather(const Variable<T>& x, std::ptrdiff_t axis, const IntegerArray& indices);

// y = x, and y[i, indices[i, k, j], j] += source[i, k, j], as PyTorch's; its adjoint is gather. `source` and `indices`
// have the same shape. Throws ShapeError, std::out_of_range.
template <class T>
Variable<T> scatter_add(const Variable<T>& x, std::ptrdiff_t axis, const IntegerArray& indices,
                        const Variable<T>& source);

// y = the elements of x where the mask is true, in row-major order; dx is g there and 0 elsewhere. Both broadcast.
// Throws ShapeError.
template <class T>
Variable<T> masked_select(const Variable<T>& x, const Mask& mask);

// y[..., c] = 1 where c is the index, else 0: values, not differentiable. Shape any -> indices.shape + (classes).
// Throws std::out_of_range; negative indices are outside.
template <class T>
Array<T> one_hot(const IntegerArray& indices, std::size_t classes);

}    // namespace xtape
