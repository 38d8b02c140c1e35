#include <xtape/core/detail/polynomials.hpp>
#include <xtape/core/detail/vector.hpp>

#include <cmath>
#include <limits>
#include <numbers>

namespace xtape::detail::math {
namespace {

constexpr double pi = 0x1.921fb54442d18p+1, pi_low = 0x1.1a62633145c07p-53;

// C + c + s (t + t^3 P(t^2)), the constant C being given as a multiple of pi.
template <class T>
Lanes<T> atan_at(Lanes<T> t, Lanes<T> halves_of_half_pi, Lanes<T> sign) {
    constexpr T quarter = static_cast<T>(pi / 4);
    constexpr T quarter_low = sizeof(T) == 4 ? static_cast<T>(pi / 4 - static_cast<double>(quarter)) : T(pi_low / 4);
    Lanes<T> square = t * t, series;
    if constexpr (sizeof(T) == 4)
        series = polynomial(square, polynomials::atan_float);
    else
        series = polynomial(square, polynomials::atan_double);
    Lanes<T> angle = fma(t * square, series, t);
    return fma(halves_of_half_pi, quarter, fma(halves_of_half_pi, quarter_low, flip_sign(angle, sign)));
}

}    // namespace

// The angle beside the longer side is at most pi / 4; where the ratio is above one half it is taken from pi / 4.
template <class T>
Lanes<T> atan2(Lanes<T> y, Lanes<T> x) {
    using L = Lanes<T>;
    constexpr T infinity = std::numeric_limits<T>::infinity(), largest = std::numeric_limits<T>::max();
    L a = abs(y), b = abs(x);
    auto both = a == infinity && b == infinity;
    a = select(both, 1, a), b = select(both, 1, b);
    auto steep = a > b;
    L longer = select(steep, a, b), shorter = select(steep, b, a);
    auto huge = longer > largest / 4 && longer != infinity;
    longer = select(huge, longer * T(0.25), longer), shorter = select(huge, shorter * T(0.25), shorter);
    auto wide = shorter > T(0.5) * longer;
    L t = select(wide, shorter - longer, shorter) / select(wide, shorter + longer, longer);
    t = select(longer == 0, 0, t);
    // angle = wide + t; where steep, pi / 2 - angle; where x is negative, pi - angle; in units of pi / 4
    L offset = select(wide, 1, 0), sign = 1;
    offset = select(steep, 2 - offset, offset), sign = select(steep, -sign, sign);
    auto left = with_sign(L(1), x) < 0;
    offset = select(left, 4 - offset, offset), sign = select(left, -sign, sign);
    L result = with_sign(atan_at(t, offset, sign), y);
    return select(isnan(x) || isnan(y), std::numeric_limits<T>::quiet_NaN(), result);
}

template <class T>
Lanes<T> atan(Lanes<T> x) {
    using L = Lanes<T>;
    L a = abs(x);
    auto steep = a > 2, wide = a > T(0.5) && !steep;
    L t = select(wide, a - 1, select(steep, L(-1), a)) / select(wide, a + 1, select(steep, a, L(1)));
    return with_sign(atan_at(t, select(steep, L(2), select(wide, L(1), L(0))), L(1)), x);
}

// Above 9/16 from asin x = pi / 2 - 2 asin(sqrt((1 - x) / 2)).
template <>
Lanes<float> asin(Lanes<float> x) {
    using L = Lanes<float>;
    constexpr float half_pi = static_cast<float>(pi / 2), half_pi_low = static_cast<float>(pi / 2 - double(half_pi));
    L a = abs(x);
    auto upper = a > 0.5625F;
    L square = select(upper, 0.5F - 0.5F * a, a * a), t = select(upper, sqrt(square), a);
    L angle = fma(t * square, polynomial(square, polynomials::asin_float), t);
    return with_sign(select(upper, half_pi - fma(L(2), angle, -half_pi_low), angle), x);
}
template <>
Lanes<double> asin(Lanes<double> x) {
    return xsimd::asin(x.batch());
}

namespace {

// x - n pi / 2 as a sum of two, for |n| below 2^27.
struct Quadrant {
    Lanes<double> n;
    Pair<double> rest;
};
Quadrant quadrant(Lanes<double> x) {
    Lanes<double> n = round(x * (2 / pi));
    Lanes<double> r = fma(-n, 0x1.921fb54p+0, x);    // 27 digits of pi / 2
    Lanes<double> next = n * 0x1.10b4611a62633p-30, next_low = fma(n, 0x1.10b4611a62633p-30, -next);
    Pair<double> rest = two_sum(r, -next);
    return {n, {rest.high, rest.low - next_low - n * 0x1.45c06e0e68948p-86}};
}
constexpr double far = 1e8;

Lanes<double> tan_of(Lanes<double> x, const auto& coefficients) {
    using L = Lanes<double>;
    Quadrant q = quadrant(x);
    L r = q.rest.high, square = r * r;
    Pair<double> t = fast_two_sum(r, fma(r * square, polynomial(square, coefficients), q.rest.low * (1 + square)));
    L inverse = -1 / t.high;
    L turned = fma(inverse, fma(t.high, inverse, 1) + t.low * inverse, inverse);
    return select(floor(q.n * 0.5) * 2 != q.n, turned, t.high + t.low);
}

}    // namespace

template <>
Lanes<double> tan(Lanes<double> x) {
    using L = Lanes<double>;
    L result = select(x == 0, x, tan_of(x, polynomials::tan_double));
    auto outside = abs(x) > far;
    return any<double>(outside) ? select(outside, each(x, [](double a) { return std::tan(a); }), result) : result;
}
template <>
Lanes<float> tan(Lanes<float> x) {
    using L = Lanes<float>;
    L result = in_double([](Lanes<double> a) { return tan_of(a, polynomials::tan_single); }, x);
    result = select(x == 0, x, result);
    auto outside = abs(x) > static_cast<float>(far);
    return any<float>(outside) ? select(outside, each(x, [](double a) { return std::tan(a); }), result) : result;
}

template Lanes<float> atan(Lanes<float>);
template Lanes<double> atan(Lanes<double>);
template Lanes<float> atan2(Lanes<float>, Lanes<float>);
template Lanes<double> atan2(Lanes<double>, Lanes<double>);

}    // namespace xtape::detail::math
