// Arrays joined, and taken apart again.
#pragma once

#include <xtape/core/variable.hpp>
#include <xtape/ops/axes.hpp>

namespace xtape {

// y = the arrays one after the other along an axis that they have; dy/dx = 1, each its part of the gradient. Throws
// ShapeError when there are none, or when their shapes differ in more than that axis.
template <class T>
Variable<T> concat(const Variables<T>& arrays, std::ptrdiff_t axis = 0);

// y = the arrays along a new axis; y.shape() has it at the place `axis`. Throws ShapeError when there are none, or when
// their shapes differ.
template <class T>
Variable<T> stack(const Variables<T>& arrays, std::ptrdiff_t axis = 0);

// The parts of x along an axis, `size` elements each (the last may have fewer) or as many as `sizes` says, as PyTorch's
// split; they are views of x and cost no copy. Throws ShapeError for a size below 1, or when the sizes do not add up
// to the axis.
template <class T>
Variables<T> split(const Variable<T>& x, std::ptrdiff_t size, std::ptrdiff_t axis = 0);
template <class T>
Variables<T> split(const Variable<T>& x, const Lengths& sizes, std::ptrdiff_t axis = 0);

// x at each index of an axis, without that axis: pick(x, 0, axis), pick(x, 1, axis), ... The inverse of stack.
template <class T>
Variables<T> unstack(const Variable<T>& x, std::ptrdiff_t axis = 0);

// The same of arrays listed in place: concat({a, b}, 1).
template <class T>
Variable<T> concat(std::initializer_list<Variable<T>> arrays, std::ptrdiff_t axis = 0) {
    return concat(Variables<T>(arrays), axis);
}
template <class T>
Variable<T> stack(std::initializer_list<Variable<T>> arrays, std::ptrdiff_t axis = 0) {
    return stack(Variables<T>(arrays), axis);
}

}    // namespace xtape
