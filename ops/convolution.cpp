#include <xtape/ops/convolution.hpp>
#include <xtape/ops/detail/convolution/problem.hpp>
#include <xtape/ops/pad.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace xtape {
namespace {

// Refuses shapes and options of an operation.
struct Check {
    const char* operation;
    std::size_t rank;

    [[noreturn]] void refuse(const std::string& got, const std::string& wanted) const {
        throw ShapeError("[" + std::string(operation) + "] got " + got + "; wanted " + wanted);
    }
    // (`first`, `second`, ...) of the rank's axes.
    std::string axes(const char* first, const char* second) const {
        return "(" + std::string(first) + ", " + second +
               (rank == 1 ? ", ...), 3 axes" : ", ...), " + std::to_string(rank + 2) + " axes");
    }
    void dimensions(const Shape& x, const Shape& w, std::size_t groups, const char* wanted_first,
                    const char* wanted_second) const {
        if (x.size() != rank + 2) refuse("an input of the shape " + to_string(x), axes("N", "C"));
        if (w.size() != rank + 2) refuse("weights of the shape " + to_string(w), axes(wanted_first, wanted_second));
        for (std::size_t d = 2; d < w.size(); ++d)
            if (w[d] == 0) refuse("weights of the shape " + to_string(w), "kernels with elements");
        if (groups == 0)
            throw std::invalid_argument("[" + std::string(operation) + "] got groups = 0; wanted 1 or more");
        if (w[0] % groups != 0)
            refuse("weights of the shape " + to_string(w) + " and groups = " + std::to_string(groups),
                   "a first axis that the groups divide");
    }
    template <class T>
    void bias(const Variable<T>& b, std::size_t channels) const {
        if (b.defined() && !same_shape(b.shape(), Shape{channels}))
            refuse("a bias of the shape " + to_string(b.shape()), to_string(Shape{channels}));
    }
};

// x with its elements around it.
template <class T>
Variable<T> with_margins(const Variable<T>& x, const Padding::Sides& padding, PaddingMode mode) {
    std::vector<PadWidth> widths(2);
    for (std::size_t d = 0; d < padding.before.size(); ++d) widths.push_back({padding.before[d], padding.after[d]});
    return pad(x, widths,
               {.mode = mode == PaddingMode::reflect     ? PadMode::reflect
                        : mode == PaddingMode::replicate ? PadMode::edge
                                                         : PadMode::wrap});
}

template <class T>
Variable<T> conv(const char* operation, std::size_t rank, const Variable<T>& input, const Variable<T>& w,
                 const Variable<T>& b, const ConvOptions& options) {
    const Check check{operation, rank};
    const Shape &shape = input.shape(), &kernel = w.shape();
    check.dimensions(shape, kernel, options.groups, "O", "C / groups");
    if (shape[1] != kernel[1] * options.groups)
        check.refuse("an input of the shape " + to_string(shape),
                     std::to_string(kernel[1] * options.groups) + " channels, as the weights " + to_string(kernel) +
                         " have for groups = " + std::to_string(options.groups));
    check.bias(b, kernel[0]);
    const Shape stride = options.stride.of(operation, "stride", rank, 1),
                dilation = options.dilation.of(operation, "dilation", rank, 1);
    Shape window(rank);
    for (std::size_t d = 0; d < rank; ++d) window[d] = dilation[d] * (kernel[d + 2] - 1) + 1;
    auto padding = options.padding.of(operation, window, stride);
    for (std::size_t d = 0; d < rank; ++d)
        if (shape[d + 2] + padding.before[d] + padding.after[d] < window[d])
            check.refuse("an input of the shape " + to_string(shape), "at least " + std::to_string(window[d]) +
                                                                          " places, padding included, on axis " +
                                                                          std::to_string(d + 2));
    Variable<T> x = input;
    if (options.padding_mode != PaddingMode::zeros) {
        x = with_margins(input, padding, options.padding_mode);
        padding = {Shape(rank, 0), Shape(rank, 0)};
    }
    detail::Problem problem{{shape[0], options.groups, kernel[1], kernel[0] / options.groups, {}}, rank};
    for (std::size_t d = 0; d < rank; ++d) {
        const std::size_t length = x.shape()[d + 2];
        problem.sizes.axes[d + 3 - rank] = {
            length,    kernel[d + 2], (length + padding.before[d] + padding.after[d] - window[d]) / stride[d] + 1,
            stride[d], dilation[d],   static_cast<std::ptrdiff_t>(padding.before[d])};
    }
    return detail::convolution(problem, x, w, b);
}

template <class T>
Variable<T> conv_transpose(const char* operation, std::size_t rank, const Variable<T>& x, const Variable<T>& w,
                           const Variable<T>& b, const ConvTransposeOptions& options) {
    const Check check{operation, rank};
    const Shape &shape = x.shape(), &kernel = w.shape();
    check.dimensions(shape, kernel, options.groups, "C", "O / groups");
    if (shape[1] != kernel[0])
        check.refuse("an input of the shape " + to_string(shape),
                     std::to_string(kernel[0]) + " channels, as the weights " + to_string(kernel) + " have");
    check.bias(b, kernel[1] * options.groups);
    const Shape stride = options.stride.of(operation, "stride", rank, 1),
                dilation = options.dilation.of(operation, "dilation", rank, 1),
                padding = options.padding.of(operation, "padding", rank, 0),
                more = options.output_padding.of(operation, "output_padding", rank, 0);
    detail::Problem problem{{shape[0], options.groups, kernel[1], kernel[0] / options.groups, {}}, rank};
    for (std::size_t d = 0; d < rank; ++d) {
        if (more[d] >= std::max(stride[d], dilation[d]))
            throw std::invalid_argument("[" + std::string(operation) +
                                        "] got output_padding = " + std::to_string(more[d]) +
                                        "; wanted less than the larger of stride and dilation");
        const std::size_t reach = (shape[d + 2] - 1) * stride[d] + dilation[d] * (kernel[d + 2] - 1) + more[d] + 1;
        if (shape[d + 2] == 0 || reach <= 2 * padding[d])
            check.refuse("an input of the shape " + to_string(shape),
                         "one whose output, before its padding is cut off, is longer than that on axis " +
                             std::to_string(d + 2));
        problem.sizes.axes[d + 3 - rank] = {reach - 2 * padding[d],
                                            kernel[d + 2],
                                            shape[d + 2],
                                            stride[d],
                                            dilation[d],
                                            static_cast<std::ptrdiff_t>(padding[d])};
    }
    return detail::convolution_transposed(problem, x, w, b);
}

}    // namespace

