// Products of matrices and vectors.
#pragma once

#include <xtape/core/variable.hpp>

namespace xtape {

// y = a b, the matrix product of the last two axes, NumPy's: the other axes broadcast; a 1-d a is a row and a 1-d b a
// column, whose axis the result lacks. da = g b^T, db = a^T g. Shapes (..., m, k), (..., k, n) -> (..., m, n). A
// transposed operand (`transpose`, `swap_axes`) is read where it stands. Throws ShapeError when the lengths k differ,
// the other axes do not broadcast, or an operand is 0-d.
template <class T>
Variable<T> matmul(const Variable<T>& a, const Variable<T>& b);

// y = sum_i a_i b_i; da = g b, db = g a. Shapes (n,), (n,) -> (). Throws ShapeError for others.
template <class T>
Variable<T> dot(const Variable<T>& a, const Variable<T>& b);

// y_ij = a_i b_j; da = g b, db = g^T a. Shapes (m,), (n,) -> (m, n). Throws ShapeError for others.
template <class T>
Variable<T> outer(const Variable<T>& a, const Variable<T>& b);

// y = c + a b in one pass; dc = g, da = g b^T, db = a^T g. Shapes (m, k), (k, n), and c one that broadcasts to
// (m, n) -> (m, n). Throws ShapeError for others.
template <class T>
Variable<T> addmm(const Variable<T>& c, const Variable<T>& a, const Variable<T>& b);

// y = x w^T + b, the affine map of a layer, with w as PyTorch keeps it; dx = g w, dw = g^T x, db = g summed over the
// rows. Shapes (..., in), (out, in), (out,) -> (..., out). Throws ShapeError for others.
template <class T>
Variable<T> linear(const Variable<T>& x, const Variable<T>& w, const Variable<T>& b);
template <class T>
Variable<T> linear(const Variable<T>& x, const Variable<T>& w);

}    // namespace xtape
