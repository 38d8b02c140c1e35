// e^x and its relatives, built from e^x = 2^n e^r with |r| <= ln(2) / 2.
#pragma once

#include <xtape/core/detail/polynomials.hpp>
#include <xtape/core/detail/vector.hpp>

namespace xtape::detail {

template <class T>
struct Exponential;    // where e^x ends, and ln 2 = high + low, n high being exact
template <>
struct Exponential<float> {
    static constexpr float lowest = -105, highest = 89, per_ln2 = 1.44269504F;
    static constexpr float ln2_high = 0x1.62ep-1F, ln2_low = 0x1.0bfbe8p-15F;
    static constexpr const auto& rest = polynomials::exp_float;
};
template <>
struct Exponential<double> {
    static constexpr double lowest = -746, highest = 710, per_ln2 = 1.4426950408889634;
    static constexpr double ln2_high = 0x1.62e42fefa38p-1, ln2_low = 0x1.ef35793c7673p-45;
    static constexpr const auto& rest = polynomials::exp_double;
};

// e^x = 2^n (1 + high + low)
template <class T>
struct SplitExponential {
    Lanes<T> n, high, low;
    Lanes<T> fraction() const { return high + low; }
    Lanes<T> value() const {
        if constexpr (sizeof(T) == 4) return scale(1 + fraction(), n);
        Pair<T> sum = fast_two_sum<T>(1, high);
        return scale(sum.high + (sum.low + low), n);
    }
};
template <class T>
SplitExponential<T> split_exp(Lanes<T> x) {
    using E = Exponential<T>;
    Lanes<T> n = round(x * E::per_ln2);
    Lanes<T> r = fma(-n, E::ln2_low, fma(-n, E::ln2_high, x));
    return {n, r, r * r * polynomial(r, E::rest)};
}
// The same for x = high + low.
template <class T>
SplitExponential<T> split_exp(Pair<T> x) {
    using E = Exponential<T>;
    Lanes<T> n = round(x.high * E::per_ln2);
    Pair<T> r = fast_two_sum(fma(-n, E::ln2_high, x.high), fma(-n, E::ln2_low, x.low));
    return {n, r.high, fma(r.high * r.high, polynomial(r.high, E::rest), fma(r.low, r.high, r.low))};
}

// e^x for x <= 0, in half the instructions: 2^n (1 + fraction).
template <class T>
class DecayingExponential {
public:
    explicit DecayingExponential(Lanes<T> x) {
        reduce(x, [](Lanes<T> rest) { return rest; });
    }
    explicit DecayingExponential(Pair<T> x) {
        reduce(x.high, [&](Lanes<T> rest) { return rest + x.low; });
    }
    Lanes<T> fraction() const { return fraction_; }
    Lanes<T> value() const { return times_power(1 + fraction_); }
    // x 2^n, rounded once where that is subnormal.
    Lanes<T> times_power(Lanes<T> x) const {
#ifdef __AVX512F__
        return scale(x, n_);
#else
        // The exponent n + spare is that of a normal number for all n.
        constexpr T per_spare = sizeof(T) == 4 ? T(0x1p-64) : T(0x1p-512);
        return x * from_bits<T>((bits_of(shifted_) << digits) + bits_of(Lanes<T>(1))) * per_spare;
#endif
    }

private:
    static constexpr int digits = sizeof(T) == 4 ? 23 : 52;
    static constexpr T spare = sizeof(T) == 4 ? 64 : 512;
    // Numbers of this size have no fraction: n + spare stands in the last bits.
    static constexpr T integers = (sizeof(T) == 4 ? T(0x1.8p23) : T(0x1.8p52)) + spare;

    template <class WithLow>
    [[gnu::always_inline]] void reduce(Lanes<T> x, WithLow with_low) {
        using E = Exponential<T>;
        const Lanes<T> inside = at_least(x, E::lowest);
        shifted_ = fma(inside, E::per_ln2, integers);
        n_ = shifted_ - integers;
        const Lanes<T> r = with_low(fma(n_, -E::ln2_low, fma(n_, -E::ln2_high, inside)));
        fraction_ = fma(r * r, polynomial(r, E::rest), r);
    }

    Lanes<T> n_, shifted_, fraction_;
};

template <class T>
Lanes<T> exp_of(Lanes<T> x) {
    using E = Exponential<T>;
    return split_exp(clamp_to(x, E::lowest, E::highest)).value();
}

}    // namespace xtape::detail
