#include <xtape/core/detail/math/exponential.hpp>
#include <xtape/core/detail/math/logarithm.hpp>

#include <limits>

namespace xtape::detail::math {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// |x|^y from y ln |x| as a sum of two doubles.
Lanes<double> size_of_power(Lanes<double> x, Lanes<double> y) {
    using E = Exponential<double>;
    Pair<double> log = log_pair(abs(x));
    Lanes<double> product = y * log.high, inside = clamp_to(product, E::lowest, E::highest);
    Lanes<double> low = select(inside == product, fma(y, log.low, fma(y, log.high, -product)), 0);
    return split_exp(Pair<double>{inside, low}).value();
}
Lanes<float> size_of_power(Lanes<float> x, Lanes<float> y) {
    return in_double(
        [](Lanes<double> a, Lanes<double> b) {
            Lanes<double> exponent = clamp_to(b * log_single(a) * (1 / ln2), -300.0, 300.0), n = round(exponent);
            Lanes<double> r = exponent - n;
            return fma(r, polynomial(r, polynomials::exp2_single), 1) * power_of_two(n);
        },
        abs(x), y);
}

}    // namespace

// The special cases of the C standard (annex F).
template <class T>
Lanes<T> pow(Lanes<T> x, Lanes<T> y) {
    using L = Lanes<T>;
    const L size = abs(x);
    auto whole = floor(y) == y;
    auto odd = whole && floor(y * T(0.5)) != y * T(0.5);
    L result = size_of_power(x, y);
    auto zero = size == 0, infinite = size == T(infinity);
    result = select((zero && y > 0) || (infinite && y < 0), 0, result);
    result = select((zero && y < 0) || (infinite && y > 0), T(infinity), result);
    result = select(size == 1, 1, result);    // also to an infinite power
    result = select(odd, flip_sign(result, x), result);
    result =
        select(isnan(x) || isnan(y) || (x < 0 && !whole && !infinite), std::numeric_limits<T>::quiet_NaN(), result);
    return select(y == 0 || x == 1, 1, result);
}

// One step of Newton's method behind xsimd's, with the residue of the cube to twice the digits.
template <class T>
Lanes<T> cbrt(Lanes<T> x) {
    using L = Lanes<T>;
    constexpr T up = sizeof(T) == 4 ? 0x1p24F : T(0x1p54), down = sizeof(T) == 4 ? 0x1p-8F : T(0x1p-18);
    auto subnormal = abs(x) < std::numeric_limits<T>::min();
    L scaled = select(subnormal, x * up, x), root = xsimd::cbrt(scaled.batch());
    if constexpr (sizeof(T) == 8) {
        L square = root * root, square_low = fma(root, root, -square);
        L residue = fma(square, root, -scaled) + square_low * root;
        L better = root - residue / (3 * square);
        root = select(scaled == 0 || abs(x) == T(infinity), scaled, better);
    }
    return select(subnormal, root * down, root);
}

template <class T>
Lanes<T> hypot(Lanes<T> x, Lanes<T> y) {
    using L = Lanes<T>;
    constexpr T large = sizeof(T) == 4 ? 0x1p60F : T(0x1p500), far = sizeof(T) == 4 ? 0x1p80F : T(0x1p600);
    L a = abs(x), b = abs(y), longer = select(a < b, b, a), shorter = select(a < b, a, b);
    L factor = select(longer > large, 1 / far, select(longer < 1 / large, far, 1));
    L back = select(longer > large, far, select(longer < 1 / large, 1 / far, 1));
    L p = longer * factor, q = shorter * factor;
    L length = sqrt(fma(p, p, q * q)) * back;
    return select(a == T(infinity) || b == T(infinity), T(infinity), length);
}

template Lanes<float> pow(Lanes<float>, Lanes<float>);
template Lanes<double> pow(Lanes<double>, Lanes<double>);
template Lanes<float> cbrt(Lanes<float>);
template Lanes<double> cbrt(Lanes<double>);
template Lanes<float> hypot(Lanes<float>, Lanes<float>);
template Lanes<double> hypot(Lanes<double>, Lanes<double>);

}    // namespace xtape::detail::math
