// Where a convolution's inputs, taps and outputs stand.
#pragma once

#include <xtape/ops/detail/convolution/lattice.hpp>

#include <cstddef>
#include <vector>

namespace xtape::detail {

// The frame of x that a convolution reads.
inline Frame input_frame(const ConvolutionShape& shape) {
    Frame frame;
    for (std::size_t d = 0; d < 3; ++d) {
        const auto& axis = shape.axes[d];
        frame.axes[d] = {axis.input, (axis.output - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1,
                         axis.padding};
    }
    frame.split = shape.axes[2].stride;
    return frame;
}

// Where the taps stand in it.
inline std::vector<std::size_t> input_taps(const ConvolutionShape& shape, const Frame& frame) {
    std::vector<std::size_t> taps;
    const auto& [a, b, c] = shape.axes;
    for (std::size_t i = 0; i < a.kernel; ++i)
        for (std::size_t j = 0; j < b.kernel; ++j)
            for (std::size_t k = 0; k < c.kernel; ++k)
                taps.push_back(frame.place(i * a.dilation, j * b.dilation, k * c.dilation));
    return taps;
}

// The outputs, and where the patch of each begins in it.
inline Lattice output_lattice(const ConvolutionShape& shape, const Frame& frame) {
    const auto& [a, b, c] = shape.axes;
    Lattice lattice{{a.output, b.output, c.output},
                    {b.output * c.output, c.output, 1},
                    {a.stride * frame.slice(), b.stride * frame.row()},
                    0,
                    0};
    lattice.merge();
    return lattice;
}

}    // namespace xtape::detail
