// Factors of one matrix after another, for ops/decomposition.cpp: our own loops for small ones, LAPACK for the others.
#pragma once

#include <xtape/core/array.hpp>

#include <cstddef>

namespace xtape::detail {

// The factors of `count` row-major n x n matrices A by Gauss's elimination with partial pivoting. Threads may work on
// different matrices at the same time.
template <class T>
class Lu {
public:
    Lu(std::size_t n, std::size_t count) : n_(n), factors_(n * n * count), pivots_(n * count) {}

    // Takes A in the place of matrix i. Returns 0, or the number (from 1) of the first pivot that is zero.
    int factor(std::size_t i, const T* a);
    // x = A^-1 b, or A^-T b, for row-major b and x of n x columns elements.
    void solve(std::size_t i, const T* b, std::size_t columns, bool transposed, T* x) const;
    // x = A^-1. Returns what factor returned.
    int invert(std::size_t i, T* x) const;
    // log det A: NaN where the determinant is negative, -infinity where it is 0.
    T logdet(std::size_t i) const;

private:
    const T* factors(std::size_t i) const { return factors_.data() + i * n_ * n_; }
    const int* pivots(std::size_t i) const { return pivots_.data() + i * n_; }

    std::size_t n_;
    Storage<T> factors_;    // row-major if small, else LAPACK's of the transpose, so that A is taken as it stands
    Storage<int> pivots_;
};

// The lower factor takes the place of the row-major symmetric a, whose lower triangle is read; zeros stand above it.
// Returns 0, or the order of the first leading minor that is not positive.
template <class T>
int factor_cholesky(std::size_t n, T* a);

// b = L^-1 b, or L^-T b, for a row-major lower triangular L and row-major b of n x columns elements, in place.
template <class T>
void solve_triangle(std::size_t n, std::size_t columns, const T* l, bool transposed, T* b);

}    // namespace xtape::detail
