#include <xtape/core/array.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/detail/convolution/depthwise.hpp>
#include <xtape/ops/detail/convolution/geometry.hpp>
#include <xtape/ops/detail/convolution/phases.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <type_traits>
#include <utility>
#include <vector>

namespace xtape::detail {
namespace {

template <class T>
using Batch = typename Tiling<T>::Batch;

// A vector of places of one plane, or the rest of a row.
struct Cell {
    std::size_t from, to, count;
};

// Cells in the order of the output: what a short one writes too much, the next one writes over.
template <class T>
std::vector<Cell> cells(const Lattice& lattice) {
    std::vector<Cell> result;
    for (std::size_t index = 0; index < lattice.size();) {
        const auto place = lattice.at(index);
        for (std::size_t k = 0; k < place.rest; k += Tiling<T>::width)
            result.push_back({place.frame + k, place.output + k * lattice.output_steps[2],
                              std::min(Tiling<T>::width, place.rest - k)});
        index += place.rest;
    }
    return result;
}

// Taps over the cells of one output plane: sum over planes and taps of weights times frames.
template <class T>
struct Pass {
    std::vector<Cell> cells;
    std::vector<std::size_t> taps, places;    // their numbers, and where they stand in a frame
    std::size_t step;                         // of the elements of a cell in the output
    bool whole;                               // the cells are all of the output

    static constexpr std::size_t width = Tiling<T>::width, together = 4;

    // weights(plane, tap) are to be those of this output plane, of `size` elements.
    template <class Weights>
    void run(const T* frames, std::size_t planes, std::size_t frame_size, const Weights& weight, T bias, T* out,
             std::size_t size) const {
        std::vector<T> factors;
        std::vector<std::size_t> offsets;
        for (std::size_t p = 0; p < planes; ++p)
            for (std::size_t t = 0; t < taps.size(); ++t) {
                factors.push_back(weight(p, taps[t]));
                offsets.push_back(p * frame_size + places[t]);
            }
        std::size_t i = 0;
        for (; i + together <= cells.size(); i += together)
            compute<together>(frames, factors, offsets, bias, &cells[i], out, size);
        for (; i < cells.size(); ++i) compute<1>(frames, factors, offsets, bias, &cells[i], out, size);
    }

private:
    template <std::size_t count>
    void compute(const T* frames, const std::vector<T>& factors, const std::vector<std::size_t>& offsets, T bias,
                 const Cell* cell, T* out, std::size_t size) const {
        Batch<T> sums[count];
        for (std::size_t i = 0; i < count; ++i) sums[i] = Batch<T>(bias);
        for (std::size_t t = 0; t < factors.size(); ++t) {
            const Batch<T> factor(factors[t]);
            const T* from = frames + offsets[t];
#pragma GCC unroll 4
            for (std::size_t i = 0; i < count; ++i)
                sums[i] = xsimd::fma(factor, Batch<T>::load_unaligned(from + cell[i].from), sums[i]);
        }
        for (std::size_t i = 0; i < count; ++i) {
            if (cell[i].count == width ? step == 1 : whole && cell[i].to + width <= size) {
                sums[i].store_unaligned(out + cell[i].to);
                continue;
            }
            alignas(64) T elements[width];
            sums[i].store_aligned(elements);
            for (std::size_t k = 0; k < cell[i].count; ++k) out[cell[i].to + k * step] = elements[k];
        }
    }
};

std::vector<std::size_t> numbers_to(std::size_t count) {
    std::vector<std::size_t> result(count);
    for (std::size_t i = 0; i < count; ++i) result[i] = i;
    return result;
}

// The sums over one plane of y times the frame at each of up to nine taps, lane by lane, are added to `sums`.
template <class T>
class TapSums {
    static constexpr std::size_t width = Tiling<T>::width;

public:
    static constexpr std::size_t together = 9;

    explicit TapSums(const Lattice& lattice) : cells_(detail::cells<T>(lattice)), size_(lattice.size()) {
        using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
        for (std::size_t count = 0; count < width; ++count)
            for (std::size_t k = 0; k < width; ++k) masks_.push_back(std::bit_cast<T>(k < count ? ~Bits(0) : Bits(0)));
    }

    void add(const T* y, const T* frame, const std::vector<std::size_t>& taps, T* sums) const {
        for (std::size_t t = 0; t < taps.size(); t += together, sums += together * width)
            dispatch<together>(std::min(together, taps.size() - t), y, frame, &taps[t], sums);
    }

private:
    template <std::size_t count>
    void dispatch(std::size_t wanted, const T* y, const T* frame, const std::size_t* taps, T* sums) const {
        if constexpr (count > 1)
            if (wanted < count) return dispatch<count - 1>(wanted, y, frame, taps, sums);
        compute<count>(y, frame, taps, sums);
    }

    template <std::size_t count>
    void compute(const T* y, const T* frame, const std::size_t* taps, T* sums) const {
        Batch<T> total[count];
#pragma GCC unroll 9
        for (std::size_t t = 0; t < count; ++t) total[t] = Batch<T>::load_aligned(sums + t * width);
        for (const Cell& cell : cells_) {
            const Batch<T> factor = read(y, cell);
            const T* from = frame + cell.from;
            if (cell.count == width) {
#pragma GCC unroll 9
                for (std::size_t t = 0; t < count; ++t)
                    total[t] = xsimd::fma(factor, Batch<T>::load_unaligned(from + taps[t]), total[t]);
                continue;
            }
            // What stands behind a row may be anything, and 0 times a NaN is none.
            const Batch<T> mask = Batch<T>::load_unaligned(&masks_[cell.count * width]);
#pragma GCC unroll 9
            for (std::size_t t = 0; t < count; ++t)
                total[t] = xsimd::fma(factor, mask & Batch<T>::load_unaligned(from + taps[t]), total[t]);
        }
#pragma GCC unroll 9
        for (std::size_t t = 0; t < count; ++t) total[t].store_aligned(sums + t * width);
    }

