// Windows of images as columns, and back.
#pragma once

#include <xtape/core/variable.hpp>
#include <xtape/ops/window.hpp>

namespace xtape {

struct UnfoldOptions {
    PerAxis dilation = 1;
    PerAxis padding = 0;
    PerAxis stride = 1;
};

// y[n, (c, i, j), p] = x at tap (i, j) of window p, 0 in the padding, as PyTorch's; its adjoint is fold. Shapes (N, C,
// H, W) -> (N, C kernel, windows). Throws ShapeError for other shapes and for a window longer than the padded image,
// std::invalid_argument for options out of range.
template <class T>
Variable<T> unfold(const Variable<T>& x, const PerAxis& kernel, const UnfoldOptions& options = {});

// y = the sum of the windows' elements at their places in images of size (H, W). Shapes (N, C kernel, windows) -> (N,
// C, H, W). Throws as unfold.
template <class T>
Variable<T> fold(const Variable<T>& x, const PerAxis& output_size, const PerAxis& kernel,
                 const UnfoldOptions& options = {});

}    // namespace xtape
