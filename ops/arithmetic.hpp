// + - * / and their relatives, on variables, numbers and xtensor expressions.
#pragma once

#include <xtape/core/adjoint.hpp>
#include <xtape/core/variable.hpp>
#include <xtape/ops/detail/mixture.hpp>

namespace xtape {
// y = a - b, broadcast; dy/da = 1, dy/db = -1. Throws ShapeError when the shapes do not broadcast; so do all below.
template <class T>
Variable<T> subtract(const Variable<T>& a, const Variable<T>& b);
// y = a b; dy/da = b, dy/db = a.
template <class T>
Variable<T> multiply(const Variable<T>& a, const Variable<T>& b);
// y = a / b; dy/da = 1 / b, dy/db = -y / b.
template <class T>
Variable<T> divide(const Variable<T>& a, const Variable<T>& b);
// y = -x; dy/dx = -1.
template <class T>
Variable<T> negative(const Variable<T>& x);

// The same with a constant number, which is rounded to T once: x + c, c - x, c x, x / c, c / x.
template <class T>
Variable<T> add(const Variable<T>& x, double number);
template <class T>
Variable<T> subtract(double number, const Variable<T>& x);
template <class T>
Variable<T> multiply(const Variable<T>& x, double number);
template <class T>
Variable<T> divide(const Variable<T>& x, double number);
template <class T>
Variable<T> divide(double number, const Variable<T>& x);

// The functions above as operators. A number or an xtensor expression beside a Variable is a constant: an expression is
// evaluated at once, so nothing refers to it later.
template <class T>
Variable<T> operator+(const Variable<T>& a, const Variable<T>& b) {
    return add(a, b);
}
template <class T>
Variable<T> operator-(const Variable<T>& a, const Variable<T>& b) {
    return subtract(a, b);
}
template <class T>
Variable<T> operator*(const Variable<T>& a, const Variable<T>& b) {
    return multiply(a, b);
}
template <class T>
Variable<T> operator/(const Variable<T>& a, const Variable<T>& b) {
    return divide(a, b);
}
template <class T>
Variable<T> operator-(const Variable<T>& x) {
    return negative(x);
}
template <class T>
Variable<T> operator+(const Variable<T>& x) {
    return x;
}

template <class T>
Variable<T> operator+(const Variable<T>& a, double b) {
    return add(a, b);
}
template <class T>
Variable<T> operator+(double a, const Variable<T>& b) {
    return add(b, a);
}
template <class T>
Variable<T> operator-(const Variable<T>& a, double b) {
    return add(a, -b);
}
template <class T>
Variable<T> operator-(double a, const Variable<T>& b) {
    return subtract(a, b);
}
template <class T>
Variable<T> operator*(const Variable<T>& a, double b) {
    return multiply(a, b);
}
template <class T>
Variable<T> operator*(double a, const Variable<T>& b) {
    return multiply(b, a);
}
template <class T>
Variable<T> operator/(const Variable<T>& a, double b) {
    return divide(a, b);
}
template <class T>
Variable<T> operator/(double a, const Variable<T>& b) {
    return divide(a, b);
}

// An xtensor expression beside a Variable is a constant: it is evaluated at once, so nothing refers to it later.
template <class V, class E>
concept VariableAndExpression = is_variable<AsVariable<V>> && xt::is_xexpression<std::decay_t<E>>::value;

template <class V, class E>
requires VariableAndExpression<V, E>
auto operator+(V&& a, E&& b) { return add(a, AsVariable<V>(b)); }
template <class E, class V>
requires VariableAndExpression<V, E>
auto operator+(E&& a, V&& b) { return add(AsVariable<V>(a), b); }
template <class V, class E>
requires VariableAndExpression<V, E>
auto operator-(V&& a, E&& b) { return subtract(a, AsVariable<V>(b)); }
template <class E, class V>
requires VariableAndExpression<V, E>
auto operator-(E&& a, V&& b) { return subtract(AsVariable<V>(a), b); }
template <class V, class E>
requires VariableAndExpression<V, E>
auto operator*(V&& a, E&& b) { return multiply(a, AsVariable<V>(b)); }
template <class E, class V>
requires VariableAndExpression<V, E>
auto operator*(E&& a, V&& b) { return multiply(AsVariable<V>(a), b); }
template <class V, class E>
requires VariableAndExpression<V, E>
auto operator/(V&& a, E&& b) { return divide(a, AsVariable<V>(b)); }
template <class E, class V>
requires VariableAndExpression<V, E>
auto operator/(E&& a, V&& b) { return divide(AsVariable<V>(a), b); }

// Variables of float and of double do not mix.
template <class T, class U>
requires detail::OtherType<T, U> Variable<T>
operator+(const Variable<T>&, const Variable<U>&) { return detail::refuse_mixture<T, U>(); }
template <class T, class U>
requires detail::OtherType<T, U> Variable<T>
operator-(const Variable<T>&, const Variable<U>&) { return detail::refuse_mixture<T, U>(); }
template <class T, class U>
requires detail::OtherType<T, U> Variable<T>
operator*(const Variable<T>&, const Variable<U>&) { return detail::refuse_mixture<T, U>(); }
template <class T, class U>
requires detail::OtherType<T, U> Variable<T>
operator/(const Variable<T>&, const Variable<U>&) { return detail::refuse_mixture<T, U>(); }

// x = x + y and so on: x becomes a handle to the new value, the old one stays what it was.
template <class T, class Other>
Variable<T>& operator+=(Variable<T>& x, const Other& y) {
    return x = x + y;
}
template <class T, class Other>
Variable<T>& operator-=(Variable<T>& x, const Other& y) {
    return x = x - y;
}
template <class T, class Other>
Variable<T>& operator*=(Variable<T>& x, const Other& y) {
    return x = x * y;
}
template <class T, class Other>
Variable<T>& operator/=(Variable<T>& x, const Other& y) {
    return x = x / y;
}

}    // namespace xtape
