// Functions that are recorded as a single operation and run again when their derivative is wanted: checkpoints, and the
// derivatives of fused operations where they are differentiated themselves.
#pragma once

#include <xtape/core/variable.hpp>

#include <cstddef>
#include <functional>

namespace xtape::detail {

// A function of leaves, which gives as many variables each time.
template <class T>
using VariablesFunction = std::function<Variables<T>(const Variables<T>&)>;

// Records f as one operation that keeps `x` alone. f is called on leaves with the values of the first `own` variables
// of x; the others are leaves that f uses without being given them. `y` are f's values, computed before. The derivative
// runs f again, recorded, and so does the derivative of that, to any order.
template <class T>
Variables<T> recomputed(VariablesFunction<T> f, const Variables<T>& x, std::size_t own, const Variables<T>& y);

// The gradients of f at x, weighted by g (one for each of f's values), recorded so that they can be differentiated;
// those of variables that require none are undefined.
template <class T>
Variables<T> recorded_vjp(VariablesFunction<T> f, const Variables<T>& x, const Variables<T>& g);

}    // namespace xtape::detail
