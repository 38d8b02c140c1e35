// Functions with steps: the absolute value, the sign and rounding to integers.
#pragma once

#include <xtape/core/variable.hpp>

namespace xtape {

// y = |x|; dy/dx = sign(x), 0 at 0.
template <class T>
Variable<T> abs(const Variable<T>& x);
// y = 1 where x > 0, -1 where x < 0, 0 at 0, NaN at NaN; dy/dx = 0 everywhere.
template <class T>
Variable<T> sign(const Variable<T>& x);
// y = the largest integer <= x; dy/dx = 0 everywhere.
template <class T>
Variable<T> floor(const Variable<T>& x);
// y = the smallest integer >= x; dy/dx = 0 everywhere.
template <class T>
Variable<T> ceil(const Variable<T>& x);
// y = the integer nearest to x, halves to the even one; dy/dx = 0 everywhere.
template <class T>
Variable<T> round(const Variable<T>& x);

}    // namespace xtape
