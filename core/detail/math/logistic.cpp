// The logistic function and its relatives tanh and silu, with derivatives that keep their relative accuracy: all are
// quotients of e^-|x|, which cannot overflow.
#include <xtape/core/detail/math/blocks.hpp>
#include <xtape/core/detail/math/exponential.hpp>
#include <xtape/core/detail/math/over_block.hpp>

namespace xtape::detail::math {
namespace {

// Quotients by whole + rest, where |rest| <= 1 <= whole: one division, which costs as much as ten products.
template <class T>
struct Quotients {
    Lanes<T> bottom, bottom_low, inverse;

    Quotients(T whole, Lanes<T> rest)
        : bottom(whole + rest), bottom_low(rest - (bottom - whole)), inverse(1 / bottom) {}
    Quotients(T whole, Pair<T> rest) : Quotients(whole, rest.high) { bottom_low += rest.low; }
    Lanes<T> of(Lanes<T> top) const {
        const Lanes<T> quotient = top * inverse;
        return fma(residue(quotient, top), inverse, quotient);
    }
    Lanes<T> of(Pair<T> top) const {
        const Lanes<T> quotient = top.high * inverse;
        return fma(residue(quotient, top.high) + top.low, inverse, quotient);
    }

private:
    Lanes<T> residue(Lanes<T> quotient, Lanes<T> top) const {
        return fma(-quotient, bottom_low, fma(-quotient, bottom, top));
    }
};

template <class T>
[[gnu::always_inline]] inline ValueAndSlope<Lanes<T>> sigmoid_of(Lanes<T> x) {
    Lanes<T> power = DecayingExponential<T>(-abs(x)).value();
    Quotients<T> by(1, power);
    Lanes<T> smaller = by.of(power);    // sigmoid(-|x|)
    return {select(x < 0, smaller, by.inverse), smaller * by.inverse};
}

template <class T>
[[gnu::always_inline]] inline ValueAndSlope<Lanes<T>> silu_of(Lanes<T> x) {
    auto [s, slope] = sigmoid_of(x);
    return {x * s, fma(x, slope, s)};
}

// (1 - e^(-2 |x|)) / (1 + e^(-2 |x|)) by e^(-2 |x|) - 1, which is small where x is.
template <class T>
[[gnu::always_inline]] inline ValueAndSlope<Lanes<T>> tanh_of(Lanes<T> x) {
    const DecayingExponential<T> e(-2 * abs(x));
    // The rounding of the difference alone would take one of the two units that are allowed.
    const Lanes<T> power = e.times_power(1), whole = power - 1, high = fma(power, e.fraction(), whole);
    const Pair<T> less_one{high, fma(power, e.fraction(), whole - high)};
    const Quotients<T> by(2, less_one);
    return {with_sign(by.of(less_one), x), 4 * e.value() * by.inverse * by.inverse};
}

}    // namespace

template <class T>
Lanes<T> sigmoid(Lanes<T> x) {
    return sigmoid_of(x).value;
}
template <class T>
Lanes<T> sigmoid_slope(Lanes<T> x) {
    return sigmoid_of(x).slope;
}
template <class T>
ValueAndSlope<Lanes<T>> sigmoid_and_slope(Lanes<T> x) {
    return sigmoid_of(x);
}
template <class T>
void sigmoid(const T* x, T* y, T* slope, std::size_t count) {
    over_block(x, y, slope, count, [](Lanes<T> lanes) { return sigmoid_of(lanes); });
}

template <class T>
void silu(const T* x, T* y, T* slope, std::size_t count) {
    over_block(x, y, slope, count, [](Lanes<T> lanes) { return silu_of(lanes); });
}

template <class T>
Lanes<T> tanh(Lanes<T> x) {
    return tanh_of(x).value;
}
template <class T>
Lanes<T> tanh_slope(Lanes<T> x) {
    return tanh_of(x).slope;
}
template <class T>
ValueAndSlope<Lanes<T>> tanh_and_slope(Lanes<T> x) {
    return tanh_of(x);
}
template <class T>
void tanh(const T* x, T* y, T* slope, std::size_t count) {
    over_block(x, y, slope, count, [](Lanes<T> lanes) { return tanh_of(lanes); });
}

template Lanes<float> sigmoid(Lanes<float>);
template Lanes<double> sigmoid(Lanes<double>);
template Lanes<float> sigmoid_slope(Lanes<float>);
template Lanes<double> sigmoid_slope(Lanes<double>);
template ValueAndSlope<Lanes<float>> sigmoid_and_slope(Lanes<float>);
template ValueAndSlope<Lanes<double>> sigmoid_and_slope(Lanes<double>);
template void sigmoid(const float*, float*, float*, std::size_t);
template void sigmoid(const double*, double*, double*, std::size_t);
template void silu(const float*, float*, float*, std::size_t);
template void silu(const double*, double*, double*, std::size_t);
template Lanes<float> tanh(Lanes<float>);
template Lanes<double> tanh(Lanes<double>);
template Lanes<float> tanh_slope(Lanes<float>);
template Lanes<double> tanh_slope(Lanes<double>);
template ValueAndSlope<Lanes<float>> tanh_and_slope(Lanes<float>);
template ValueAndSlope<Lanes<double>> tanh_and_slope(Lanes<double>);
template void tanh(const float*, float*, float*, std::size_t);
template void tanh(const double*, double*, double*, std::size_t);

}    // namespace xtape::detail::math
