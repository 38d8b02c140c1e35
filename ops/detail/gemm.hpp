// Large matrix products on our own kernel, for ops/detail/blas.cpp.
#pragma once

#include <xsimd/xsimd.hpp>

namespace xtape::detail {

template <class T>
struct Matrix;

// Whether this build has the registers and the fused multiplication that the kernel is made for.
#if defined(__FMA__) || defined(__AVX512F__) || defined(__aarch64__)
inline constexpr bool has_gemm = xsimd::batch<float>::size >= 8;
#else
inline constexpr bool has_gemm = false;
#endif

// c = a b, or c += a b, for operands with any strides, on several threads. Each element is summed in an order that
// depends on the inner length alone.
template <class T>
void gemm(const Matrix<T>& a, const Matrix<T>& b, T* c, bool accumulate);

}    // namespace xtape::detail
