// Hyperbolic functions and their inverses.
#pragma once

#include <xtape/core/variable.hpp>

namespace xtape {

// y = sinh x; dy/dx = cosh x.
template <class T>
Variable<T> sinh(const Variable<T>& x);
// y = cosh x; dy/dx = sinh x.
template <class T>
Variable<T> cosh(const Variable<T>& x);
// y = tanh x; dy/dx = 1 / cosh(x)^2.
template <class T>
Variable<T> tanh(const Variable<T>& x);
// y = asinh x; dy/dx = 1 / sqrt(x^2 + 1).
template <class T>
Variable<T> asinh(const Variable<T>& x);
// y = acosh x, NaN below 1; dy/dx = 1 / sqrt(x^2 - 1).
template <class T>
Variable<T> acosh(const Variable<T>& x);
// y = atanh x, NaN outside [-1, 1]; dy/dx = 1 / (1 - x^2).
template <class T>
Variable<T> atanh(const Variable<T>& x);

}    // namespace xtape
