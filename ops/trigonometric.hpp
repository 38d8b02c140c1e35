// Trigonometric functions and their inverses, in radians.
#pragma once

#include <xtape/core/variable.hpp>

namespace xtape {

// y = sin x; dy/dx = cos x.
template <class T>
Variable<T> sin(const Variable<T>& x);
// y = cos x; dy/dx = -sin x.
template <class T>
Variable<T> cos(const Variable<T>& x);
// y = tan x; dy/dx = 1 + y^2.
template <class T>
Variable<T> tan(const Variable<T>& x);
// y = asin x, NaN outside [-1, 1]; dy/dx = 1 / sqrt(1 - x^2).
template <class T>
Variable<T> asin(const Variable<T>& x);
// y = acos x, NaN outside [-1, 1]; dy/dx = -1 / sqrt(1 - x^2).
template <class T>
Variable<T> acos(const Variable<T>& x);
// y = atan x; dy/dx = 1 / (1 + x^2).
template <class T>
Variable<T> atan(const Variable<T>& x);
// y = the angle of the point (x, y) = (b, a) from the x axis, in [-pi, pi], broadcast; dy/da = b / (a^2 + b^2), dy/db =
// -a / (a^2 + b^2). Throws ShapeError when the shapes do not broadcast.
template <class T>
Variable<T> atan2(const Variable<T>& a, const Variable<T>& b);

}    // namespace xtape
