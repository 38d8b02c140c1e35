// The thin layer over BLAS and LAPACK, for the sources of this folder: row-major matrices with any strides, results
// that do not depend on the number of threads.
#pragma once

#include <cstddef>

namespace xtape::detail {

// A matrix in somebody else's memory; steps are in elements, 0 repeats, negative ones run backwards.
template <class T>
struct Matrix {
    const T* data;
    std::size_t rows, columns;
    std::ptrdiff_t row_step, column_step;

    Matrix transposed() const { return {data, columns, rows, column_step, row_step}; }
};

template <class T>
Matrix<T> row_major(const T* data, std::size_t rows, std::size_t columns) {
    return {data, rows, columns, static_cast<std::ptrdiff_t>(columns), 1};
}

// c = a b, or c += a b; c has a.rows x b.columns elements in order. Transposed operands are read where they stand;
// operands without a unit step are brought into order first; rows or columns that repeat are computed once.
template <class T>
void multiply(const Matrix<T>& a, const Matrix<T>& b, T* c, bool accumulate = false);

// LAPACK, on column-major n x n matrices (a symmetric one is the same in both orders); they return its `info`: 0, or
// the number (from 1) of the pivot that is zero, of the leading minor that is not positive.
template <class T>
int lu_factor(std::size_t n, T* a, int* pivots);
// Solves a x = b, or a^T x = b, in place for `count` right-hand sides, each of n elements in order, from the factors of
// a.
template <class T>
void lu_solve(std::size_t n, std::size_t count, const T* factors, const int* pivots, bool transposed, T* b);

// The inverse in the place of the factors.
template <class T>
void lu_invert(std::size_t n, T* factors, const int* pivots);
// The row-major lower factor takes the place of the lower triangle; what is above the diagonal is left as it was.
template <class T>
int cholesky_factor(std::size_t n, T* a);
// b = a^-1 b, or a^-T b, for a row-major lower triangular a and row-major b of n x columns elements, in place.
template <class T>
void solve_lower(std::size_t n, std::size_t columns, const T* a, bool transposed, T* b);

}    // namespace xtape::detail
