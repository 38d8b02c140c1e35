// What the functions of core/detail/math/ are written in: fused multiply-add, exponents, sums of two numbers, and
// polynomials, on Lanes. Everything is exact or rounds once, whatever the width of a register.
#pragma once

#include <xtape/core/detail/lanes.hpp>

#include <cstdint>
#include <type_traits>

namespace xtape::detail {

template <class T>
using BitsOf = xsimd::batch<std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>;
template <class T>
BitsOf<T> bits_of(Lanes<T> x) {
    return xsimd::bitwise_cast<BitsOf<T>>(x.batch());
}
template <class T>
Lanes<T> from_bits(BitsOf<T> bits) {
    return xsimd::bitwise_cast<xsimd::batch<T>>(bits);
}

template <class T>
Lanes<T> sign_bit(Lanes<T> x) {
    return x.batch() & xsimd::batch<T>(T(-0.0));
}
template <class T>
Lanes<T> with_sign(Lanes<T> size, Lanes<T> sign) {
    return xsimd::abs(size.batch()) | sign_bit(sign).batch();
}
template <class T>
Lanes<T> flip_sign(Lanes<T> x, Lanes<T> sign) {
    return x.batch() ^ sign_bit(sign).batch();
}
// NaN stays NaN.
template <class T>
Lanes<T> at_least(Lanes<T> x, T low) {
    return xsimd::max(xsimd::batch<T>(low), x.batch());
}
template <class T>
Lanes<T> at_most(Lanes<T> x, T high) {
    return xsimd::min(xsimd::batch<T>(high), x.batch());
}
template <class T>
Lanes<T> clamp_to(Lanes<T> x, T low, T high) {
    return at_most(at_least(x, low), high);
}
template <class T>
bool any(typename Lanes<T>::Mask m) {
    return xsimd::any(m.bits);
}

// a + b exactly, as high + low.
template <class T>
struct Pair {
    Lanes<T> high, low;
};
// For |a| >= |b|, or b so small that its rounding does not matter.
template <class T>
Pair<T> fast_two_sum(Lanes<T> a, Lanes<T> b) {
    Lanes<T> sum = a + b;
    return {sum, b - (sum - a)};
}
template <class T>
Pair<T> two_sum(Lanes<T> a, Lanes<T> b) {
    Lanes<T> sum = a + b, part = sum - a;
    return {sum, (a - (sum - part)) + (b - part)};
}

// a b + c with one rounding, which xsimd's is not on AVX-512. Without the instruction: Dekker's product, whose error is
// added last.
template <class T>
Lanes<T> fma(Lanes<T> a, std::type_identity_t<Lanes<T>> b, std::type_identity_t<Lanes<T>> c) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4)
        return xsimd::batch<T>(_mm512_fmadd_ps(a.batch(), b.batch(), c.batch()));
    else
        return xsimd::batch<T>(_mm512_fmadd_pd(a.batch(), b.batch(), c.batch()));
#elif defined(__FMA__)
    return xsimd::fma(a.batch(), b.batch(), c.batch());
#else
    auto halves = [](Lanes<T> x) {
        Lanes<T> scaled = x * (sizeof(T) == 4 ? T(4097) : T(134217729));
        Lanes<T> high = scaled - (scaled - x);
        return Pair<T>{high, x - high};
    };
    Pair<T> x = halves(a), y = halves(b);
    Lanes<T> product = a * b;
    Lanes<T> error = x.low * y.low - (((product - x.high * y.high) - x.low * y.high) - x.high * y.low);
    Pair<T> sum = two_sum(product, c);
    Lanes<T> result = sum.high + (sum.low + error);
    return select(isnan(result), product + c, result);    // where splitting overflows
