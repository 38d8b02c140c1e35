#include <xtape/core/random.hpp>
#include <xtape/nn/convolution.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace xtape::nn {
namespace {

std::string kind_of(const char* family, std::size_t rank) { return family + std::to_string(rank) + "d"; }

// A parameter of a layer whose outputs read `in` channels through the kernel.
template <class T>
Array<T> default_values(const Shape& shape, std::size_t in, const Shape& kernel) {
    const double bound = 1 / std::sqrt(static_cast<double>(in * element_count(kernel)));
    return default_generator().initialisation().uniform<T>(shape, -bound, bound);
}

Shape weight_shape(std::size_t first, std::size_t second, const Shape& kernel) {
    Shape shape{first, second};
    for (std::size_t length : kernel) shape.push_back(length);
    return shape;
}

std::size_t checked_groups(const std::string& kind, std::ptrdiff_t groups, std::size_t in, std::size_t out) {
    const auto count = static_cast<std::size_t>(groups);
    if (groups < 1 || in % count != 0 || out % count != 0)
        throw std::invalid_argument("[" + kind + "] got groups = " + std::to_string(groups) +
                                    "; wanted a number that divides in = " + std::to_string(in) +
                                    " and out = " + std::to_string(out));
    return count;
}

// "Conv2d(3 -> 8, 3 x 3, stride 2)".
std::string description(const std::string& kind, std::size_t in, std::size_t out, const Shape& kernel,
                        const Shape& stride, std::size_t groups, bool bias) {
    std::string text = kind + "(" + std::to_string(in) + " -> " + std::to_string(out) + ", ";
    for (std::size_t d = 0; d < kernel.size(); ++d) text += (d > 0 ? " x " : "") + std::to_string(kernel[d]);
    if (std::any_of(stride.begin(), stride.end(), [](std::size_t s) { return s != 1; })) {
        text += ", stride " + std::to_string(stride[0]);
        if (std::any_of(stride.begin(), stride.end(), [&](std::size_t s) { return s != stride[0]; }))
            for (std::size_t d = 1; d < stride.size(); ++d) text += " x " + std::to_string(stride[d]);
    }
    if (groups > 1) text += ", groups " + std::to_string(groups);
    return text + (bias ? ")" : ", no bias)");
}

std::string wanted(std::size_t channels, std::size_t rank) {
    return "(N, " + std::to_string(channels) + (rank == 1 ? ", L)" : rank == 2 ? ", H, W)" : ", D, H, W)");
}

}    // namespace

template <class T, std::size_t rank>
Conv<T, rank>::Conv(Module<T>* owner, std::string_view name, Size in, Size out, PerAxis kernel, ConvOptions options)
    : Module<T>(owner, name),
      in_(this->checked_size(kind_of("Conv", rank).c_str(), "in", in.number)),
      out_(this->checked_size(kind_of("Conv", rank).c_str(), "out", out.number)),
      kernel_(kernel.of(kind_of("Conv", rank), "kernel", rank, 1)),
      options_{options.stride, options.padding, options.dilation,
               checked_groups(kind_of("Conv", rank), options.groups.number, in_, out_), options.padding_mode},
      weight(this, "weight",
             default_values<T>(weight_shape(out_, in_ / options_.groups, kernel_), in_ / options_.groups, kernel_)),
      bias(options.bias ? this : nullptr, "bias",
           options.bias ? default_values<T>({out_}, in_ / options_.groups, kernel_) : Array<T>()) {
    const std::string label = kind_of("Conv", rank);
    options_.dilation.of(label, "dilation", rank, 1);
    options_.padding.of(label, kernel_, options_.stride.of(label, "stride", rank, 1));
    if (!options.bias) bias.leave_undefined();
}

template <class T, std::size_t rank>
Variable<T> Conv<T, rank>::forward(const Variable<T>& x) {
    if (x.dimension() != rank + 2 || x.shape()[1] != in_) this->refuse_shape(x.shape(), wanted(in_, rank));
    if constexpr (rank == 1)
        return conv1d(x, weight, bias, options_);
    else if constexpr (rank == 2)
        return conv2d(x, weight, bias, options_);
    else
        return conv3d(x, weight, bias, options_);
}

template <class T, std::size_t rank>
std::string Conv<T, rank>::kind() const {
    return kind_of("Conv", rank);
}

template <class T, std::size_t rank>
std::string Conv<T, rank>::describe() const {
    return description(kind(), in_, out_, kernel_, options_.stride.of(kind(), "stride", rank, 1), options_.groups,
                       bias.defined());
}

template <class T, std::size_t rank>
ConvTranspose<T, rank>::ConvTranspose(Module<T>* owner, std::string_view name, Size in, Size out, PerAxis kernel,
                                      ConvTransposeOptions options)
    : Module<T>(owner, name),
      in_(this->checked_size(kind_of("ConvTranspose", rank).c_str(), "in", in.number)),
      out_(this->checked_size(kind_of("ConvTranspose", rank).c_str(), "out", out.number)),
      kernel_(kernel.of(kind_of("ConvTranspose", rank), "kernel", rank, 1)),
      options_{options.stride, options.padding, options.output_padding,
               checked_groups(kind_of("ConvTranspose", rank), options.groups.number, in_, out_), options.dilation},
      weight(this, "weight",
             default_values<T>(weight_shape(in_, out_ / options_.groups, kernel_), out_ / options_.groups, kernel_)),
      bias(options.bias ? this : nullptr, "bias",
           options.bias ? default_values<T>({out_}, out_ / options_.groups, kernel_) : Array<T>()) {
    const std::string label = kind_of("ConvTranspose", rank);
    const Shape stride = options_.stride.of(label, "stride", rank, 1),
                dilation = options_.dilation.of(label, "dilation", rank, 1),
                more = options_.output_padding.of(label, "output_padding", rank, 0);
    options_.padding.of(label, "padding", rank, 0);
    for (std::size_t d = 0; d < rank; ++d)
        if (more[d] >= std::max(stride[d], dilation[d]))
            this->refuse_option(label.c_str(), "output_padding = " + std::to_string(more[d]) +
                                                   "; wanted less than the larger of stride and dilation");
    if (!options.bias) bias.leave_undefined();
}

template <class T, std::size_t rank>
Variable<T> ConvTranspose<T, rank>::forward(const Variable<T>& x) {
    if (x.dimension() != rank + 2 || x.shape()[1] != in_) this->refuse_shape(x.shape(), wanted(in_, rank));
    if constexpr (rank == 1)
        return conv_transpose1d(x, weight, bias, options_);
    else if constexpr (rank == 2)
        return conv_transpose2d(x, weight, bias, options_);
    else
        return conv_transpose3d(x, weight, bias, options_);
}

template <class T, std::size_t rank>
std::string ConvTranspose<T, rank>::kind() const {
    return kind_of("ConvTranspose", rank);
}

template <class T, std::size_t rank>
std::string ConvTranspose<T, rank>::describe() const {
    return description(kind(), in_, out_, kernel_, options_.stride.of(kind(), "stride", rank, 1), options_.groups,
                       bias.defined());
}

template class Conv<float, 1>;
template class Conv<float, 2>;
template class Conv<float, 3>;
template class Conv<double, 1>;
template class Conv<double, 2>;
template class Conv<double, 3>;
template class ConvTranspose<float, 1>;
template class ConvTranspose<float, 2>;
template class ConvTranspose<float, 3>;
template class ConvTranspose<double, 1>;
template class ConvTranspose<double, 2>;
template class ConvTranspose<double, 3>;

}    // namespace xtape::nn
