// Convolutions that read one plane for each output, or a few: their taps move over whole rows in vectors.
#pragma once

#include <xtape/ops/detail/convolution.hpp>

namespace xtape::detail {

// Whether a convolution is one of them.
constexpr bool is_depthwise(const ConvolutionShape& shape) { return shape.in == 1 && shape.out <= 4; }

template <class T>
void convolve_depthwise(const ConvolutionShape& shape, const T* x, const T* w, const T* bias, T* y);
template <class T>
void convolve_depthwise_transposed(const ConvolutionShape& shape, const T* y, const T* w, const T* bias, T* x);
template <class T>
void convolve_depthwise_for_weights(const ConvolutionShape& shape, const T* x, const T* y, T* w);

}    // namespace xtape::detail
