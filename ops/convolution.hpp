// Convolution of images, which are arrays (batch, channels, places...) with one, two or three axes of places, by
// kernels of weights; as in PyTorch, and everywhere in neural networks, kernels are not mirrored.
#pragma once

#include <xtape/core/variable.hpp>
#include <xtape/ops/window.hpp>

#include <cstddef>

namespace xtape {

struct ConvOptions {
    PerAxis stride = 1;
    Padding padding = 0;    // 1, {1, 2}, Padding::same, Padding::valid
    PerAxis dilation = 1;
    std::size_t groups = 1;    // each of so many parts of the output channels sees its part of the input channels
    PaddingMode padding_mode = PaddingMode::zeros;
};

// y[n, o, p] = b[o] + sum over c and k of w[o, c, k] x[n, c, p stride + k dilation - padding], x being 0 (or what
// padding_mode says) outside; dx is the transposed convolution of g with w, dw the convolution of x with g, db = the
// sum of g over images and places. Each output axis has (in + padding before and after - dilation (kernel - 1) - 1) /
// stride + 1 places, rounded down. Shapes (N, C, L), (O, C / groups, K), (O,) -> (N, O, L'); two and three axes of
// places likewise. Throws ShapeError for shapes that do not fit and for a window longer than the padded image,
// std::invalid_argument for options out of range.
template <class T>
Variable<T> conv1d(const Variable<T>& x, const Variable<T>& weight, const ConvOptions& options = {});
template <class T>
Variable<T> conv1d(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias,
                   const ConvOptions& options = {});
template <class T>
Variable<T> conv2d(const Variable<T>& x, const Variable<T>& weight, const ConvOptions& options = {});
template <class T>
Variable<T> conv2d(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias,
                   const ConvOptions& options = {});
template <class T>
Variable<T> conv3d(const Variable<T>& x, const Variable<T>& weight, const ConvOptions& options = {});
template <class T>
Variable<T> conv3d(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias,
                   const ConvOptions& options = {});

struct ConvTransposeOptions {
    PerAxis stride = 1;
    PerAxis padding = 0;           // of the convolution that this one turns around: so much is cut off on both sides
    PerAxis output_padding = 0;    // places added at the end, below the larger of stride and dilation
    std::size_t groups = 1;
    PerAxis dilation = 1;
};

// The adjoint of a convolution: y[n, o, p] = b[o] + sum over c, q and k with q stride + k dilation - padding = p of
// w[c, o, k] x[n, c, q]. Each output axis has (in - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1
// places. Shapes (N, C, L), (C, O / groups, K), (O,) -> (N, O, L'). Throws as conv1d.
template <class T>
Variable<T> conv_transpose1d(const Variable<T>& x, const Variable<T>& weight, const ConvTransposeOptions& options = {});
template <class T>
Variable<T> conv_transpose1d(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias,
                             const ConvTransposeOptions& options = {});
template <class T>
Variable<T> conv_transpose2d(const Variable<T>& x, const Variable<T>& weight, const ConvTransposeOptions& options = {});
template <class T>
Variable<T> conv_transpose2d(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias,
                             const ConvTransposeOptions& options = {});
template <class T>
Variable<T> conv_transpose3d(const Variable<T>& x, const Variable<T>& weight, const ConvTransposeOptions& options = {});
template <class T>
Variable<T> conv_transpose3d(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias,
                             const ConvTransposeOptions& options = {});

}    // namespace xtape
