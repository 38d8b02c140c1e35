#include <xtape/ops/detail/convolution.hpp>
#include <xtape/ops/detail/convolution/depthwise.hpp>
#include <xtape/ops/detail/convolution/geometry.hpp>
#include <xtape/ops/detail/convolution/patch_product.hpp>
#include <xtape/ops/detail/convolution/phases.hpp>
#include <xtape/ops/detail/convolution/winograd.hpp>

namespace xtape::detail {
template <class T>
void convolve(const ConvolutionShape& shape, const T* x, const T* w, const T* bias, T* y) {
    if (shape.batch * shape.groups * shape.out * shape.outputs() == 0) return;
    if (has_winograd(shape)) return convolve_winograd(shape, x, w, bias, y);
    if (is_depthwise(shape)) return convolve_depthwise(shape, x, w, bias, y);
    const Frame frame = input_frame(shape);
    Part<T> part{output_lattice(shape, frame), input_taps(shape, frame), {}};
    const std::size_t depth = shape.in * shape.taps();
    for (std::size_t g = 0; g < shape.groups; ++g, w += shape.out * depth)
        part.weights.emplace_back(shape.out, depth, [=](std::size_t row, std::size_t d) { return w[row * depth + d]; });
    std::vector<Part<T>> parts;
    parts.push_back(std::move(part));
    PatchProduct<T>(shape.batch, shape.groups, shape.in, frame, shape.outputs(), std::move(parts)).run(x, bias, y);
}

template <class T>
void convolve_transposed(const ConvolutionShape& shape, const T* y, const T* w, const T* bias, T* x) {
    if (shape.batch * shape.groups * shape.in * shape.inputs() == 0) return;
    if (has_winograd(shape)) return convolve_winograd_transposed(shape, y, w, bias, x);
    if (is_depthwise(shape)) return convolve_depthwise_transposed(shape, y, w, bias, x);
    const Frame frame = output_frame(shape);
    std::vector<Part<T>> parts;
    const std::size_t size = shape.taps(), in = shape.in;
    each_phase(shape, frame,
               [&](const Lattice& lattice, const std::vector<std::size_t>& taps, std::vector<std::size_t>&& places) {
                   Part<T> part{lattice, std::move(places), {}};
                   std::vector<std::size_t> steps;    // to each output channel and tap
                   for (std::size_t o = 0; o < shape.out; ++o)
                       for (const std::size_t tap : taps) steps.push_back(o * in * size + tap);
                   for (std::size_t g = 0; g < shape.groups; ++g) {
                       const T* weights = w + g * shape.out * in * size;
                       part.weights.emplace_back(in, steps.size(), [=, &steps](std::size_t row, std::size_t d) {
                           return weights[row * size + steps[d]];
                       });
                   }
                   parts.push_back(std::move(part));
               });
    PatchProduct<T>(shape.batch, shape.groups, shape.out, frame, shape.inputs(), std::move(parts)).run(y, bias, x);
}

template void convolve(const ConvolutionShape&, const float*, const float*, const float*, float*);
template void convolve(const ConvolutionShape&, const double*, const double*, const double*, double*);
template void convolve_transposed(const ConvolutionShape&, const float*, const float*, const float*, float*);
template void convolve_transposed(const ConvolutionShape&, const double*, const double*, const double*, double*);

}    // namespace xtape::detail
