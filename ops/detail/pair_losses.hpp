// Losses of a number and its target, each in one pass over memory; nn/ reduces them and checks what they are given.
#pragma once

#include <xtape/core/variable.hpp>

namespace xtape::detail {

// (x - t)^2
template <class T>
Variable<T> squared_difference(const Variable<T>& x, const Variable<T>& target);

// (x - t)^2 / 2 where |x - t| <= delta, else delta (|x - t| - delta / 2)
template <class T>
Variable<T> huber(const Variable<T>& x, const Variable<T>& target, double delta);

// -p t log(sigmoid(x)) - (1 - t) log(1 - sigmoid(x)), with the weight p of t
template <class T>
Variable<T> logistic(const Variable<T>& x, const Variable<T>& target, double weight);

}    // namespace xtape::detail
