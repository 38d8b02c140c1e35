// Sums, means and products over axes.
#pragma once

#include <xtape/core/variable.hpp>
#include <xtape/ops/axes.hpp>

namespace xtape {

struct ReduceOptions {
    bool keep_dims = false;    // the reduced axes stay, with length 1
};

// y = sum of x over the axes, by default all; dy/dx = 1. The sum of nothing is 0. Throws ShapeError for an axis that is
// not there or named twice; so do all reductions.
template <class T>
Variable<T> sum(const Variable<T>& x, const Axes& axes = all_axes, ReduceOptions options = {});

// y = sum(x) / n, n elements each; dy/dx = 1 / n. The mean of nothing is NaN.
template <class T>
Variable<T> mean(const Variable<T>& x, const Axes& axes = all_axes, ReduceOptions options = {});

// y = product of x over the axes, by default all; dy/dx_i = the product of the others, also where some are 0. The
// product of nothing is 1.
template <class T>
Variable<T> prod(const Variable<T>& x, const Axes& axes = all_axes, ReduceOptions options = {});

}    // namespace xtape
