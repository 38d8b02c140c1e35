// Factors of one matrix after another, for ops/decomposition.cpp: our own loops for small ones, LAPACK for the others.
#pragma once

#include <cstddef>
#include <vector>

namespace xtape::detail {

// P A = L U with partial pivoting, for row-major n x n matrices A.
template <class T>
class Lu {
public:
    explicit Lu(std::size_t n);

    // Returns 0, or the number (from 1) of the first pivot that is zero.
    int factor(const T* a);
    // x = A^-1 b, or A^-T b, for row-major b and x of n x columns elements.
    void solve(const T* b, std::size_t columns, bool transposed, T* x);
    // log det A: NaN where the determinant is negative, -infinity where it is 0.
    T logdet() const;

private:
    bool small() const;

    std::size_t n_;
    std::vector<T> factors_;    // row-major if small, else LAPACK's column-major
    std::vector<int> pivots_;
    std::vector<T> sides_;
};

// The lower factor takes the place of the row-major symmetric a, whose lower triangle is read; zeros stand above it.
// Returns 0, or the order of the first leading minor that is not positive.
template <class T>
int factor_cholesky(std::size_t n, T* a);

// b = L^-1 b, or L^-T b, for a row-major lower triangular L and row-major b of n x columns elements, in place.
template <class T>
void solve_triangle(std::size_t n, std::size_t columns, const T* l, bool transposed, T* b);

}    // namespace xtape::detail
