// Images at other sizes: interpolation, and channels exchanged for places.
#pragma once

#include <xtape/core/variable.hpp>
#include <xtape/ops/window.hpp>

#include <cstddef>

namespace xtape {

enum class InterpolationMode {
    nearest,    // the element at floor(place in / out)
    linear      // between the nearest elements along every axis: PyTorch's linear, bilinear and trilinear
};

struct InterpolateOptions {
    PerAxis size = {};            // of the output; or
    PerAxis scale_factor = {};    // how many times as long each axis is to be
    InterpolationMode mode = InterpolationMode::nearest;
    bool align_corners = false;    // linear: the outermost elements keep their places, instead of the edges
};

// y = x at another size: along each axis y_i = (1 - t) x_j + t x_(j+1), where j + t is the place of output i among the
// inputs, (i + 1/2) in / out - 1/2, or i (in - 1) / (out - 1) with align_corners, moved to the nearest element where it
// is outside; dx is the transpose. Shapes (N, C, L) -> (N, C, size); two and three axes of places likewise. Throws
// ShapeError for other shapes and axes without places, std::invalid_argument unless one of size and scale_factor is
// given, and for align_corners without linear.
template <class T>
Variable<T> interpolate(const Variable<T>& x, const InterpolateOptions& options);

// y[n, c, h r + i, w r + j] = x[n, c r^2 + i r + j, h, w]: r^2 channels become r x r places; and back. Shapes (N, C
// r^2, H, W) -> (N, C, H r, W r). Throw ShapeError for others, std::invalid_argument for r = 0. Shi et al., "Real-time
// single image and video super-resolution using an efficient sub-pixel convolutional neural network", 2016.
template <class T>
Variable<T> pixel_shuffle(const Variable<T>& x, std::size_t r);
template <class T>
Variable<T> pixel_unshuffle(const Variable<T>& x, std::size_t r);

}    // namespace xtape
