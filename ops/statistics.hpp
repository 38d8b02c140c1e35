// Variance and standard deviation.
#pragma once

#include <xtape/core/variable.hpp>
#include <xtape/ops/axes.hpp>

namespace xtape {

struct VarianceOptions {
    int ddof = 1;              // the sum of squares is divided by n - ddof: 1 for a sample, 0 for all there is
    bool keep_dims = false;    // the reduced axes stay, with length 1
};

// y = sum (x - mean(x))^2 / (n - ddof) over the axes, by default all; dy/dx = 2 (x - mean(x)) / (n - ddof). The default
// ddof is 1, as in PyTorch (NumPy's and xtensor's is 0); n <= ddof gives NaN. Throws ShapeError for an axis that is
// not there or named twice.
template <class T>
Variable<T> var(const Variable<T>& x, const Axes& axes = all_axes, VarianceOptions options = {});

// y = sqrt(var(x)), and dy/dx = (x - mean(x)) / ((n - ddof) y), 0 where y is 0, as PyTorch's std. Errors as var.
template <class T>
Variable<T> stddev(const Variable<T>& x, const Axes& axes = all_axes, VarianceOptions options = {});

}    // namespace xtape
