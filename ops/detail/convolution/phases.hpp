// A transposed convolution with a stride, as convolutions without: inputs that are a multiple of the stride apart read
// the same taps.
#pragma once

#include <xtape/ops/detail/convolution/lattice.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace xtape::detail {

// One axis of the inputs that are as far from where the kernel's stride would put a tap, `phase`: these read the same
// taps, with stride 1.
struct Phase {
    std::vector<std::size_t> taps;      // their numbers,
    std::vector<std::size_t> places;    // and where the output that belongs to each stands in the frame
    std::size_t first, count;           // inputs first, first + stride, ...
    std::size_t frame_first;
};

// The outputs that the inputs of one axis read, counted from `low` on.
struct Reach {
    std::ptrdiff_t low;
    std::size_t length, deepest;
    explicit Reach(const ConvolutionAxis& axis) {
        const auto stride = static_cast<std::ptrdiff_t>(axis.stride), input = static_cast<std::ptrdiff_t>(axis.input);
        deepest = (axis.kernel - 1) * axis.dilation / axis.stride;
        const std::ptrdiff_t first = axis.padding / stride, last = (input - 1 + axis.padding) / stride;
        low = first - static_cast<std::ptrdiff_t>(deepest);
        length = static_cast<std::size_t>(last - low + 1);
    }
};

inline std::vector<Phase> phases(const ConvolutionAxis& axis) {
    const Reach reach(axis);
    std::vector<Phase> result;
    const auto stride = static_cast<std::ptrdiff_t>(axis.stride), input = static_cast<std::ptrdiff_t>(axis.input);
    for (std::ptrdiff_t f = 0; f < stride; ++f) {
        // The first of the inputs u stride + f - padding, and its u.
        const std::ptrdiff_t u = axis.padding > f ? (axis.padding - f + stride - 1) / stride : 0,
                             first = u * stride + f - axis.padding;
        if (first >= input) continue;
        Phase phase{{},
                    {},
                    static_cast<std::size_t>(first),
                    static_cast<std::size_t>((input - first + stride - 1) / stride),
                    static_cast<std::size_t>(u - axis.padding / stride)};
        for (std::size_t k = 0; k < axis.kernel; ++k)
            if (k * axis.dilation % axis.stride == static_cast<std::size_t>(f)) {
                phase.taps.push_back(k);
                phase.places.push_back(reach.deepest - k * axis.dilation / axis.stride);
            }
        result.push_back(std::move(phase));
    }
    return result;
}

// The frame of y that the transposed convolution reads.
inline Frame output_frame(const ConvolutionShape& shape) {
    Frame frame;
    for (std::size_t d = 0; d < 3; ++d) {
        const Reach reach(shape.axes[d]);
        frame.axes[d] = {shape.axes[d].output, reach.length, -reach.low};
    }
    return frame;
}

// Calls work(lattice of inputs, numbers of the taps, their places in the frame).
template <class Work>
void each_phase(const ConvolutionShape& shape, const Frame& frame, const Work& work) {
    const auto& [a, b, c] = shape.axes;
    for (const auto& p : phases(a))
        for (const auto& q : phases(b))
            for (const auto& r : phases(c)) {
                Lattice lattice{{p.count, q.count, r.count},
                                {a.stride * b.input * c.input, b.stride * c.input, c.stride},
                                {frame.slice(), frame.row()},
                                (p.first * b.input + q.first) * c.input + r.first,
                                frame.place(p.frame_first, q.frame_first, r.frame_first)};
                lattice.merge();
                std::vector<std::size_t> taps, places;
                for (std::size_t i = 0; i < p.taps.size(); ++i)
                    for (std::size_t j = 0; j < q.taps.size(); ++j)
                        for (std::size_t k = 0; k < r.taps.size(); ++k) {
                            taps.push_back((p.taps[i] * b.kernel + q.taps[j]) * c.kernel + r.taps[k]);
                            places.push_back(frame.place(p.places[i], q.places[j], r.places[k]));
                        }
                work(lattice, std::move(taps), std::move(places));
            }
}

}    // namespace xtape::detail
