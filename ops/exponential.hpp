// Exponentials and logarithms.
#pragma once

#include <xtape/core/variable.hpp>

namespace xtape {

// y = e^x; dy/dx = y.
template <class T>
Variable<T> exp(const Variable<T>& x);
// y = 2^x; dy/dx = y ln 2.
template <class T>
Variable<T> exp2(const Variable<T>& x);
// y = e^x - 1, accurate near 0; dy/dx = e^x.
template <class T>
Variable<T> expm1(const Variable<T>& x);
// y = ln x, NaN below 0; dy/dx = 1 / x.
template <class T>
Variable<T> log(const Variable<T>& x);
// y = log2 x, NaN below 0; dy/dx = 1 / (x ln 2).
template <class T>
Variable<T> log2(const Variable<T>& x);
// y = log10 x, NaN below 0; dy/dx = 1 / (x ln 10).
template <class T>
Variable<T> log10(const Variable<T>& x);
// y = ln(1 + x), accurate near 0, NaN below -1; dy/dx = 1 / (1 + x).
template <class T>
Variable<T> log1p(const Variable<T>& x);

}    // namespace xtape
