#include <xtape/ops/detail/convolution/winograd.hpp>
#include <xtape/ops/detail/convolution/winograd_product.hpp>
#include <xtape/ops/detail/convolution/winograd_weights.hpp>

namespace xtape::detail {

bool has_winograd(const ConvolutionShape& shape) {
    const auto& [a, b, c] = shape.axes;
    auto fits = [](const ConvolutionAxis& axis) {
        return axis.kernel == 3 && axis.stride == 1 && axis.dilation == 1 && axis.padding >= 0 && axis.padding <= 2 &&
               axis.output >= 4 && axis.input >= 4 &&
               axis.output + 2 == axis.input + 2 * static_cast<std::size_t>(axis.padding);
    };
    return shape.in >= 16 && shape.out >= 16 && a.input == 1 && a.kernel == 1 && a.output == 1 && a.padding == 0 &&
           fits(b) && fits(c) && b.padding == c.padding && shape.batch * shape.outputs() >= 256;
}

bool has_winograd_for_weights(const ConvolutionShape& shape) {
    return has_winograd(shape) && (shape.outputs() >= 256 || shape.in * shape.out <= 1 << 14);
}

template <class T>
void convolve_winograd(const ConvolutionShape& shape, const T* x, const T* w, const T* bias, T* y) {
    const auto &rows = shape.axes[1], &columns = shape.axes[2];
    const Grid grid{rows.input, columns.input, rows.output, columns.output, static_cast<std::size_t>(rows.padding)};
    WinogradProduct<T>(shape.batch, shape.groups, shape.in, shape.out, grid,
                       [&](std::size_t g, std::size_t o, std::size_t c, T(&to)[3][3]) {
                           const T* from = w + ((g * shape.out + o) * shape.in + c) * 9;
                           for (std::size_t k = 0; k < 9; ++k) to[k / 3][k % 3] = from[k];
                       })
        .run(x, bias, y);
}

template <class T>
void convolve_winograd_transposed(const ConvolutionShape& shape, const T* y, const T* w, const T* bias, T* x) {
    const auto &rows = shape.axes[1], &columns = shape.axes[2];
    const Grid grid{rows.output, columns.output, rows.input, columns.input, 2 - static_cast<std::size_t>(rows.padding)};
    WinogradProduct<T>(shape.batch, shape.groups, shape.out, shape.in, grid,
                       [&](std::size_t g, std::size_t c, std::size_t o, T(&to)[3][3]) {
                           const T* from = w + ((g * shape.out + o) * shape.in + c) * 9;
                           for (std::size_t k = 0; k < 9; ++k) to[k / 3][k % 3] = from[8 - k];
                       })
        .run(y, bias, x);
}

template <class T>
void convolve_winograd_for_weights(const ConvolutionShape& shape, const T* x, const T* y, T* w) {
    const auto &rows = shape.axes[1], &columns = shape.axes[2];
    const Grid grid{rows.input, columns.input, rows.output, columns.output, static_cast<std::size_t>(rows.padding)};
    WinogradWeightProduct<T>(shape, grid).run(x, y, w);
}

template void convolve_winograd(const ConvolutionShape&, const float*, const float*, const float*, float*);
template void convolve_winograd(const ConvolutionShape&, const double*, const double*, const double*, double*);
template void convolve_winograd_transposed(const ConvolutionShape&, const float*, const float*, const float*, float*);
template void convolve_winograd_transposed(const ConvolutionShape&, const double*, const double*, const double*,
                                           double*);
template void convolve_winograd_for_weights(const ConvolutionShape&, const float*, const float*, float*);
template void convolve_winograd_for_weights(const ConvolutionShape&, const double*, const double*, double*);

}    // namespace xtape::detail
