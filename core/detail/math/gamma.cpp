// ln |gamma|, digamma and its derivatives. Negative numbers, which are rare, go through the C library and Boost.
#include <xtape/core/detail/math/logarithm.hpp>

#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/polygamma.hpp>

#include <cmath>
#include <limits>
#include <numbers>

namespace xtape::detail::math {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity(), NaN = std::numeric_limits<double>::quiet_NaN();

// Poles are infinities or NaN, as in the C library, not exceptions.
using Quiet =
    boost::math::policies::policy<boost::math::policies::pole_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::domain_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::evaluation_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::promote_double<false>>;

// The n-th derivative of digamma at one number.
double polygamma_of(int n, double x) {
    if (std::isnan(x) || x == -infinity) return NaN;
    if (x == infinity) return n == 0 ? infinity : 0;
    const bool pole = x <= 0 && x == std::floor(x);
    if (n == 0 && pole) return x == 0 ? -std::copysign(infinity, x) : NaN;
    if (n == 0 && x < 0)    // unlike 1 - x, which Boost reflects to, -x is exact
        return boost::math::digamma(-x, Quiet()) - 1 / x -
               std::numbers::pi / std::tan(std::numbers::pi * (x - std::nearbyint(x)));
    if (n == 0) return boost::math::digamma(x, Quiet());
    if (pole) return n % 2 == 1 ? infinity : NaN;    // of even order it has different signs on its two sides
    return boost::math::polygamma(n, x, Quiet());
}
// The C library's lgamma writes a global variable.
double lgamma_of(double x) {
    int sign;
    return ::lgamma_r(x, &sign);
}

constexpr double half_log_2pi = 0x1.d67f1c864beb5p-1, half_log_2pi_low = -0x1.65b5a1b7ff5dfp-55;

// Stirling's formula, for x >= 8: (x - 1/2) ln x - x + ln(2 pi) / 2 + series / x
Lanes<double> stirling(Lanes<double> x, Pair<double> log) {
    using L = Lanes<double>;
    // (x - 1/2) (ln x - 1) - 1/2 + ln(2 pi) / 2 loses nothing to cancellation
    Pair<double> less = two_sum<double>(log.high, -1);
    L factor = x - 0.5, product = factor * less.high;
    L low = fma(factor, less.high, -product) + factor * (less.low + log.low);
    Pair<double> sum = two_sum<double>(product, half_log_2pi - 0.5);
    L inverse = 1 / x, square = inverse * inverse;
    return sum.high +
           (fma(inverse, polynomial(square, polynomials::stirling_double), low) + (sum.low + half_log_2pi_low));
}

// For x > 0. With m the integer next to x (at least 0) and z = x - m: ln gamma(2 + z), which is a polynomial, plus
// ln((x - 1) ... (x - m + 2)) or minus ln(x) or ln(x (x + 1)).
Lanes<double> lgamma_of(Lanes<double> x) {
    using L = Lanes<double>;
    auto large = x >= 8;
    L small = select(large, 1, x), m = round(small), z = small - m;
    Pair<double> product{select(m == 0, small, 1), 0};
    auto times = [&](auto mask, L factor) {
        L f = select(mask, factor, 1), high = product.high * f;
        product = {high, fma(product.high, f, -high) + product.low * f};
    };
    auto below = m < 2;
    times(m == 1, small);
    {    // x (x + 1), the sum being exact as a pair
        Pair<double> next = two_sum<double>(small, 1);
        L f = select(m == 0, next.high, 1), f_low = select(m == 0, next.low, 0), high = product.high * f;
        product = {high, fma(product.high, f, -high) + product.low * f + product.high * f_low};
    }
    if (any<double>(m > 2))
        for (int i = 1; i <= 6; ++i) times(m > 1.0 + i, small - i);
    // Where x is large the logarithm is that of x itself; so small that the product is subnormal, the low part is lost.
    Pair<double> argument{select(large, x, product.high), select(large || x < 1e-290, 0, product.low)};
    auto subnormal = argument.high < 0x1p-1022;
    Pair<double> log = log_pair(Pair<double>{select(subnormal, argument.high * 0x1p54, argument.high), argument.low});
    log.high = log.high - select(subnormal, 54 * ln2, 0);
    L series = z * polynomial(z, polynomials::lgamma_double);
    L high = select(below, -log.high, log.high), low = select(below, -log.low, log.low);
    Pair<double> sum = two_sum(high, series);
    L near = sum.high + (sum.low + low);
    return any<double>(large) ? select(large, stirling(x, log), near) : near;
}

// The same for a float in a double: nothing cancels that a float would show.
Lanes<double> lgamma_single(Lanes<double> x) {
    using L = Lanes<double>;
    auto large = x >= 8;
    L small = select(large, 1, x), m = round(small), z = small - m;
    L product = select(m == 0, small * (small + 1), select(m == 1, small, 1));
    if (any<double>(m > 2))
        for (int i = 1; i <= 6; ++i) product = product * select(m > 1.0 + i, small - i, 1);
    L log = log_single(select(large, x, product));
    L near = fma(z, polynomial(z, polynomials::lgamma_single), select(m < 2, -log, log));
    if (!any<double>(large)) return near;
    L inverse = 1 / x;
    L series = inverse * polynomial(inverse * inverse, polynomials::stirling_single);
    return select(large, fma(x - 0.5, log - 1, (half_log_2pi - 0.5) + series), near);
}

template <class T>
auto outside(Lanes<T> x) {
    return !(x > 0 && x < std::numeric_limits<T>::infinity());
}

}    // namespace

