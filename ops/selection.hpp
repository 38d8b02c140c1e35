// Choosing between values: comparisons, where, clamp, maximum, minimum, lerp.
#pragma once

#include <xtape/core/variable.hpp>
#include <xtape/ops/detail/mixture.hpp>

#include <concepts>
#include <optional>
#include <type_traits>

namespace xtape {
namespace detail {

enum class Comparison { equal, not_equal, less, less_equal, greater, greater_equal };

template <class T>
Mask compare_values(Comparison comparison, const Variable<T>& a, const Variable<T>& b);
template <class T>
Mask compare_number(Comparison comparison, const Variable<T>& a, double b);

template <class A>
concept IsMask = std::same_as<std::decay_t<A>, Mask>;
Mask both(const Mask& a, const Mask& b);
Mask either(const Mask& a, const Mask& b);

template <class T>
Variable<T> where(const Mask& mask, const Variable<T>& a, const Variable<T>& b);
template <class T>
Variable<T> where(const Mask& mask, const Variable<T>& a, double b);
template <class T>
Variable<T> where(const Mask& mask, double a, const Variable<T>& b);

template <class V>
concept Number = std::is_arithmetic_v<std::decay_t<V>>;
template <class V>
concept Expression = xt::is_xexpression<std::decay_t<V>>::value && !is_variable<std::decay_t<V>>;
// Two operands of which at least one is a Variable.
template <class A, class B>
concept WithVariable = (is_variable<A> && (is_variable<B> || Number<B> || Expression<B>)) ||
                       (is_variable<B> && (Number<A> || Expression<A>));
template <class A, class B>
concept Operands = WithVariable<AsVariable<A>, AsVariable<B>>;
// Variables of float and of double, which do not mix.
template <class A, class B>
concept Mixture = is_variable<A> && is_variable<B> && OtherType<A, B>;
template <class A, class B>
void refuse_mixture_of() {
    refuse_mixture<typename A::value_type, typename B::value_type>();
}

constexpr Comparison mirrored(Comparison comparison) {
    switch (comparison) {
        case Comparison::less: return Comparison::greater;
        case Comparison::less_equal: return Comparison::greater_equal;
        case Comparison::greater: return Comparison::less;
        case Comparison::greater_equal: return Comparison::less_equal;
        default: return comparison;
    }
}

template <class A, class B>
Mask compare(Comparison comparison, const A& a, const B& b) {
    if constexpr (Mixture<A, B>)
        return refuse_mixture_of<A, B>(), Mask();
    else if constexpr (Number<B>)
        return compare_number(comparison, a, static_cast<double>(b));
    else if constexpr (Number<A>)
        return compare_number(mirrored(comparison), b, static_cast<double>(a));
    else if constexpr (is_variable<A>)
        return compare_values(comparison, a, A(b));
    else
        return compare_values(comparison, B(a), b);
}

}    // namespace detail

// The truth of a comparison element by element, as a Mask: of two Variables, or of a Variable and a number or xtensor
// expression, broadcast. What is compared with NaN is false, except by !=. Throws ShapeError when the shapes do not
// broadcast.
template <class A, class B>
requires detail::Operands<A, B> Mask operator==(A&& a, B&& b) {
    return detail::compare<AsVariable<A>, AsVariable<B>>(detail::Comparison::equal, a, b);
}
template <class A, class B>
requires detail::Operands<A, B> Mask operator!=(A&& a, B&& b) {
    return detail::compare<AsVariable<A>, AsVariable<B>>(detail::Comparison::not_equal, a, b);
}
template <class A, class B>
requires detail::Operands<A, B> Mask operator<(A&& a, B&& b) {
    return detail::compare<AsVariable<A>, AsVariable<B>>(detail::Comparison::less, a, b);
}
template <class A, class B>
requires detail::Operands<A, B> Mask operator<=(A&& a, B&& b) {
    return detail::compare<AsVariable<A>, AsVariable<B>>(detail::Comparison::less_equal, a, b);
}
template <class A, class B>
requires detail::Operands<A, B> Mask operator>(A&& a, B&& b) {
    return detail::compare<AsVariable<A>, AsVariable<B>>(detail::Comparison::greater, a, b);
}
template <class A, class B>
requires detail::Operands<A, B> Mask operator>=(A&& a, B&& b) {
    return detail::compare<AsVariable<A>, AsVariable<B>>(detail::Comparison::greater_equal, a, b);
}
// Where x is not a number.
template <class T>
Mask isnan(const Variable<T>& x) {
    return x != x;
}

// Masks combined, broadcast; !mask is xtensor's. Throws ShapeError when the shapes do not broadcast. (xtensor's own &&
// and
// || of masks of different ranks give wrong elements where it uses SIMD: 0.24.)
template <detail::IsMask A, detail::IsMask B>
Mask operator&&(A&& a, B&& b) {
    return detail::both(a, b);
}
template <detail::IsMask A, detail::IsMask B>
Mask operator||(A&& a, B&& b) {
    return detail::either(a, b);
}

// y = a where the mask is true, b where it is false; dy/da = 1 where true, dy/db = 1 where false, 0 elsewhere. a and b
// are Variables, or one of them is a number or an xtensor expression; the mask is a Mask or a boolean expression; all
// three broadcast. Throws ShapeError when they do not.
template <class M, class A, class B>
requires detail::Operands<A, B> && detail::Expression<M> && std::same_as < typename std::decay_t<M>::value_type,
bool > auto where(M&& mask, A&& a, B&& b) {
    using L = AsVariable<A>;
    using R = AsVariable<B>;
    if constexpr (detail::Mixture<L, R>)
        return detail::refuse_mixture_of<L, R>(), L();
    else if constexpr (!std::same_as<std::decay_t<M>, Mask>)
        return where(Mask(mask), a, b);
    else if constexpr (detail::Number<R>)
        return detail::where(mask, a, static_cast<double>(b));
    else if constexpr (detail::Number<L>)
        return detail::where(mask, static_cast<double>(a), b);
    else if constexpr (is_variable<L>)
        return detail::where(mask, a, L(b));
    else
        return detail::where(mask, R(a), b);
}

// y = min(max(x, lower), upper); dy/dx = 1 where lower <= x <= upper, else 0. Where the bounds cross, y is the upper
// one. Throws std::invalid_argument when both are missing.
template <class T>
Variable<T> clamp(const Variable<T>& x, std::optional<double> lower, std::optional<double> upper = {});

// y = max(a, b), NaN if either is, broadcast; dy/da = 1 where a > b, 1/2 where a = b, 0 where a < b; dy/db likewise.
// Throws ShapeError when the shapes do not broadcast.
template <class T>
Variable<T> maximum(const Variable<T>& a, const Variable<T>& b);
template <class T>
Variable<T> maximum(const Variable<T>& x, double number);
template <class T>
Variable<T> maximum(double number, const Variable<T>& x) {
    return maximum(x, number);
}
template <class T, detail::OtherType<T> U>
Variable<T> maximum(const Variable<T>&, const Variable<U>&) {
    return detail::refuse_mixture<T, U>();
}

// y = min(a, b), NaN if either is, broadcast; dy/da = 1 where a < b, 1/2 where a = b, 0 where a > b; dy/db likewise.
// Throws ShapeError when the shapes do not broadcast.
template <class T>
Variable<T> minimum(const Variable<T>& a, const Variable<T>& b);
template <class T>
Variable<T> minimum(const Variable<T>& x, double number);
template <class T>
Variable<T> minimum(double number, const Variable<T>& x) {
    return minimum(x, number);
}
template <class T, detail::OtherType<T> U>
Variable<T> minimum(const Variable<T>&, const Variable<U>&) {
    return detail::refuse_mixture<T, U>();
}

// y = a + w (b - a), broadcast, exactly b at w = 1; dy/da = 1 - w, dy/db = w, dy/dw = b - a. Throws ShapeError when the
// shapes do not broadcast.
template <class T>
Variable<T> lerp(const Variable<T>& a, const Variable<T>& b, double weight);
template <class T>
Variable<T> lerp(const Variable<T>& a, const Variable<T>& b, const Variable<T>& weight);

}    // namespace xtape
