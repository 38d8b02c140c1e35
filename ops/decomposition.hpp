// Inverses, linear systems, Cholesky factors, determinants: on matrices and on batches of them.
#pragma once

#include <xtape/core/error.hpp>
#include <xtape/core/variable.hpp>

#include <cstddef>

namespace xtape {

// A matrix that is singular, or not positive definite, where the operation is not defined for one.
struct LinAlgError : Error {
    using Error::Error;
};

// Y = X^-1; dX = -Y^T G Y^T. Shape (..., n, n). Throws ShapeError, LinAlgError for a singular matrix.
template <class T>
Variable<T> inverse(const Variable<T>& x);

// X = A^-1 B; dB = A^-T G, dA = -dB X^T. Shapes (..., n, n), (..., n, k) -> (..., n, k), the leading axes broadcast; a
// 1-d B is one right-hand side. Throws ShapeError, LinAlgError for a singular A.
template <class T>
Variable<T> solve(const Variable<T>& a, const Variable<T>& b);

// The lower triangular L with L L^T = A, which is read from the lower triangle of A; dA = (S + S^T) / 2 with S = L^-T P
// L^-1 and P the lower triangle of L^T G, its diagonal halved (Murray, arXiv:1602.07527). Shape (..., n, n). Throws
// ShapeError, LinAlgError for an A that is not positive definite.
template <class T>
Variable<T> cholesky(const Variable<T>& a);

struct SolveTriangularOptions {
    bool transpose = false;    // solve with L^T
};

// X = L^-1 B, or L^-T B, with the lower triangle of L, whose diagonal must not have zeros (the result is then not
// finite); dB = L^-T G, dL = -tril(dB X^T), and likewise. Shapes (..., n, n), (..., n, k) -> (..., n, k), the leading
// axes broadcast. Throws ShapeError.
template <class T>
Variable<T> solve_triangular(const Variable<T>& l, const Variable<T>& b, SolveTriangularOptions options = {});

// y = log det X, NaN where the determinant is negative, -infinity where it is 0; dX = g X^-T. Shape (..., n, n) ->
// (...). Throws ShapeError; its derivative throws LinAlgError for a singular X.
template <class T>
Variable<T> logdet(const Variable<T>& x);

// y = sum_i x_{i, i + offset} over two axes; dx is g on that diagonal. Throws ShapeError.
template <class T>
Variable<T> trace(const Variable<T>& x, std::ptrdiff_t offset = 0, std::ptrdiff_t axis1 = 0, std::ptrdiff_t axis2 = 1);

}    // namespace xtape