template <>
Lanes<double> lgamma(Lanes<double> x) {
    auto rare = !(x > 0 && x < 1e300);
    Lanes<double> result = lgamma_of(select(rare, 1, x));
    return any<double>(rare) ? select(rare, each(x, [](double a) { return lgamma_of(a); }), result) : result;
}
template <>
Lanes<float> lgamma(Lanes<float> x) {
    auto rare = outside(x);
    Lanes<float> result = in_double([](Lanes<double> a) { return lgamma_single(a); }, select(rare, 1, x));
    return any<float>(rare) ? select(rare, each(x, [](double a) { return lgamma_of(a); }), result) : result;
}

namespace {

// digamma from 1 to 8: three polynomials, each for the numbers under one exponent; the first has the root divided out.
template <std::size_t N, std::size_t K>
Lanes<double> digamma_of(Lanes<double> x, const double (&one)[N], const double (&two)[N], const double (&four)[N],
                         const double (&tail)[K]) {
    using L = Lanes<double>;
    auto first = x < 1, large = x >= 8;
    L y = select(first, x + 1, select(large, 1, x));
    auto past_2 = y >= 2, past_4 = y >= 4;
    L z = y * select(past_4, 0.25, select(past_2, 0.5, 1)) - 1.5, square = z * z;
    auto coefficient = [&](std::size_t i) { return select(past_4, four[i], select(past_2, two[i], L(one[i]))); };
    constexpr std::size_t top = (N - 1) / 2 * 2, top_odd = N % 2 == 0 ? N - 1 : N - 2;
    L even = coefficient(top), odd = coefficient(top_odd);
    for (std::size_t i = top; i >= 2; i -= 2) even = fma(even, square, coefficient(i - 2));
    for (std::size_t i = top_odd; i >= 3; i -= 2) odd = fma(odd, square, coefficient(i - 2));
    L value = fma(odd, z, even);
    L from_root = (y - polynomials::digamma_root_high) - polynomials::digamma_root_low;
    L product = value * from_root, product_low = fma(value, from_root, -product);
    value = select(past_2, value, product);
    if (any<double>(first)) {    // digamma(x + 1) - 1 / x, with what the sum and the quotient lack
        L inverse = 1 / x, inverse_low = fma(-x, inverse, 1) * inverse;
        Pair<double> difference = two_sum(value, -inverse);
        L low = difference.low + product_low - fma(L(0.8), (y - 1) - x, inverse_low);
        value = select(first, difference.high + select(x < 0.25, 0, low), value);
    }
    if (!any<double>(large)) return value;
    L inverse = 1 / x, inverse_square = inverse * inverse, far = select(large, x, 8);
    L log = K > 4 ? log_pair(far).high : log_single(far);
    return select(large, log - fma(inverse_square, polynomial(inverse_square, tail), 0.5 * inverse), value);
}

// The n-th derivative of digamma is (-1)^(n + 1) n! zeta(n + 1, x): the first terms of the sum as they stand, the rest
// by Euler and Maclaurin's formula.
constexpr int most_orders = 16;

// (x + k)^-n
template <bool Single>
Pair<double> inverse_power(Lanes<double> x, Lanes<double> k, int n) {
    using L = Lanes<double>;
    L y = x + k, inverse = 1 / y, inverse_low = 0;
    if constexpr (!Single) inverse_low = inverse * (fma(-y, inverse, 1) - (x - (y - k)) * inverse);
    Pair<double> result{inverse, inverse_low};
    for (int i = 1; i < n; ++i) {
        L high = result.high * inverse;
        if constexpr (!Single)
            result.low = fma(result.high, inverse, -high) + fma(result.high, inverse_low, result.low * inverse);
        result.high = high;
    }
    return result;
}

template <bool Single>
Lanes<double> series(int n, Lanes<double> x) {
    using L = Lanes<double>;
    // B_2j / (2j)!
    constexpr double bernoulli[] = {1.0 / 12,          -1.0 / 720,
                                    1.0 / 30240,       -1.0 / 1209600,
                                    1.0 / 47900160,    -691.0 / 1307674368000,
                                    1.0 / 74724249600, -3617.0 / 10670622842880000};
    constexpr int terms = Single ? 4 : 8;
    const double enough = Single ? 5 + 0.5 * n : 9 + 0.5 * n;
    Pair<double> sum{0, 0};
    L k = 0;
    auto more = x < enough;
    for (double step = 0; any<double>(more); ++step) {
        Pair<double> term = inverse_power<Single>(x, step, n + 1);
        Pair<double> next = fast_two_sum(sum.high, select(more, term.high, 0));
        sum = {next.high, sum.low + next.low + select(more, term.low, 0)};
        k = select(more, step + 1, k);
        more = x + k < enough && more;
    }
    // y^-n (1 / n + 1 / (2 y) + sum_j B_2j / (2j)! (n + 1) ... (n + 2j - 1) y^-2j), where y = x + k
    double coefficients[terms], rising = n + 1;
    for (int j = 0; j < terms; ++j) {
        coefficients[j] = bernoulli[j] * rising;
        rising *= (n + 2.0 * j + 2) * (n + 2.0 * j + 3);
    }
    L inverse = 1 / (x + k), square = inverse * inverse;
    Pair<double> power = inverse_power<Single>(x, k, n);
    L rest = coefficients[terms - 1];
    for (int j = terms - 1; j > 0; --j) rest = fma(rest, square, coefficients[j - 1]);
    L small = power.high * fma(rest, square, 0.5 * inverse);
    Pair<double> all = two_sum(sum.high, power.high * (1.0 / n));
    double factor = n % 2 == 1 ? 1 : -1;
    for (int i = 2; i <= n; ++i) factor *= i;
    return factor * (all.high + (all.low + (sum.low + power.low * (1.0 / n) + small)));
}

}    // namespace

