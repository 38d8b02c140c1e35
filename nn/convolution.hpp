// Convolution layers, with PyTorch's names, defaults and layouts.
#pragma once

#include <xtape/nn/linear.hpp>
#include <xtape/nn/module.hpp>
#include <xtape/ops/convolution.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace xtape::nn {

struct ConvOptions {
    PerAxis stride = 1;
    Padding padding = 0;    // 1, {1, 2}, Padding::same, Padding::valid
    PerAxis dilation = 1;
    Size groups = 1;    // in == groups: depthwise
    bool bias = true;
    PaddingMode padding_mode = PaddingMode::zeros;
};

// y = w * x + b: see conv2d. Parameters `weight` (out, in / groups, kernel...) and `bias` (out,), both U(-1/sqrt(n),
// 1/sqrt(n)) for the n = in / groups times the kernel's size numbers that an output reads, as PyTorch's. Shapes (N, in,
// places...) -> (N, out, places'...) with `rank` axes of places. Throws std::invalid_argument for sizes below 1, groups
// that do not divide the channels, and options out of range; forward throws ShapeError.
template <class T, std::size_t rank>
class Conv : public Module<T> {
public:
    Conv(Size in, Size out, PerAxis kernel, ConvOptions options = {})
        : Conv(nullptr, "", in, out, std::move(kernel), std::move(options)) {}
    Conv(Module<T>* owner, std::string_view name, Size in, Size out, PerAxis kernel, ConvOptions options = {});

    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override;
    std::string describe() const override;

private:
    std::size_t in_, out_;
    Shape kernel_;
    xtape::ConvOptions options_;

public:
    Parameter<T> weight;
    Parameter<T> bias;    // not defined() without bias
};

template <class T>
using Conv1d = Conv<T, 1>;
template <class T>
using Conv2d = Conv<T, 2>;
template <class T>
using Conv3d = Conv<T, 3>;

struct ConvTransposeOptions {
    PerAxis stride = 1;
    PerAxis padding = 0;
    PerAxis output_padding = 0;
    Size groups = 1;
    bool bias = true;
    PerAxis dilation = 1;
};

// The adjoint of a convolution, plus b: see conv_transpose2d. Parameters `weight` (in, out / groups, kernel...) and
// `bias` (out,), drawn as Conv's for n = out / groups times the kernel's size, as PyTorch's. Shapes and errors as Conv.
template <class T, std::size_t rank>
class ConvTranspose : public Module<T> {
public:
    ConvTranspose(Size in, Size out, PerAxis kernel, ConvTransposeOptions options = {})
        : ConvTranspose(nullptr, "", in, out, std::move(kernel), std::move(options)) {}
    ConvTranspose(Module<T>* owner, std::string_view name, Size in, Size out, PerAxis kernel,
                  ConvTransposeOptions options = {});

    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override;
    std::string describe() const override;

private:
    std::size_t in_, out_;
    Shape kernel_;
    xtape::ConvTransposeOptions options_;

public:
    Parameter<T> weight;
    Parameter<T> bias;    // not defined() without bias
};

template <class T>
using ConvTranspose1d = ConvTranspose<T, 1>;
template <class T>
using ConvTranspose2d = ConvTranspose<T, 2>;
template <class T>
using ConvTranspose3d = ConvTranspose<T, 3>;

extern template class Conv<float, 1>;
extern template class Conv<float, 2>;
extern template class Conv<float, 3>;
extern template class Conv<double, 1>;
extern template class Conv<double, 2>;
extern template class Conv<double, 3>;
extern template class ConvTranspose<float, 1>;
extern template class ConvTranspose<float, 2>;
extern template class ConvTranspose<float, 3>;
extern template class ConvTranspose<double, 1>;
extern template class ConvTranspose<double, 2>;
extern template class ConvTranspose<double, 3>;

}    // namespace xtape::nn