template <class T>
Variable<T> conv1d(const Variable<T>& x, const Variable<T>& weight, const ConvOptions& options) {
    return conv1d(x, weight, Variable<T>(), options);
}
template <class T>
Variable<T> conv1d(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias,
                   const ConvOptions& options) {
    return conv("conv1d", 1, x, weight, bias, options);
}
template <class T>
Variable<T> conv2d(const Variable<T>& x, const Variable<T>& weight, const ConvOptions& options) {
    return conv2d(x, weight, Variable<T>(), options);
}
template <class T>
Variable<T> conv2d(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias,
                   const ConvOptions& options) {
    return conv("conv2d", 2, x, weight, bias, options);
}
template <class T>
Variable<T> conv3d(const Variable<T>& x, const Variable<T>& weight, const ConvOptions& options) {
    return conv3d(x, weight, Variable<T>(), options);
}
template <class T>
Variable<T> conv3d(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias,
                   const ConvOptions& options) {
    return conv("conv3d", 3, x, weight, bias, options);
}
template <class T>
Variable<T> conv_transpose1d(const Variable<T>& x, const Variable<T>& weight, const ConvTransposeOptions& options) {
    return conv_transpose1d(x, weight, Variable<T>(), options);
}
template <class T>
Variable<T> conv_transpose1d(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias,
                             const ConvTransposeOptions& options) {
    return conv_transpose("conv_transpose1d", 1, x, weight, bias, options);
}
template <class T>
Variable<T> conv_transpose2d(const Variable<T>& x, const Variable<T>& weight, const ConvTransposeOptions& options) {
    return conv_transpose2d(x, weight, Variable<T>(), options);
}
template <class T>
Variable<T> conv_transpose2d(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias,
                             const ConvTransposeOptions& options) {
    return conv_transpose("conv_transpose2d", 2, x, weight, bias, options);
}
template <class T>
Variable<T> conv_transpose3d(const Variable<T>& x, const Variable<T>& weight, const ConvTransposeOptions& options) {
    return conv_transpose3d(x, weight, Variable<T>(), options);
}
template <class T>
Variable<T> conv_transpose3d(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias,
                             const ConvTransposeOptions& options) {
    return conv_transpose("conv_transpose3d", 3, x, weight, bias, options);
}

