#include <xtape/core/detail/math/exponential.hpp>

#include <limits>
#include <numbers>

namespace xtape::detail::math {

template <class T>
Lanes<T> exp(Lanes<T> x) {
    return exp_of(x);
}

template <class T>
Lanes<T> exp2(Lanes<T> x) {
    constexpr T lowest = sizeof(T) == 4 ? -151 : -1076, highest = sizeof(T) == 4 ? 129 : 1025;
    Lanes<T> inside = clamp_to(x, lowest, highest), n = round(inside), r = inside - n;
    Lanes<T> series;
    if constexpr (sizeof(T) == 4)
        series = polynomial(r, polynomials::exp2_float);
    else
        series = polynomial(r, polynomials::exp2_double);
    return scale(fma(r, series, 1), n);
}

// 2^n (1 + high + low) - 1 = (2^n high + (2^n - 1)) + 2^n low
template <class T>
Lanes<T> expm1(Lanes<T> x) {
    constexpr T digits = std::numeric_limits<T>::digits;
    auto e = split_exp(clamp_to(x, T(-50), Exponential<T>::highest));
    Lanes<T> power = power_of_two(clamp_to(e.n, T(-100), digits + 8));
    Pair<T> sum = two_sum(power * e.high, power - 1);
    Lanes<T> result = select(e.n > digits + 4, e.value(), sum.high + fma(power, e.low, sum.low));
    return select(x == 0, x, result);    // -0
}

template <class T>
Lanes<T> exp_minus_square(Lanes<T> x) {
    Lanes<T> size = clamp_to(abs(x), T(0), sizeof(T) == 4 ? T(10.3) : T(28)), square = size * size;
    return split_exp(Pair<T>{-square, -fma(size, size, -square)}).value();
}

// e^|x| / 2 as far as sinh and cosh are finite.
template <class T>
static Lanes<T> half_exp(Lanes<T> x) {
    auto e = split_exp(clamp_to(abs(x), T(0), Exponential<T>::highest + 1));
    e.n -= 1;
    return e.value();
}

template <class T>
Lanes<T> cosh(Lanes<T> x) {
    Lanes<T> half = half_exp(x);
    return half + T(0.25) / half;
}

template <class T>
Lanes<T> sinh(Lanes<T> x) {
    Lanes<T> half = half_exp(x), square = x * x, series;
    if constexpr (sizeof(T) == 4)
        series = polynomial(square, polynomials::sinh_float);
    else
        series = polynomial(square, polynomials::sinh_double);
    return select(abs(x) < 1, fma(x * square, series, x), with_sign(half - T(0.25) / half, x));
}

template Lanes<float> exp(Lanes<float>);
template Lanes<double> exp(Lanes<double>);
template Lanes<float> exp2(Lanes<float>);
template Lanes<double> exp2(Lanes<double>);
template Lanes<float> expm1(Lanes<float>);
template Lanes<double> expm1(Lanes<double>);
template Lanes<float> exp_minus_square(Lanes<float>);
template Lanes<double> exp_minus_square(Lanes<double>);
template Lanes<float> sinh(Lanes<float>);
template Lanes<double> sinh(Lanes<double>);
template Lanes<float> cosh(Lanes<float>);
template Lanes<double> cosh(Lanes<double>);

}    // namespace xtape::detail::math
