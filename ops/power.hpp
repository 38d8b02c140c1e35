// Powers and roots.
#pragma once

#include <xtape/core/variable.hpp>

namespace xtape {

// y = x^c; dy/dx = c x^(c - 1), 0 for c = 0. The exponents 2, 3, 4, 1/2, -1/2 and -1 cost a few multiplications, a
// division or a root (so the power 1/2 of -0 is -0, and of -infinity NaN); a negative x wants an integer exponent, else
// y is NaN.
template <class T>
Variable<T> pow(const Variable<T>& x, double exponent);
// y = a^b, broadcast; dy/da = b a^(b - 1), dy/db = y ln a, both 0 where they are 0 times something infinite (a = 0 and
// b = 0, a = 0 and b > 0). Throws ShapeError when the shapes do not broadcast.
template <class T>
Variable<T> pow(const Variable<T>& base, const Variable<T>& exponent);
// y = c^x; dy/dx = y ln c, 0 for c = 0 and x >= 0.
template <class T>
Variable<T> pow(double base, const Variable<T>& x);

// y = x^2; dy/dx = 2 x.
template <class T>
Variable<T> square(const Variable<T>& x);
// y = x^(1/2), NaN below 0; dy/dx = 1 / (2 y), infinite at 0.
template <class T>
Variable<T> sqrt(const Variable<T>& x);
// y = x^(-1/2), NaN below 0; dy/dx = -y^3 / 2.
template <class T>
Variable<T> rsqrt(const Variable<T>& x);
// y = x^(1/3), negative below 0; dy/dx = 1 / (3 y^2), infinite at 0.
template <class T>
Variable<T> cbrt(const Variable<T>& x);
// y = 1 / x; dy/dx = -y^2.
template <class T>
Variable<T> reciprocal(const Variable<T>& x);
// y = sqrt(a^2 + b^2) without overflow, broadcast; dy/da = a / y, dy/db = b / y, NaN at the origin. Throws ShapeError
// when the shapes do not broadcast.
template <class T>
Variable<T> hypot(const Variable<T>& a, const Variable<T>& b);

}    // namespace xtape
