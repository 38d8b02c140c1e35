// Dual<V>: a number and its derivative along one direction, V being Lanes or another Dual; nested duals give higher
// derivatives. Conditions look at the value alone, so a derivative at a kink is that of the side that is computed.
#pragma once

#include <xtape/core/detail/lanes.hpp>

#include <numbers>

namespace xtape {

template <class V>
class Dual {
public:
    using Mask = typename V::Mask;

    V value{0};
    V slope{0};

    Dual() = default;
    template <Arithmetic N>
    Dual(N number) : value(number) {}
    Dual(V v) : value(v) {}
    Dual(V v, V s) : value(v), slope(s) {}

    friend Dual operator+(const Dual& a, const Dual& b) { return {a.value + b.value, a.slope + b.slope}; }
    friend Dual operator-(const Dual& a, const Dual& b) { return {a.value - b.value, a.slope - b.slope}; }
    friend Dual operator*(const Dual& a, const Dual& b) {
        return {a.value * b.value, a.slope * b.value + a.value * b.slope};
    }
    friend Dual operator/(const Dual& a, const Dual& b) {
        V quotient = a.value / b.value;
        return {quotient, (a.slope - quotient * b.slope) / b.value};
    }
    friend Dual operator-(const Dual& a) { return {-a.value, -a.slope}; }
    friend Dual operator+(const Dual& a) { return a; }
    friend Dual& operator+=(Dual& a, const Dual& b) { return a = a + b; }
    friend Dual& operator-=(Dual& a, const Dual& b) { return a = a - b; }
    friend Dual& operator*=(Dual& a, const Dual& b) { return a = a * b; }
    friend Dual& operator/=(Dual& a, const Dual& b) { return a = a / b; }

    friend Mask operator<(const Dual& a, const Dual& b) { return a.value < b.value; }
    friend Mask operator>(const Dual& a, const Dual& b) { return a.value > b.value; }
    friend Mask operator<=(const Dual& a, const Dual& b) { return a.value <= b.value; }
    friend Mask operator>=(const Dual& a, const Dual& b) { return a.value >= b.value; }
    friend Mask operator==(const Dual& a, const Dual& b) { return a.value == b.value; }
    friend Mask operator!=(const Dual& a, const Dual& b) { return a.value != b.value; }
    friend Mask isnan(const Dual& a) { return isnan(a.value); }

    friend Dual select(const Mask& m, const Dual& a, const Dual& b) {
        return {select(m, a.value, b.value), select(m, a.slope, b.slope)};
    }
    friend Dual where(const Mask& m, const Dual& a, const Dual& b) { return select(m, a, b); }
    // Ties share the derivative, as everywhere in xtape.
    friend Dual max(const Dual& a, const Dual& b) {
        return {max(a.value, b.value), select(a.value == b.value, 0.5 * (a.slope + b.slope),
                                              select(a.value > b.value || isnan(a.value), a.slope, b.slope))};
    }
    friend Dual min(const Dual& a, const Dual& b) { return -max(-a, -b); }
    friend Dual abs(const Dual& a) { return {abs(a.value), a.slope * sign(a.value)}; }
    friend Dual sign(const Dual& a) { return sign(a.value); }
    friend Dual floor(const Dual& a) { return floor(a.value); }
    friend Dual ceil(const Dual& a) { return ceil(a.value); }
    friend Dual round(const Dual& a) { return round(a.value); }

    friend Dual square(const Dual& a) { return a * a; }
    friend Dual reciprocal(const Dual& a) { return 1 / a; }
    friend Dual sqrt(const Dual& a) {
        V root = sqrt(a.value);
        return {root, a.slope / (2 * root)};
    }
    friend Dual rsqrt(const Dual& a) { return 1 / sqrt(a); }
    friend Dual cbrt(const Dual& a) {
        V root = cbrt(a.value);
        return {root, a.slope / (3 * root * root)};
    }
    friend Dual hypot(const Dual& a, const Dual& b) {
        V length = hypot(a.value, b.value);
        return {length, (a.value * a.slope + b.value * b.slope) / length};
    }
    friend Dual exp(const Dual& a) {
        V power = exp(a.value);
        return {power, a.slope * power};
    }
    friend Dual exp2(const Dual& a) {
        V power = exp2(a.value);
        return {power, a.slope * power * std::numbers::ln2};
    }
    friend Dual expm1(const Dual& a) {
        V power = expm1(a.value);
        return {power, a.slope * (power + 1)};
    }
    friend Dual log(const Dual& a) { return {log(a.value), a.slope / a.value}; }
    friend Dual log2(const Dual& a) { return {log2(a.value), a.slope / (a.value * std::numbers::ln2)}; }
    friend Dual log10(const Dual& a) { return {log10(a.value), a.slope / (a.value * std::numbers::ln10)}; }
    friend Dual log1p(const Dual& a) { return {log1p(a.value), a.slope / (1 + a.value)}; }
    friend Dual sin(const Dual& a) { return {sin(a.value), a.slope * cos(a.value)}; }
    friend Dual cos(const Dual& a) { return {cos(a.value), -(a.slope * sin(a.value))}; }
    friend Dual tan(const Dual& a) {
        V tangent = tan(a.value);
        return {tangent, a.slope * (1 + tangent * tangent)};
    }
    friend Dual asin(const Dual& a) { return {asin(a.value), a.slope / sqrt(1 - a.value * a.value)}; }
    friend Dual acos(const Dual& a) { return {acos(a.value), -(a.slope / sqrt(1 - a.value * a.value))}; }
    friend Dual atan(const Dual& a) { return {atan(a.value), a.slope / (1 + a.value * a.value)}; }
    friend Dual atan2(const Dual& a, const Dual& b) {
        return {atan2(a.value, b.value),
                (a.slope * b.value - a.value * b.slope) / (a.value * a.value + b.value * b.value)};
    }
    friend Dual sinh(const Dual& a) { return {sinh(a.value), a.slope * cosh(a.value)}; }
    friend Dual cosh(const Dual& a) { return {cosh(a.value), a.slope * sinh(a.value)}; }
    friend Dual tanh(const Dual& a) {
        V tangent = tanh(a.value);
        return {tangent, a.slope * (1 - tangent * tangent)};
    }
    friend Dual asinh(const Dual& a) { return {asinh(a.value), a.slope / sqrt(a.value * a.value + 1)}; }
    friend Dual acosh(const Dual& a) { return {acosh(a.value), a.slope / (sqrt(a.value - 1) * sqrt(a.value + 1))}; }
    friend Dual atanh(const Dual& a) { return {atanh(a.value), a.slope / (1 - a.value * a.value)}; }
    friend Dual erf(const Dual& a) {
        return {erf(a.value), a.slope * (2 * std::numbers::inv_sqrtpi) * exp(-(a.value * a.value))};
    }
    friend Dual erfc(const Dual& a) {
        return {erfc(a.value), -(a.slope * (2 * std::numbers::inv_sqrtpi) * exp(-(a.value * a.value)))};
    }
    // Terms that are 0 times something infinite or undefined are 0: 0^0 by its base, and a base <= 0 with a constant
    // exponent.
    friend Dual pow(const Dual& a, const Dual& b) {
        V power = pow(a.value, b.value);
        V by_base = select(a.value == 0 && b.value == 0, 0, a.slope * b.value * pow(a.value, b.value - 1));
        V by_exponent = select(a.value <= 0 && b.slope == 0, 0, b.slope * power * log(a.value));
        return {power, by_base + by_exponent};
    }
};

}    // namespace xtape
