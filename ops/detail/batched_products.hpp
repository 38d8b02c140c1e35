// Products of batches of matrices, for ops/matmul.cpp.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/ops/detail/blas.hpp>

namespace xtape::detail {

// c = a b for every place of `batch`: the operands of the first place are given, and how far apart they lie along each
// axis of the batch (0 repeats one); the results follow one another. Several threads share the places.
template <class T>
void multiply_batch(const Matrix<T>& a, const Strides& a_steps, const Matrix<T>& b, const Strides& b_steps,
                    const Shape& batch, T* c);

}    // namespace xtape::detail
