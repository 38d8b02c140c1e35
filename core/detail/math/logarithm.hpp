// ln x as a sum of two doubles, and its cheaper form for floats that are computed with as doubles.
#pragma once

#include <xtape/core/detail/polynomials.hpp>
#include <xtape/core/detail/vector.hpp>

#include <cstdint>

namespace xtape::detail {

inline constexpr double ln2 = 0x1.62e42fefa39efp-1;
inline constexpr double ln2_high = 0x1.62e42fefa38p-1, ln2_low = 0x1.ef35793c7673p-45;    // n high is exact

// x = 2^n m with m between sqrt(1/2) and sqrt(2), for a normal positive x.
struct Split {
    Lanes<double> n, m;
};
inline Split split(Lanes<double> x) {
    using Bits = BitsOf<double>;
    constexpr std::uint64_t one = 0x3ff0000000000000, sqrt_half = 0x3fe6a09e667f3bcd, mantissa = 0x000fffffffffffff;
    Bits shifted = bits_of(x) + Bits(one - sqrt_half);
    Lanes<double> n = from_bits<double>((shifted >> 52) | Bits(0x4330000000000000)) - (4503599627370496.0 + 1023);
    return {n, from_bits<double>((shifted & Bits(mantissa)) + Bits(sqrt_half))};
}

// n ln 2 + ln(m + low), with an error of about 2^-65 of the result. ln m = 2 (s + s^3/3 + s^5/5 + ...), where
// s = (m - 1) / (m + 1).
inline Pair<double> log_of(Split x, Lanes<double> low = 0) {
    using L = Lanes<double>;
    using P = Pair<double>;
    L top = x.m - 1, bottom = x.m + 1, bottom_low = x.m - (bottom - 1), inverse = 1 / bottom;
    L s = top * inverse;
    L s_low = inverse * (fma(-s, bottom, top) + fma(low, 1 - s, -(s * bottom_low)));
    L w = s * s, w_low = fma(s, s, -w) + 2 * s * s_low;
    P c = fast_two_sum<double>(2.0 / 3, w * polynomial(w, polynomials::log_double));
    c.low += 0x1.5555555555555p-55;    // what is left of 2/3
    L v = s * w, v_low = fma(s, w, -v) + (s * w_low + s_low * w);
    L g = v * c.high, g_low = fma(v, c.high, -g) + (v * c.low + v_low * c.high);
    P sum = two_sum(x.n * ln2_high, 2 * s);
    P all = fast_two_sum(sum.high, g);
    return fast_two_sum(all.high, all.low + (sum.low + (2 * s_low + g_low + x.n * ln2_low)));
}
// ln x for x > 0 and finite.
inline Pair<double> log_pair(Lanes<double> x) {
    auto subnormal = x < 0x1p-1022;
    Split parts = split(select(subnormal, x * 0x1p54, x));
    parts.n = select(subnormal, parts.n - 54, parts.n);
    return log_of(parts);
}
// ln(high + low) for a normal sum.
inline Pair<double> log_pair(Pair<double> x) {
    Split parts = split(x.high);
    return log_of(parts, x.low * power_of_two(-parts.n));
}

// With an error of 2^-36 of the result, for a normal x > 0.
inline Lanes<double> log_single(Lanes<double> x) {
    auto [n, m] = split(x);
    Lanes<double> s = (m - 1) / (m + 1), w = s * s;
    return fma(n, ln2, s * fma(w, polynomial(w, polynomials::log_single), 2));
}

}    // namespace xtape::detail
