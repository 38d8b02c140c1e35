// The logarithm of a sum of exponentials.
#pragma once

#include <xtape/core/variable.hpp>
#include <xtape/ops/reduce.hpp>

namespace xtape {

// y = log sum exp(x) over the axes, by default all, without overflow: -infinity for nothing and for nothing but
// -infinities; dy/dx = exp(x - y), 0 where y is -infinity. Throws ShapeError for an axis that is not there or named
// twice.
template <class T>
Variable<T> logsumexp(const Variable<T>& x, const Axes& axes = all_axes, ReduceOptions options = {});

}    // namespace xtape
