// Products of small matrices, for ops/detail/batched_products.cpp: many of them, one after another.
#pragma once

#include <cstddef>

namespace xtape::detail {

template <class T>
struct Matrix;

// Whether the products of such matrices are small ones.
constexpr bool are_small(std::size_t rows, std::size_t depth, std::size_t columns) {
    constexpr std::size_t longest = 16;
    return rows <= longest && depth <= longest && columns <= longest;
}

// `count` products c = a b of small matrices: the first operands are given, the next ones lie a_step and b_step further
// on, the results follow one another. Each element is the sum over k = 0, 1, ... in that order, fused.
template <class T>
void multiply_small(const Matrix<T>& a, std::ptrdiff_t a_step, const Matrix<T>& b, std::ptrdiff_t b_step,
                    std::size_t count, T* c);

}    // namespace xtape::detail
