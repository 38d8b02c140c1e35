// The error function and the normal distribution function, P. Their tails are e^(-x^2) times a function that falls like
// 1 / x; the square is taken to twice the digits.
#include <xtape/core/detail/math/exponential.hpp>

#include <limits>
#include <numbers>

namespace xtape::detail::math {
namespace {

// -x^2 f for f = 1 or 1/2, as a sum of two.
template <class T>
Pair<T> minus_square(Lanes<T> x, T f) {
    Lanes<T> square = x * x;
    return {-f * square, -f * fma(x, x, -square)};
}

// e^(a^2) erfc(a) as a fraction (1 + p) / (1 + 2 a); p is a polynomial in q = (a - 4) / (a + 4), in which q is as good
// as exact.
Lanes<double> numerator(Lanes<double> a) {
    using L = Lanes<double>;
    L top = a - 4, top_low = a - (top + 4), bottom = a + 4, bottom_low = a - (bottom - 4), inverse = 1 / bottom;
    L q = top * inverse, q_low = inverse * (fma(-q, bottom, top) + fma(-q, bottom_low, top_low));
    return fma(polynomial(q, polynomials::erfcx_slope), q_low, polynomial(q, polynomials::erfcx_double));
}
// e^(t^2 / 2) P(-t), v times a polynomial in v - 0.6, where v = 1 / (1 + t / 4).
Lanes<float> scaled_tail(Lanes<float> t) {
    using L = Lanes<float>;
    L bottom = fma(t, 0.25F, 1), bottom_low = fma(t, 0.25F, 1 - bottom), v = 1 / bottom;
    L v_low = v * fma(-v, bottom_low, fma(-v, bottom, 1));
    L w = v - 0.6F;
    return fma(polynomial(w, polynomials::ndtr_slope), v_low, v * polynomial(w, polynomials::ndtr_float));
}

// f e^exponent e^(a^2) erfc(a)
Lanes<double> tail(Lanes<double> a, Pair<double> exponent, double f) {
    using L = Lanes<double>;
    L p = numerator(a);
    auto e = split_exp(exponent);
    L u = e.fraction();
    Pair<double> top = fast_two_sum<double>(1, fma(p, u, u) + p), bottom = two_sum<double>(1, 2 * a);
    L inverse = 1 / bottom.high, quotient = top.high * inverse;
    L residue = fma(-quotient, bottom.high, top.high) + fma(-quotient, bottom.low, top.low);
    return scale(f * fma(residue, inverse, quotient), e.n);
}
// f e^exponent e^(t^2 / 2) P(-t)
Lanes<float> tail(Lanes<float> t, Pair<float> exponent, float f) {
    auto e = split_exp(exponent);
    Lanes<float> q = f * scaled_tail(t);
    return scale(fma(q, e.fraction(), q), e.n);
}

constexpr double sqrt_half = 0.5 * std::numbers::sqrt2, density = std::numbers::inv_sqrtpi * sqrt_half;
template <class T>
constexpr T furthest = sizeof(T) == 4 ? T(14.5) : T(38.8);    // P(-t) is 0 from here on

Lanes<double> erfc_of_size(Lanes<double> a) { return tail(a, minus_square(a, 1.0), 1); }
Lanes<float> erfc_of_size(Lanes<float> a) { return tail(a * std::numbers::sqrt2_v<float>, minus_square(a, 1.0F), 2); }

// The normal distribution's e^(t^2 / 2) P(-t) for t >= 0.
Lanes<double> scaled_tail(Lanes<double> t) {
    Lanes<double> a = t * sqrt_half;
    return fma(numerator(a), 0.5, 0.5) / fma(a, 2, 1);
}
template <class T>
Lanes<T> lower_tail(Lanes<T> t) {
    if constexpr (sizeof(T) == 4)
        return tail(t, minus_square(t, 0.5F), 1);
    else
        return tail(t * sqrt_half, minus_square(t, 0.5), 0.5);
}

}    // namespace

template <class T>
Lanes<T> erf(Lanes<T> x) {
    using L = Lanes<T>;
    L size = clamp_to(abs(x), T(0), T(6)), square = size * size, series;
    if constexpr (sizeof(T) == 4)
        series = polynomial(square, polynomials::erf_float);
    else
        series = polynomial(square, polynomials::erf_double);
    auto inner = abs(x) < 1;
    return select(inner, fma(x, series, x), with_sign(1 - erfc_of_size(size), x));
}

template <>
Lanes<double> erfc(Lanes<double> x) {
    Lanes<double> tail = erfc_of_size(clamp_to(abs(x), 0.0, 27.5));
    return select(x < 0, 2 - tail, tail);
}
template <>
Lanes<float> erfc(Lanes<float> x) {
    return in_double(
        [](Lanes<double> wide) {
            using L = Lanes<double>;
            L a = clamp_to(abs(wide), 0.0, 10.2), exponent = a * a * -1.4426950408889634, n = round(exponent);
            L r = exponent - n, power = fma(r, polynomial(r, polynomials::exp2_single), 1) * power_of_two(n);
            L top = 1 + polynomial((a - 4) / (a + 4), polynomials::erfcx_single), tail = power * top / fma(a, 2, 1);
            return select(wide < 0, 2 - tail, tail);
        },
        x);
}

template <class T>
Lanes<T> ndtr(Lanes<T> x) {
    Lanes<T> tail = lower_tail(clamp_to(abs(x), T(0), furthest<T>));
    return select(x > 0, 1 - tail, tail);
}

// x P(x) = max(x, 0) - |x| P(-|x|)
template <class T>
Lanes<T> gelu(Lanes<T> x) {
    using L = Lanes<T>;
    L t = clamp_to(abs(x), T(0), furthest<T>);
    auto e = split_exp(minus_square(t, T(0.5)));
    L q = t * scaled_tail(t);
    return max(x, 0) - scale(fma(q, e.fraction(), q), e.n);
}

// P(-t) - t P'(t) where x = -t, and 1 minus that where x = t
template <class T>
Lanes<T> gelu_slope(Lanes<T> x) {
    using L = Lanes<T>;
    L t = clamp_to(abs(x), T(0), furthest<T>);
    auto e = split_exp(minus_square(t, T(0.5)));
    L q = fma(t, static_cast<T>(-density), scaled_tail(t)), lower = scale(fma(q, e.fraction(), q), e.n);
    return select(x > 0, 1 - lower, lower);
}

template Lanes<float> erf(Lanes<float>);
template Lanes<double> erf(Lanes<double>);
template Lanes<float> ndtr(Lanes<float>);
template Lanes<double> ndtr(Lanes<double>);
template Lanes<float> gelu(Lanes<float>);
template Lanes<double> gelu(Lanes<double>);
template Lanes<float> gelu_slope(Lanes<float>);
template Lanes<double> gelu_slope(Lanes<double>);

}    // namespace xtape::detail::math