template Variable<float> conv1d(const Variable<float>&, const Variable<float>&, const ConvOptions&);
template Variable<float> conv1d(const Variable<float>&, const Variable<float>&, const Variable<float>&,
                                const ConvOptions&);
template Variable<float> conv2d(const Variable<float>&, const Variable<float>&, const ConvOptions&);
template Variable<float> conv2d(const Variable<float>&, const Variable<float>&, const Variable<float>&,
                                const ConvOptions&);
template Variable<float> conv3d(const Variable<float>&, const Variable<float>&, const ConvOptions&);
template Variable<float> conv3d(const Variable<float>&, const Variable<float>&, const Variable<float>&,
                                const ConvOptions&);
template Variable<float> conv_transpose1d(const Variable<float>&, const Variable<float>&, const ConvTransposeOptions&);
template Variable<float> conv_transpose1d(const Variable<float>&, const Variable<float>&, const Variable<float>&,
                                          const ConvTransposeOptions&);
template Variable<float> conv_transpose2d(const Variable<float>&, const Variable<float>&, const ConvTransposeOptions&);
template Variable<float> conv_transpose2d(const Variable<float>&, const Variable<float>&, const Variable<float>&,
                                          const ConvTransposeOptions&);
template Variable<float> conv_transpose3d(const Variable<float>&, const Variable<float>&, const ConvTransposeOptions&);
template Variable<float> conv_transpose3d(const Variable<float>&, const Variable<float>&, const Variable<float>&,
                                          const ConvTransposeOptions&);
template Variable<double> conv1d(const Variable<double>&, const Variable<double>&, const ConvOptions&);
template Variable<double> conv1d(const Variable<double>&, const Variable<double>&, const Variable<double>&,
                                 const ConvOptions&);
template Variable<double> conv2d(const Variable<double>&, const Variable<double>&, const ConvOptions&);
template Variable<double> conv2d(const Variable<double>&, const Variable<double>&, const Variable<double>&,
                                 const ConvOptions&);
template Variable<double> conv3d(const Variable<double>&, const Variable<double>&, const ConvOptions&);
template Variable<double> conv3d(const Variable<double>&, const Variable<double>&, const Variable<double>&,
                                 const ConvOptions&);
template Variable<double> conv_transpose1d(const Variable<double>&, const Variable<double>&,
                                           const ConvTransposeOptions&);
template Variable<double> conv_transpose1d(const Variable<double>&, const Variable<double>&, const Variable<double>&,
                                           const ConvTransposeOptions&);
template Variable<double> conv_transpose2d(const Variable<double>&, const Variable<double>&,
                                           const ConvTransposeOptions&);
template Variable<double> conv_transpose2d(const Variable<double>&, const Variable<double>&, const Variable<double>&,
                                           const ConvTransposeOptions&);
template Variable<double> conv_transpose3d(const Variable<double>&, const Variable<double>&,
                                           const ConvTransposeOptions&);
template Variable<double> conv_transpose3d(const Variable<double>&, const Variable<double>&, const Variable<double>&,
                                           const ConvTransposeOptions&);

}    // namespace xtape
