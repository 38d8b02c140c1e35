// Convolutions by kernels of 3 x 3 with 16 multiplications for four outputs in place of 36: Winograd's F(2 x 2, 3 x 3),
// after Lavin and Gray, "Fast algorithms for convolutional neural networks", 2016.
#pragma once

#include <xtape/ops/detail/convolution.hpp>

namespace xtape::detail {

// Whether a convolution is one of them, and large enough.
bool has_winograd(const ConvolutionShape& shape);
// And whether its gradient of the weights is worth it, too: the sums of small images are as large as what is added.
bool has_winograd_for_weights(const ConvolutionShape& shape);

template <class T>
void convolve_winograd(const ConvolutionShape& shape, const T* x, const T* w, const T* bias, T* y);
template <class T>
void convolve_winograd_transposed(const ConvolutionShape& shape, const T* y, const T* w, const T* bias, T* x);
template <class T>
void convolve_winograd_for_weights(const ConvolutionShape& shape, const T* x, const T* y, T* w);

}    // namespace xtape::detail
