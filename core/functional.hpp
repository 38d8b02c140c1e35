// Whole derivatives of functions: vjp, jvp, hvp, jacobian, hessian.
#pragma once

#include <xtape/core/backward.hpp>
#include <xtape/core/variable.hpp>

#include <concepts>
#include <functional>
#include <type_traits>

namespace xtape {
namespace detail {

template <class T>
using Map = std::function<Variable<T>(const Variable<T>&)>;

template <class T>
Array<T> vjp(const Map<T>& f, const Variable<T>& x, const Array<T>& cotangent);
template <class T>
Array<T> jvp(const Map<T>& f, const Variable<T>& x, const Array<T>& tangent);
template <class T>
Array<T> hvp(const Map<T>& f, const Variable<T>& x, const Array<T>& direction);
template <class T>
Array<T> jacobian(const Map<T>& f, const Variable<T>& x);
template <class T>
Array<T> hessian(const Map<T>& f, const Variable<T>& x);

}    // namespace detail

// f is called on a leaf of its own with x's value, and recorded even under NoGrad; x's grad() stays as it is. Where f
// does not depend on its argument the derivative is zero.

// v^T J, of x's shape; v has the shape of f(x). Throws ShapeError, as do all below.
template <class F, class T>
requires std::invocable < F, const Variable<T>
& > Array<T> vjp(F f, const Variable<T>& x, const std::type_identity_t<Array<T>>& v) { return detail::vjp<T>(f, x, v); }

// J v, of the shape of f(x); v has x's shape. Two reverse sweeps, so its operations must be differentiable twice.
template <class F, class T>
requires std::invocable < F, const Variable<T>
& > Array<T> jvp(F f, const Variable<T>& x, const std::type_identity_t<Array<T>>& v) { return detail::jvp<T>(f, x, v); }

// H v for a function with a single element as value; v has x's shape.
template <class F, class T>
requires std::invocable < F, const Variable<T>
& > Array<T> hvp(F f, const Variable<T>& x, const std::type_identity_t<Array<T>>& v) { return detail::hvp<T>(f, x, v); }

// dy_i/dx_j, of the shape of f(x) followed by that of x: one sweep for each element of f(x).
template <class F, class T>
requires std::invocable < F, const Variable<T>
& > Array<T> jacobian(F f, const Variable<T>& x) { return detail::jacobian<T>(f, x); }

// d2y/dx_i dx_j for a function with a single element as value, of x's shape twice.
template <class F, class T>
requires std::invocable < F, const Variable<T>
& > Array<T> hessian(F f, const Variable<T>& x) { return detail::hessian<T>(f, x); }

}    // namespace xtape
