// The error function and the normal distribution function, P. Their tails are e^(-x^2) times a function that falls like
// 1 / x; the square is taken to twice the digits.
#include <xtape/core/detail/math/blocks.hpp>
#include <xtape/core/detail/math/exponential.hpp>
#include <xtape/core/detail/math/over_block.hpp>

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

// The square is taken to twice the digits for the slope, whose exponential is the tail's as well.
template <class T>
[[gnu::always_inline]] static inline ValueAndSlope<Lanes<T>> erf_of(Lanes<T> x) {
    using L = Lanes<T>;
    L size = at_most(abs(x), sizeof(T) == 4 ? T(10.3) : T(28)), square = size * size, series, tail;
    L power = DecayingExponential<T>(minus_square(size, T(1))).value();
    if constexpr (sizeof(T) == 4) {
        series = polynomial(square, polynomials::erf_float);
        L u = 1 / (size + 2);
        tail = power * u * polynomial(u, polynomials::erf_tail_float);
    } else {
        series = polynomial(square, polynomials::erf_double);
        L u = 1 / (size + 3);
        tail = power * u * polynomial(u, polynomials::erf_tail_double);
    }
    L value = select(size < 1, fma(x, series, x), with_sign(1 - tail, x));
    return {value, static_cast<T>(2 * std::numbers::inv_sqrtpi) * power};
}
template <class T>
Lanes<T> erf(Lanes<T> x) {
    return erf_of(x).value;
}
template <class T>
ValueAndSlope<Lanes<T>> erf_and_slope(Lanes<T> x) {
    return erf_of(x);
}
template <class T>
void erf(const T* x, T* y, T* slope, std::size_t count) {
    over_block(x, y, slope, count, [](Lanes<T> lanes) { return erf_of(lanes); });
}

template <>
Lanes<double> erfc(Lanes<double> x) {
    Lanes<double> size = at_most(abs(x), 27.5), upper = tail(size, minus_square(size, 1.0), 1);
    return select(x < 0, 2 - upper, upper);
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

// x P(x) = max(x, 0) - |x| P(-|x|), and its slope P(-t) - t P'(t) where x = -t, 1 minus that where x = t
template <class T>
[[gnu::always_inline]] static inline ValueAndSlope<Lanes<T>> gelu_of(Lanes<T> x) {
    using L = Lanes<T>;
    L t = at_most(abs(x), furthest<T>), tail = scaled_tail(t);
    DecayingExponential<T> e(minus_square(t, T(0.5)));
    auto times_power = [&](L q) { return e.times_power(fma(q, e.fraction(), q)); };
    L lower = times_power(fma(t, static_cast<T>(-density), tail));
    return {max(x, 0) - times_power(t * tail), select(x > 0, 1 - lower, lower)};
}
template <class T>
Lanes<T> gelu(Lanes<T> x) {
    return gelu_of(x).value;
}
template <class T>
Lanes<T> gelu_slope(Lanes<T> x) {
    return gelu_of(x).slope;
}
template <class T>
ValueAndSlope<Lanes<T>> gelu_and_slope(Lanes<T> x) {
    return gelu_of(x);
}
template <class T>
void gelu(const T* x, T* y, T* slope, std::size_t count) {
    over_block(x, y, slope, count, [](Lanes<T> lanes) { return gelu_of(lanes); });
}

template Lanes<float> erf(Lanes<float>);
template Lanes<double> erf(Lanes<double>);
template ValueAndSlope<Lanes<float>> erf_and_slope(Lanes<float>);
template ValueAndSlope<Lanes<double>> erf_and_slope(Lanes<double>);
template void erf(const float*, float*, float*, std::size_t);
template void erf(const double*, double*, double*, std::size_t);
template Lanes<float> ndtr(Lanes<float>);
template Lanes<double> ndtr(Lanes<double>);
template Lanes<float> gelu(Lanes<float>);
template Lanes<double> gelu(Lanes<double>);
template Lanes<float> gelu_slope(Lanes<float>);
template Lanes<double> gelu_slope(Lanes<double>);
template ValueAndSlope<Lanes<float>> gelu_and_slope(Lanes<float>);
template ValueAndSlope<Lanes<double>> gelu_and_slope(Lanes<double>);
template void gelu(const float*, float*, float*, std::size_t);
template void gelu(const double*, double*, double*, std::size_t);

}    // namespace xtape::detail::math
