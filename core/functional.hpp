// Whole derivatives of functions of one or several variables: vjp, jvp, hvp, jacobian, hessian.
#pragma once

#include <xtape/core/backward.hpp>
#include <xtape/core/parameters.hpp>
#include <xtape/core/variable.hpp>

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

namespace xtape {

template <class T>
using Arrays = std::vector<Array<T>>;

namespace detail {

template <class F, class T>
constexpr bool takes_one_variable = std::is_invocable_v<F, const Variable<T>&>;

// f recorded once, and as many derivatives of it as are wanted.
template <class T>
class RecordedFunction {
public:
    template <class F>
    RecordedFunction(F& f, const Variables<T>& x) {
        EnableGrad guard;
        if constexpr (std::invocable<F, const Variables<T>&>) {
            x_ = leaves(x);
            y_ = f(std::as_const(x_));
        } else {
            x_ = x;
            y_ = f();
        }
    }
    template <class F>
    RecordedFunction(F& f, const Variable<T>& x) : x_(leaves({x})) {
        EnableGrad guard;
        y_ = f(std::as_const(x_[0]));
    }

    Arrays<T> vjp(const Array<T>& v) const;
    Array<T> jvp(const Arrays<T>& v) const;
    Arrays<T> jacobian() const;
    std::vector<Arrays<T>> hessian() const;
    // The gradients as recorded values.
    Variables<T> gradient(const char* what) const;

    const Variables<T>& x() const { return x_; }
    const Variable<T>& y() const { return y_; }

private:
    static Variables<T> leaves(const Variables<T>& x);

    Variables<T> x_;
    Variable<T> y_;
};

}    // namespace detail

template <class F, class T>
concept FunctionOfOne = detail::takes_one_variable<F, T>;

// x is one variable and f a function of it; or x is Variables or Parameters, and f a function of Variables. It is
// called once, on leaves of its own with the values of x, and recorded even under NoGrad; the grad() of x stays as it
// is. With several variables f may also take nothing and use them itself, as a loss that calls a model does:
//
//     hvp([&] { return loss(net(input), target); }, net.parameters(), direction);
//
// Results have an array for each variable. Where f does not depend on a variable its derivative is zero. All throw
// ShapeError for vectors of the wrong shape, GradError for the wrong number of them.

// v^T J, of the shapes of x; v has the shape of f(x).
template <class F, class T>
Arrays<T> vjp(F f, const Variables<T>& x, const std::type_identity_t<Array<T>>& v) {
    return detail::RecordedFunction<T>(f, x).vjp(v);
}

// J v, of the shape of f(x); v has the shapes of x. Two reverse sweeps, so operations must be differentiable twice.
template <class F, class T>
Array<T> jvp(F f, const Variables<T>& x, const std::type_identity_t<Arrays<T>>& v) {
    return detail::RecordedFunction<T>(f, x).jvp(v);
}

// dy_i/dx_j, of the shape of f(x) followed by that of each variable. It costs one evaluation of f and, whichever are
// fewer, a sweep for each element of f(x) or, through the recorded derivative, a sweep for each element of x.
template <class F, class T>
Arrays<T> jacobian(F f, const Variables<T>& x) {
    return detail::RecordedFunction<T>(f, x).jacobian();
}

// d2y/dx_i dx_j for a function with a single element as value: result[a][b] has the shape of x[a] followed by that of
// x[b].
template <class F, class T>
std::vector<Arrays<T>> hessian(F f, const Variables<T>& x) {
    return detail::RecordedFunction<T>(f, x).hessian();
}

// H v for a function with a single element as value, as often as wanted: f and its gradient are recorded once, and each
// product is one sweep.
//
//     HessianProduct<double> product(f, x);
//     auto curvature = product({direction});
template <class T>
class HessianProduct {
public:
    template <class F>
    HessianProduct(F f, const Variables<T>& x) : HessianProduct(detail::RecordedFunction<T>(f, x)) {}
    template <class F>
    HessianProduct(F f, const Parameters<T>& x) : HessianProduct(f, x.variables()) {}
    template <class F>
    HessianProduct(F f, const Variable<T>& x) : HessianProduct(detail::RecordedFunction<T>(f, x)) {}

    // v and the result have the shapes of x.
    Arrays<T> operator()(const Arrays<T>& v) const;
    const Variable<T>& value() const& { return value_; }
    const Variables<T>& gradient() const& { return gradient_; }

private:
    explicit HessianProduct(const detail::RecordedFunction<T>& f)
        : x_(f.x()), value_(f.y()), gradient_(f.gradient("hvp")) {}

    Variables<T> x_;
    Variable<T> value_;
    Variables<T> gradient_;
};

// A single product.
template <class F, class T>
Arrays<T> hvp(F f, const Variables<T>& x, const std::type_identity_t<Arrays<T>>& v) {
    return HessianProduct<T>(std::move(f), x)(v);
}

template <class F, class T>
Arrays<T> vjp(F f, const Parameters<T>& x, const std::type_identity_t<Array<T>>& v) {
    return vjp(std::move(f), x.variables(), v);
}
template <class F, class T>
Array<T> jvp(F f, const Parameters<T>& x, const std::type_identity_t<Arrays<T>>& v) {
    return jvp(std::move(f), x.variables(), v);
}
template <class F, class T>
Arrays<T> jacobian(F f, const Parameters<T>& x) {
    return jacobian(std::move(f), x.variables());
}
template <class F, class T>
std::vector<Arrays<T>> hessian(F f, const Parameters<T>& x) {
    return hessian(std::move(f), x.variables());
}
template <class F, class T>
Arrays<T> hvp(F f, const Parameters<T>& x, const std::type_identity_t<Arrays<T>>& v) {
    return hvp(std::move(f), x.variables(), v);
}

template <class T, FunctionOfOne<T> F>
Array<T> vjp(F f, const Variable<T>& x, const std::type_identity_t<Array<T>>& v) {
    return std::move(detail::RecordedFunction<T>(f, x).vjp(v)[0]);
}
template <class T, FunctionOfOne<T> F>
Array<T> jvp(F f, const Variable<T>& x, const std::type_identity_t<Array<T>>& v) {
    return detail::RecordedFunction<T>(f, x).jvp({v});
}
template <class T, FunctionOfOne<T> F>
Array<T> jacobian(F f, const Variable<T>& x) {
    return std::move(detail::RecordedFunction<T>(f, x).jacobian()[0]);
}
template <class T, FunctionOfOne<T> F>
Array<T> hessian(F f, const Variable<T>& x) {
    return std::move(detail::RecordedFunction<T>(f, x).hessian()[0][0]);
}
template <class T, FunctionOfOne<T> F>
Array<T> hvp(F f, const Variable<T>& x, const std::type_identity_t<Array<T>>& v) {
    return std::move(HessianProduct<T>(std::move(f), x)({v})[0]);
}

}    // namespace xtape