#endif
}
// c[0] + c[1] x + ...; even and odd powers apart, which halves the time from x to the result.
template <class T, std::size_t N>
Lanes<T> polynomial(Lanes<T> x, const T (&c)[N]) {
    constexpr std::size_t top = (N - 1) / 2 * 2, top_odd = N % 2 == 0 ? N - 1 : N - 2;
    const Lanes<T> square = x * x;
    Lanes<T> even = c[top], odd = c[top_odd];
    for (std::size_t i = top; i >= 2; i -= 2) even = fma(even, square, c[i - 2]);
    for (std::size_t i = top_odd; i >= 3; i -= 2) odd = fma(odd, square, c[i - 2]);
    return fma(odd, x, even);
}

// 2^n for an integral n that gives a normal number.
template <class T>
Lanes<T> power_of_two(Lanes<T> n) {
    if constexpr (sizeof(T) == 4)
        return from_bits<T>(bits_of<T>(n + T(8388608 + 127)) << 23);
    else
        return from_bits<T>(bits_of<T>(n + T(4503599627370496 + 1023)) << 52);
}
// x 2^n for an integral n: exact, or rounded once where the result is subnormal. |x| is near 1, |n| at most twice the
// largest exponent.
template <class T>
Lanes<T> scale(Lanes<T> x, Lanes<T> n) {
#ifdef __AVX512F__
    if constexpr (sizeof(T) == 4)
        return xsimd::batch<T>(_mm512_scalef_ps(x.batch(), n.batch()));
    else
        return xsimd::batch<T>(_mm512_scalef_pd(x.batch(), n.batch()));
#else
    Lanes<T> half = floor(n * T(0.5));
    return x * power_of_two(half) * power_of_two(n - half);
#endif
}

// Floats computed with as doubles: f on both halves of the registers.
struct Halves {
    Lanes<double> first, second;
};
inline Halves widen(Lanes<float> x) {
#if defined(__AVX512F__)
    const __m512 v = x.batch();
    return {xsimd::batch<double>(_mm512_cvtps_pd(_mm512_castps512_ps256(v))),
            xsimd::batch<double>(_mm512_cvtps_pd(_mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(v), 1))))};
#elif defined(__AVX__)
    const __m256 v = x.batch();
    return {xsimd::batch<double>(_mm256_cvtps_pd(_mm256_castps256_ps128(v))),
            xsimd::batch<double>(_mm256_cvtps_pd(_mm256_extractf128_ps(v, 1)))};
#else
    alignas(64) float from[Lanes<float>::width];
    alignas(64) double to[Lanes<float>::width];
    x.store(from);
    for (std::size_t i = 0; i < Lanes<float>::width; ++i) to[i] = from[i];
    return {Lanes<double>::load(to), Lanes<double>::load(to + Lanes<double>::width)};
#endif
}
inline Lanes<float> narrow(Halves x) {
#if defined(__AVX512F__)
    return xsimd::batch<float>(
        _mm512_castpd_ps(_mm512_insertf64x4(_mm512_castps_pd(_mm512_castps256_ps512(_mm512_cvtpd_ps(x.first.batch()))),
                                            _mm256_castps_pd(_mm512_cvtpd_ps(x.second.batch())), 1)));
#elif defined(__AVX__)
    return xsimd::batch<float>(_mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps(x.first.batch())),
                                                    _mm256_cvtpd_ps(x.second.batch()), 1));
#else
    alignas(64) double from[Lanes<float>::width];
    alignas(64) float to[Lanes<float>::width];
    x.first.store(from);
    x.second.store(from + Lanes<double>::width);
    for (std::size_t i = 0; i < Lanes<float>::width; ++i) to[i] = static_cast<float>(from[i]);
    return Lanes<float>::load(to);
#endif
}
template <class F>
Lanes<float> in_double(F f, Lanes<float> x) {
    Halves wide = widen(x);
    return narrow({f(wide.first), f(wide.second)});
}
template <class F>
Lanes<float> in_double(F f, Lanes<float> x, Lanes<float> y) {
    Halves a = widen(x), b = widen(y);
    return narrow({f(a.first, b.first), f(a.second, b.second)});
}

}    // namespace xtape::detail
