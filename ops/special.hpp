// Special functions: the error function and the logarithm of the gamma function with its derivatives.
#pragma once

#include <xtape/core/variable.hpp>

namespace xtape {

// y = 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x; dy/dx = 2 / sqrt(pi) e^(-x^2).
template <class T>
Variable<T> erf(const Variable<T>& x);
// y = 1 - erf(x), accurate where it is small; dy/dx = -2 / sqrt(pi) e^(-x^2).
template <class T>
Variable<T> erfc(const Variable<T>& x);

// y = ln |gamma(x)|, infinite at 0 and the negative integers; dy/dx = digamma(x).
template <class T>
Variable<T> lgamma(const Variable<T>& x);
// y = the derivative of ln gamma(x), NaN at the negative integers, of infinite size at 0; dy/dx = polygamma(1, x).
template <class T>
Variable<T> digamma(const Variable<T>& x);
// y = the n-th derivative of digamma(x), digamma itself for n = 0; dy/dx = polygamma(n + 1, x). Throws
// std::invalid_argument for n < 0.
template <class T>
Variable<T> polygamma(int n, const Variable<T>& x);

}    // namespace xtape