    // The cell's elements, and zeros.
    Batch<T> read(const T* y, const Cell& cell) const {
        if (cell.count == width) return Batch<T>::load_unaligned(y + cell.to);
        if (cell.to + width <= size_)
            return Batch<T>::load_unaligned(&masks_[cell.count * width]) & Batch<T>::load_unaligned(y + cell.to);
        alignas(64) T elements[width] = {};
        std::copy_n(y + cell.to, cell.count, elements);
        return Batch<T>::load_aligned(elements);
    }

    std::vector<Cell> cells_;
    std::size_t size_;
    std::vector<T> masks_;    // for each count of elements: all bits, then none
};

}    // namespace

template <class T>
void convolve_depthwise(const ConvolutionShape& shape, const T* x, const T* w, const T* bias, T* y) {
    const Frame frame = input_frame(shape);
    const Lattice lattice = output_lattice(shape, frame);
    const Pass<T> pass{cells<T>(lattice), numbers_to(shape.taps()), input_taps(shape, frame), lattice.output_steps[2],
                       true};
    const std::size_t size = shape.outputs(), work = shape.out * size * (shape.taps() + 8);
    parallel_for(shape.batch * shape.groups, parallel_grain(work), [&](std::size_t begin, std::size_t end) {
        Storage<T> storage(frame.plane() + Tiling<T>::width);
        T* plane = storage.data();
        for (std::size_t i = begin; i < end; ++i) {
            frame.fill(x + i * shape.inputs(), 1, plane);
            for (std::size_t o = i * shape.out; o < (i + 1) * shape.out; ++o) {
                const std::size_t channel = o % (shape.groups * shape.out);
                const T* factors = w + channel * shape.taps();
                pass.run(
                    plane, 1, 0, [=](std::size_t, std::size_t tap) { return factors[tap]; },
                    bias == nullptr ? T(0) : bias[channel], y + o * size, size);
            }
        }
    });
}

template <class T>
void convolve_depthwise_transposed(const ConvolutionShape& shape, const T* y, const T* w, const T* bias, T* x) {
    const Frame frame = output_frame(shape);
    std::vector<Pass<T>> passes;
    each_phase(shape, frame,
               [&](const Lattice& lattice, std::vector<std::size_t>&& taps, std::vector<std::size_t>&& places) {
                   passes.push_back({cells<T>(lattice), std::move(taps), std::move(places), lattice.output_steps[2],
                                     lattice.size() == shape.inputs()});
               });
    const std::size_t size = shape.inputs(), work = shape.out * size * (shape.taps() + 8);
    parallel_for(shape.batch * shape.groups, parallel_grain(work), [&](std::size_t begin, std::size_t end) {
        Storage<T> storage(shape.out * frame.plane() + Tiling<T>::width);
        T* planes = storage.data();
        for (std::size_t i = begin; i < end; ++i) {
            const std::size_t channel = i % shape.groups;
            frame.fill(y + i * shape.out * shape.outputs(), shape.out, planes);
            const T* factors = w + channel * shape.out * shape.taps();
            for (const auto& pass : passes)
                pass.run(
                    planes, shape.out, frame.plane(),
                    [&](std::size_t plane, std::size_t tap) { return factors[plane * shape.taps() + tap]; },
                    bias == nullptr ? T(0) : bias[channel], x + i * size, size);
        }
    });
}

template <class T>
void convolve_depthwise_for_weights(const ConvolutionShape& shape, const T* x, const T* y, T* w) {
    const Frame frame = input_frame(shape);
    const auto taps = input_taps(shape, frame);
    const TapSums<T> products(output_lattice(shape, frame));
    constexpr std::size_t width = Tiling<T>::width;
    const std::size_t work = shape.batch * shape.out * shape.outputs() * (taps.size() + 8);
    parallel_for(shape.groups, parallel_grain(work), [&](std::size_t begin, std::size_t end) {
        Storage<T> storage(frame.plane() + width), lanes(shape.out * taps.size() * width);
        T *plane = storage.data(), *sums = lanes.data();
        for (std::size_t g = begin; g < end; ++g) {
            std::fill_n(sums, lanes.size(), T(0));
            for (std::size_t n = 0; n < shape.batch; ++n) {
                const std::size_t i = n * shape.groups + g;
                frame.fill(x + i * shape.inputs(), 1, plane);
                for (std::size_t o = 0; o < shape.out; ++o)
                    products.add(y + (i * shape.out + o) * shape.outputs(), plane, taps,
                                 sums + o * taps.size() * width);
            }
            for (std::size_t k = 0; k < shape.out * taps.size(); ++k)
                w[g * shape.out * taps.size() + k] = std::accumulate(sums + k * width, sums + (k + 1) * width, T(0));
        }
    });
}

template void convolve_depthwise(const ConvolutionShape&, const float*, const float*, const float*, float*);
template void convolve_depthwise(const ConvolutionShape&, const double*, const double*, const double*, double*);
template void convolve_depthwise_transposed(const ConvolutionShape&, const float*, const float*, const float*, float*);
template void convolve_depthwise_transposed(const ConvolutionShape&, const double*, const double*, const double*,
                                            double*);
template void convolve_depthwise_for_weights(const ConvolutionShape&, const float*, const float*, float*);
template void convolve_depthwise_for_weights(const ConvolutionShape&, const double*, const double*, double*);

}    // namespace xtape::detail
