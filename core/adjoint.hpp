// The operations that the sweep itself works with: adding gradients up, and undoing broadcasting.
#pragma once

#include <xtape/core/variable.hpp>

namespace xtape {

// y = a + b, broadcast; dy/da = dy/db = 1. Throws ShapeError when the shapes do not broadcast.
template <class T>
Variable<T> add(const Variable<T>& a, const Variable<T>& b);

// y = x repeated along new leading axes and along axes of length 1; its adjoint is sum_to. No elements are copied until
// they are needed in order. Throws ShapeError when x does not broadcast to `shape`.
template <class T>
Variable<T> broadcast_to(const Variable<T>& x, const Shape& shape);

// y = x summed over the axes along which `shape` would be broadcast to x.shape(); its adjoint is broadcast_to. Throws
// ShapeError when it would not.
template <class T>
Variable<T> sum_to(const Variable<T>& x, const Shape& shape);

}    // namespace xtape
