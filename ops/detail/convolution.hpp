// The three products of a convolution y = w * x, for ops/convolution.cpp: y of x and w, x's gradient of w and y's, w's
// gradient of x and y's. Each element is summed in an order that depends on the shapes alone.
#pragma once

#include <array>
#include <cstddef>

namespace xtape::detail {

// Output o of an axis reads the inputs o stride + k dilation - padding, k < kernel; those outside are 0.
struct ConvolutionAxis {
    std::size_t input = 1, kernel = 1, output = 1, stride = 1, dilation = 1;
    std::ptrdiff_t padding = 0;    // zeros before the first input; those after the last follow from `output`
};

// Images x (batch, groups in, input...), weights (groups out, in, kernel...), images y (batch, groups out, output...).
struct ConvolutionShape {
    std::size_t batch, groups, in, out;     // channels in each group
    std::array<ConvolutionAxis, 3> axes;    // those that are not there come first

    std::size_t inputs() const { return axes[0].input * axes[1].input * axes[2].input; }
    std::size_t outputs() const { return axes[0].output * axes[1].output * axes[2].output; }
    std::size_t taps() const { return axes[0].kernel * axes[1].kernel * axes[2].kernel; }
};

// y = w * x, plus a number for each channel unless bias is null.
template <class T>
void convolve(const ConvolutionShape& shape, const T* x, const T* w, const T* bias, T* y);

// Its adjoint, which makes x of y: x = the sum of w times y over all elements of y that read x, plus a bias.
template <class T>
void convolve_transposed(const ConvolutionShape& shape, const T* y, const T* w, const T* bias, T* x);

// w = for each tap the sum of x y over all images and places.
template <class T>
void convolve_for_weights(const ConvolutionShape& shape, const T* x, const T* y, T* w);

}    // namespace xtape::detail
