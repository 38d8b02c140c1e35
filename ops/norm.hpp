// Lengths of vectors.
#pragma once

#include <xtape/core/variable.hpp>
#include <xtape/ops/reduce.hpp>

namespace xtape {

// y = (sum |x|^p)^(1/p) over the axes, by default all: max |x| for p = infinity, min |x| for p = -infinity, the number
// of elements that are not 0 for p = 0; dy/dx = sign(x) (|x| / y)^(p - 1), 0 where y is 0 and at x = 0 (for p = 0
// everywhere; ties share where p is infinite). Throws ShapeError for an axis that is not there or named twice or, where
// p is infinite, for elements of nothing, std::invalid_argument when p is NaN.
template <class T>
Variable<T> norm(const Variable<T>& x, double p = 2, const Axes& axes = all_axes, ReduceOptions options = {});

namespace detail {

// y = sqrt(x); dy/dx = 1 / (2 y), but 0 at 0.
template <class T>
Variable<T> root(const Variable<T>& x);

// y = a / b, but 0 where b is 0, and so are its derivatives.
template <class T>
Variable<T> safe_divide(const Variable<T>& a, const Variable<T>& b);

}    // namespace detail
}    // namespace xtape
