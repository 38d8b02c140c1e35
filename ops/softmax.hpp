// Softmax and its logarithm.
#pragma once

#include <xtape/core/variable.hpp>

#include <cstddef>

namespace xtape {

// y_i = exp(x_i) / sum_j exp(x_j) along an axis; dx = y (g - sum(g y)). Finite for any finite x. Throws ShapeError for
// an axis that is not there.
template <class T>
Variable<T> softmax(const Variable<T>& x, std::ptrdiff_t axis = -1);

// y_i = x_i - log sum_j exp(x_j) along an axis; dx = g - exp(y) sum(g). Finite for any finite x. Throws ShapeError for
// an axis that is not there.
template <class T>
Variable<T> log_softmax(const Variable<T>& x, std::ptrdiff_t axis = -1);

}    // namespace xtape
