// Pooling: one number for each window that moves over images (batch, channels, places...) with one, two or three axes
// of places; and its undoing. Adaptive pooling to size 1 is global pooling.
#pragma once

#include <xtape/core/variable.hpp>
#include <xtape/ops/window.hpp>

#include <cstddef>
#include <optional>

namespace xtape {

struct MaxPoolOptions {
    PerAxis stride = {};    // none: the kernel's lengths
    PerAxis padding = 0;    // places that are never the largest; at most half a window
    PerAxis dilation = 1;
    bool ceil_mode = false;    // windows may reach beyond the end, if they begin inside
};

// y = the largest x in each window, NaN if there is one; dy/dx = 1 at the largest, of equal ones at the first in
// row-major order, as PyTorch's. Each output axis has (in + 2 padding - dilation (kernel - 1) - 1) / stride + 1 places,
// rounded down, or up in ceil_mode. Shapes (N, C, L) -> (N, C, L'); two and three axes of places likewise. Throws
// ShapeError for other shapes and for a window longer than the padded image, std::invalid_argument for options out of
// range.
template <class T>
Variable<T> max_pool1d(const Variable<T>& x, const PerAxis& kernel, const MaxPoolOptions& options = {});
template <class T>
Variable<T> max_pool2d(const Variable<T>& x, const PerAxis& kernel, const MaxPoolOptions& options = {});
template <class T>
Variable<T> max_pool3d(const Variable<T>& x, const PerAxis& kernel, const MaxPoolOptions& options = {});

// The largest elements, and the places where they are, counted in row-major order through each channel's image.
template <class T>
struct MaxPooled {
    Variable<T> values;
    Indices indices;
};
template <class T>
MaxPooled<T> max_pool1d_with_indices(const Variable<T>& x, const PerAxis& kernel, const MaxPoolOptions& options = {});
template <class T>
MaxPooled<T> max_pool2d_with_indices(const Variable<T>& x, const PerAxis& kernel, const MaxPoolOptions& options = {});
template <class T>
MaxPooled<T> max_pool3d_with_indices(const Variable<T>& x, const PerAxis& kernel, const MaxPoolOptions& options = {});

struct MaxUnpoolOptions {
    PerAxis stride = {};    // none: the kernel's lengths
    PerAxis padding = 0;
    PerAxis output_size = {};    // none: (in - 1) stride - 2 padding + kernel on each axis
};

// y = zeros with the elements of x at the places that a max_pool with indices gave; where places repeat, their sum. dx
// = g at those places. Throws ShapeError when x and indices differ in shape, std::out_of_range for an index beyond the
// output, std::invalid_argument.
template <class T>
Variable<T> max_unpool1d(const Variable<T>& x, const Indices& indices, const PerAxis& kernel,
                         const MaxUnpoolOptions& options = {});
template <class T>
Variable<T> max_unpool2d(const Variable<T>& x, const Indices& indices, const PerAxis& kernel,
                         const MaxUnpoolOptions& options = {});
template <class T>
Variable<T> max_unpool3d(const Variable<T>& x, const Indices& indices, const PerAxis& kernel,
                         const MaxUnpoolOptions& options = {});

struct AvgPoolOptions {
    PerAxis stride = {};    // none: the kernel's lengths
    PerAxis padding = 0;    // zeros around the image; at most half a window
    bool ceil_mode = false;
    bool count_include_pad = true;                       // in the number that a sum is divided by
    std::optional<std::size_t> divisor_override = {};    // divides every sum, if given
};

// y = the mean of x in each window; dy/dx = 1 / n. Shapes and errors as max_pool's.
template <class T>
Variable<T> avg_pool1d(const Variable<T>& x, const PerAxis& kernel, const AvgPoolOptions& options = {});
template <class T>
Variable<T> avg_pool2d(const Variable<T>& x, const PerAxis& kernel, const AvgPoolOptions& options = {});
template <class T>
Variable<T> avg_pool3d(const Variable<T>& x, const PerAxis& kernel, const AvgPoolOptions& options = {});

// The same over windows that divide each axis into `size` parts: number i from i in / size, rounded down, to (i + 1) in
// / size, rounded up. Shapes (N, C, L) -> (N, C, size). Throws ShapeError for other shapes and for axes without places,
// std::invalid_argument for sizes below 1.
template <class T>
Variable<T> adaptive_avg_pool1d(const Variable<T>& x, const PerAxis& size);
template <class T>
Variable<T> adaptive_avg_pool2d(const Variable<T>& x, const PerAxis& size);
template <class T>
Variable<T> adaptive_avg_pool3d(const Variable<T>& x, const PerAxis& size);
template <class T>
Variable<T> adaptive_max_pool1d(const Variable<T>& x, const PerAxis& size);
template <class T>
Variable<T> adaptive_max_pool2d(const Variable<T>& x, const PerAxis& size);
template <class T>
Variable<T> adaptive_max_pool3d(const Variable<T>& x, const PerAxis& size);

struct LpPoolOptions {
    PerAxis stride = {};    // none: the kernel's lengths
    bool ceil_mode = false;
};

// y = (sum of x^p)^(1/p) over each window; dy/dx = (x / y)^(p - 1), 0 where the sum is 0. A window that reaches beyond
// the end has its sum scaled to all of its places, as PyTorch's. Shapes and errors as max_pool's; std::invalid_argument
// for a p that is not positive and finite.
template <class T>
Variable<T> lp_pool1d(const Variable<T>& x, double p, const PerAxis& kernel, const LpPoolOptions& options = {});
template <class T>
Variable<T> lp_pool2d(const Variable<T>& x, double p, const PerAxis& kernel, const LpPoolOptions& options = {});
template <class T>
Variable<T> lp_pool3d(const Variable<T>& x, double p, const PerAxis& kernel, const LpPoolOptions& options = {});

}    // namespace xtape
