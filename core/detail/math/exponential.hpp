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

template <class T>
Lanes<T> exp_of(Lanes<T> x) {
    using E = Exponential<T>;
    return split_exp(clamp_to(x, E::lowest, E::highest)).value();
}

}    // namespace xtape::detail