template <>
Lanes<double> polygamma(int n, Lanes<double> x) {
    namespace p = polynomials;
    auto rare = outside(x) || (n > most_orders ? x == x : x < 1e-15);
    Lanes<double> inside = select(rare, 1, x);
    Lanes<double> result = n == 0 ? digamma_of(inside, p::digamma_1_double, p::digamma_2_double, p::digamma_4_double,
                                               p::digamma_tail_double)
                                  : series<false>(n > most_orders ? 1 : n, inside);
    return any<double>(rare) ? select(rare, each(x, [n](double a) { return polygamma_of(n, a); }), result) : result;
}
template <>
Lanes<float> polygamma(int n, Lanes<float> x) {
    namespace p = polynomials;
    auto rare = outside(x) || (n > most_orders ? x == x : x < 1e-15F);
    Lanes<float> result = in_double(
        [n](Lanes<double> a) {
            return n == 0 ? digamma_of(a, p::digamma_1_single, p::digamma_2_single, p::digamma_4_single,
                                       p::digamma_tail_single)
                          : series<true>(n > most_orders ? 1 : n, a);
        },
        select(rare, 1, x));
    return any<float>(rare) ? select(rare, each(x, [n](double a) { return polygamma_of(n, a); }), result) : result;
}

}    // namespace xtape::detail::math
