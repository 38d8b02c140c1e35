// Large matrix products on the widest registers, for ops/detail/blas.cpp.
#pragma once

#include <cstddef>

namespace xtape::detail {

template <class T>
struct Matrix;

// Whether this build's registers are as wide as any: elsewhere BLAS, which chooses its kernels when a program starts,
// may know wider ones.
bool has_gemm();

// c = a b, or c += a b, for operands with any strides; the rows of c lie `lead` apart. Each element is summed in the
// same order wherever it stands, so that the bits do not depend on how the caller cuts c into parts.
template <class T>
void gemm(const Matrix<T>& a, const Matrix<T>& b, T* c, std::size_t lead, bool accumulate);

}    // namespace xtape::detail
