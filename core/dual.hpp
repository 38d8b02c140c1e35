// Dual<V>: a number and its derivative along one direction, V being Lanes or another Dual; nested duals give higher
// derivatives. Conditions look at the value alone, so a derivative at a kink is that of the side that is computed.
#pragma once

#include <xtape/core/detail/lanes.hpp>

#include <concepts>
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
    template <class U>
    requires std::convertible_to<U, V> &&(!Arithmetic<U>)Dual(const U& v)
        : value(v) {}    // also from what a select of two plain numbers gives
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
    friend Dual expm1(const Dual& a) { return {expm1(a.value), a.slope * exp(a.value)}; }
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
        V length = hypot(a.value, b.value);
        return {atan2(a.value, b.value), (a.slope * (b.value / length) - b.slope * (a.value / length)) / length};
    }
    friend Dual sinh(const Dual& a) { return {sinh(a.value), a.slope * cosh(a.value)}; }
    friend Dual cosh(const Dual& a) { return {cosh(a.value), a.slope * sinh(a.value)}; }
    friend Dual tanh(const Dual& a) { return chain(a, tanh_and_slope(a.value)); }
    friend ValueAndSlope<Dual> tanh_and_slope(const Dual& a) { return {tanh(a), tanh_slope(a)}; }
    friend Dual tanh_slope(const Dual& a) {
        V y = tanh_slope(a.value);
        return {y, a.slope * (-2 * y * tanh(a.value))};
    }
    friend Dual asinh(const Dual& a) { return {asinh(a.value), a.slope / hypot(a.value, V(1))}; }
    friend Dual acosh(const Dual& a) { return {acosh(a.value), a.slope / (sqrt(a.value - 1) * sqrt(a.value + 1))}; }
    friend Dual atanh(const Dual& a) { return {atanh(a.value), a.slope / (1 - a.value * a.value)}; }
    friend Dual erf(const Dual& a) { return chain(a, erf_and_slope(a.value)); }
    friend ValueAndSlope<Dual> erf_and_slope(const Dual& a) {
        return {erf(a), (2 * std::numbers::inv_sqrtpi) * exp_minus_square(a)};
    }
    friend Dual erfc(const Dual& a) {
        return {erfc(a.value), -(a.slope * (2 * std::numbers::inv_sqrtpi) * exp_minus_square(a.value))};
    }
    friend Dual exp_minus_square(const Dual& a) {
        V y = exp_minus_square(a.value);
        return {y, a.slope * (-2 * a.value * y)};
    }
    friend Dual ndtr(const Dual& a) { return {ndtr(a.value), a.slope * normal_density(a.value)}; }
    friend Dual lgamma(const Dual& a) { return {lgamma(a.value), a.slope * digamma(a.value)}; }
    friend Dual digamma(const Dual& a) { return polygamma(0, a); }
    friend Dual polygamma(int n, const Dual& a) { return {polygamma(n, a.value), a.slope * polygamma(n + 1, a.value)}; }

    // What is made of e^x so that it neither overflows nor cancels, nor does its derivative.
    friend Dual sigmoid(const Dual& a) { return chain(a, sigmoid_and_slope(a.value)); }
    friend ValueAndSlope<Dual> sigmoid_and_slope(const Dual& a) { return {sigmoid(a), sigmoid_slope(a)}; }
    friend Dual sigmoid_slope(const Dual& a) {
        V y = sigmoid_slope(a.value);
        return {y, a.slope * (-y * tanh(0.5 * a.value))};
    }
    friend Dual log_sigmoid(const Dual& a) { return {log_sigmoid(a.value), a.slope * sigmoid(-a.value)}; }
    friend Dual softplus(const Dual& a) { return {softplus(a.value), a.slope * sigmoid(a.value)}; }
    friend Dual silu(const Dual& a) { return a * sigmoid(a); }
    friend Dual relu(const Dual& a) { return {relu(a.value), select(a.value > 0, a.slope, 0)}; }
    friend Dual gelu(const Dual& a) { return chain(a, gelu_and_slope(a.value)); }
    friend ValueAndSlope<Dual> gelu_and_slope(const Dual& a) { return {gelu(a), gelu_slope(a)}; }
    friend Dual gelu_slope(const Dual& a) {
        return {gelu_slope(a.value), a.slope * (2 - a.value * a.value) * normal_density(a.value)};
    }
    friend Dual clamp(const Dual& a, const Dual& lower, const Dual& upper) { return min(max(a, lower), upper); }
    // Terms that are 0 times something infinite or undefined are 0: 0^0 by its base, and a base <= 0 with a constant
    // exponent.
    friend Dual pow(const Dual& a, const Dual& b) {
        V power = pow(a.value, b.value);
        V by_base = select(a.value == 0 && b.value == 0, 0, a.slope * b.value * pow(a.value, b.value - 1));
        V by_exponent = select(a.value <= 0 && b.slope == 0, 0, b.slope * power * log(a.value));
        return {power, by_base + by_exponent};
    }

private:
    static Dual chain(const Dual& a, const ValueAndSlope<V>& y) { return {y.value, a.slope * y.slope}; }
    static V normal_density(const V& x) {
        constexpr double sqrt_half = 0.5 * std::numbers::sqrt2;
        return (sqrt_half * std::numbers::inv_sqrtpi) * exp_minus_square(sqrt_half * x);
    }
};

}    // namespace xtape
