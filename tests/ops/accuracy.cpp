// The functions of one or two numbers against the C library in long double, on lanes that are full and on a part of
// one.
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/exponential.hpp>
#include <xtape/ops/hyperbolic.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/rounding.hpp>
#include <xtape/ops/special.hpp>
#include <xtape/ops/trigonometric.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <vector>

using xtape::Array;
using xtape::Variable;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double NaN = std::numeric_limits<double>::quiet_NaN();

struct Range {
    double first, last;
};

// Evenly spread, or by a constant factor where the range spans many powers; the count fills no whole number of lanes.
std::vector<double> numbers_in(Range range) {
    constexpr int count = 4001;
    std::vector<double> numbers;
    const bool wide = range.first > 0 && range.last / range.first > 100;
    for (int i = 0; i < count; ++i) {
        double t = double(i) / (count - 1);
        numbers.push_back(wide ? range.first * std::pow(range.last / range.first, t)
                               : range.first + t * (range.last - range.first));
    }
    return numbers;
}

template <class T>
Variable<T> variable(const std::vector<double>& numbers) {
    Array<T> x = xtape::empty_array<T>({numbers.size()});
    for (std::size_t i = 0; i < numbers.size(); ++i) x(i) = static_cast<T>(numbers[i]);
    return Variable<T>(x);
}

// How far `got` is from `wanted`, in units in the last place of the type T.
template <class T>
double units(T got, long double wanted) {
    const T nearest = static_cast<T>(wanted);
    if (std::isnan(nearest) || std::isnan(got)) return std::isnan(nearest) == std::isnan(got) ? 0 : infinity;
    if (std::isinf(nearest) || std::isinf(got)) return nearest == got ? 0 : infinity;
    if (got == 0 && nearest == 0) return std::signbit(got) == std::signbit(nearest) ? 0 : infinity;
    const T size = std::fabs(nearest);
    const T unit = std::nextafter(size, std::numeric_limits<T>::infinity()) - size;
    return static_cast<double>(std::fabs(static_cast<long double>(got) - wanted) / unit);
}

template <class T, class F, class R>
void check_within_4_units(F f, R reference, const std::vector<double>& numbers) {
    const auto x = variable<T>(numbers);
    const Array<T> y = f(x).value();
    double worst = 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        double distance = units<T>(y(i), reference(static_cast<long double>(x.value()(i))));
        if (distance > worst) worst = distance, at = i;
    }
    BOOST_TEST(worst <= 4, (sizeof(T) == 4 ? "float" : "double")
                               << " at " << x.value()(at) << ": got " << y(at) << ", wanted "
                               << static_cast<double>(reference(static_cast<long double>(x.value()(at)))));
}

template <class F, class R>
void check(const char* name, F f, R reference, std::vector<Range> ranges) {
    BOOST_TEST_CONTEXT(name) {
        for (Range range : ranges) {
            check_within_4_units<double>(f, reference, numbers_in(range));
            check_within_4_units<float>(f, reference, numbers_in(range));
        }
        const std::vector<double> special{0.0, -0.0, infinity, -infinity, NaN,  1.0,  -1.0,
                                          2.0, -2.0, 0.5,      -0.5,      1e10, -1e10};
        check_within_4_units<double>(f, reference, special);
        check_within_4_units<float>(f, reference, special);
    }
}

}    // namespace

BOOST_AUTO_TEST_SUITE(accuracy)

BOOST_AUTO_TEST_CASE(exponentials_and_logarithms) {
    using Long = long double;
    check(
        "exp", [](const auto& x) { return exp(x); }, [](Long x) { return std::exp(x); }, {{-5, 5}, {-85, 85}});
    check(
        "exp2", [](const auto& x) { return exp2(x); }, [](Long x) { return std::exp2(x); }, {{-5, 5}, {-120, 120}});
    check(
        "expm1", [](const auto& x) { return expm1(x); }, [](Long x) { return std::expm1(x); },
        {{-5, 5}, {1e-12, 1}, {-80, 80}});
    check(
        "log", [](const auto& x) { return log(x); }, [](Long x) { return std::log(x); }, {{0.5, 2}, {1e-30, 1e30}});
    check(
        "log2", [](const auto& x) { return log2(x); }, [](Long x) { return std::log2(x); }, {{0.5, 2}, {1e-30, 1e30}});
    check(
        "log10", [](const auto& x) { return log10(x); }, [](Long x) { return std::log10(x); },
        {{0.5, 2}, {1e-30, 1e30}});
    check(
        "log1p", [](const auto& x) { return log1p(x); }, [](Long x) { return std::log1p(x); },
        {{-0.99, 1}, {1e-12, 1}, {1, 1e6}});
}

BOOST_AUTO_TEST_CASE(powers_and_roots) {
    using Long = long double;
    check(
        "square", [](const auto& x) { return square(x); }, [](Long x) { return x * x; }, {{-5, 5}});
    check(
        "sqrt", [](const auto& x) { return sqrt(x); }, [](Long x) { return std::sqrt(x); }, {{0, 5}, {1e-30, 1e30}});
    check(
        "rsqrt", [](const auto& x) { return rsqrt(x); }, [](Long x) { return 1 / std::sqrt(x); },
        {{0.1, 5}, {1e-30, 1e30}});
    check(
        "cbrt", [](const auto& x) { return cbrt(x); }, [](Long x) { return std::cbrt(x); }, {{-5, 5}, {1e-30, 1e30}});
    check(
        "reciprocal", [](const auto& x) { return reciprocal(x); }, [](Long x) { return 1 / x; }, {{-5, 5}});
    check(
        "hypot", [](const auto& x) { return hypot(x, 0 * x + 3); }, [](Long x) { return std::hypot(x, 0 * x + 3); },
        {{-5, 5}, {1e-12, 1e12}});
    for (double c : {0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 17.0, -1.0, -2.0, -3.0, 1.5, 0.25, -0.75})
        BOOST_TEST_CONTEXT("exponent " << c)
    check(
        "pow", [c](const auto& x) { return pow(x, c); }, [c](Long x) { return std::pow(x, Long(c)); },
        {{-3, 3}, {0.1, 10}});
    for (double c : {2.0, 10.0, 0.5}) BOOST_TEST_CONTEXT("base " << c)
    check(
        "pow", [c](const auto& x) { return pow(c, x); }, [c](Long x) { return std::pow(Long(c), x); }, {{-30, 30}});
}

BOOST_AUTO_TEST_CASE(trigonometric_functions) {
    using Long = long double;
    check(
        "sin", [](const auto& x) { return sin(x); }, [](Long x) { return std::sin(x); }, {{-4, 4}, {-1e4, 1e4}});
    check(
        "cos", [](const auto& x) { return cos(x); }, [](Long x) { return std::cos(x); }, {{-4, 4}, {-1e4, 1e4}});
    check(
        "tan", [](const auto& x) { return tan(x); }, [](Long x) { return std::tan(x); }, {{-1.5, 1.5}, {-1e4, 1e4}});
    check(
        "asin", [](const auto& x) { return asin(x); }, [](Long x) { return std::asin(x); }, {{-1, 1}, {1e-8, 1}});
    check(
        "acos", [](const auto& x) { return acos(x); }, [](Long x) { return std::acos(x); }, {{-1, 1}});
    check(
        "atan", [](const auto& x) { return atan(x); }, [](Long x) { return std::atan(x); }, {{-5, 5}, {1e-8, 1e8}});
    check(
        "atan2", [](const auto& x) { return atan2(x, 0 * x - 2); }, [](Long x) { return std::atan2(x, 0 * x - 2); },
        {{-5, 5}, {1e-8, 1e8}});
}

BOOST_AUTO_TEST_CASE(hyperbolic_functions) {
    using Long = long double;
    check(
        "sinh", [](const auto& x) { return sinh(x); }, [](Long x) { return std::sinh(x); },
        {{-5, 5}, {1e-8, 1}, {-80, 80}});
    check(
        "cosh", [](const auto& x) { return cosh(x); }, [](Long x) { return std::cosh(x); }, {{-5, 5}, {-80, 80}});
    check(
        "tanh", [](const auto& x) { return tanh(x); }, [](Long x) { return std::tanh(x); }, {{-5, 5}, {1e-8, 30}});
    check(
        "asinh", [](const auto& x) { return asinh(x); }, [](Long x) { return std::asinh(x); }, {{-5, 5}, {1e-8, 1e10}});
    check(
        "acosh", [](const auto& x) { return acosh(x); }, [](Long x) { return std::acosh(x); }, {{1, 5}, {1, 1e10}});
    check(
        "atanh", [](const auto& x) { return atanh(x); }, [](Long x) { return std::atanh(x); }, {{-1, 1}, {1e-8, 1}});
}

BOOST_AUTO_TEST_CASE(special_functions) {
    using Long = long double;
    check(
        "erf", [](const auto& x) { return erf(x); }, [](Long x) { return std::erf(x); }, {{-6, 6}, {1e-8, 1}});
    check(
        "erfc", [](const auto& x) { return erfc(x); }, [](Long x) { return std::erfc(x); }, {{-3, 3}, {0, 9}});
    check(
        "lgamma", [](const auto& x) { return lgamma(x); }, [](Long x) { return std::lgamma(x); },
        {{0.1, 0.9}, {3, 30}, {1e-8, 0.5}, {3, 1e10}});
}

BOOST_AUTO_TEST_CASE(roundings) {
    using Long = long double;
    check(
        "abs", [](const auto& x) { return abs(x); }, [](Long x) { return std::fabs(x); }, {{-5, 5}});
    check(
        "floor", [](const auto& x) { return floor(x); }, [](Long x) { return std::floor(x); }, {{-5, 5}, {-1e7, 1e7}});
    check(
        "ceil", [](const auto& x) { return ceil(x); }, [](Long x) { return std::ceil(x); }, {{-5, 5}, {-1e7, 1e7}});
    check(
        "round", [](const auto& x) { return round(x); }, [](Long x) { return std::nearbyint(x); },
        {{-5, 5}, {-1e7, 1e7}});
}

// Trigamma and tetragamma at quarters: mpmath.
BOOST_AUTO_TEST_CASE(polygamma_is_exact_and_infinite_or_undefined_at_its_poles) {
    const auto x = variable<double>({0.25, 4.5, 0.0, -0.0, -1.0, infinity, NaN});
    const auto digamma_values = digamma(x).value(), trigamma_values = polygamma(1, x).value(),
               tetragamma_values = polygamma(2, x).value();
    const std::vector<double> wanted0{
        -4.22745353337626541, 1.3888709263595289, -infinity, infinity, NaN, infinity, NaN},
        wanted1{17.1973291545071107, 0.248725103039010375, infinity, infinity, infinity, 0, NaN},
        wanted2{-129.32773993753692, -0.0615568213210276945, NaN, NaN, NaN, 0, NaN};
    for (std::size_t i = 0; i < wanted0.size(); ++i) {
        BOOST_TEST(units(digamma_values(i), wanted0[i]) <= 4, digamma_values(i) << " for " << wanted0[i]);
        BOOST_TEST(units(trigamma_values(i), wanted1[i]) <= 4, trigamma_values(i) << " for " << wanted1[i]);
        BOOST_TEST(units(tetragamma_values(i), wanted2[i]) <= 4, tetragamma_values(i) << " for " << wanted2[i]);
    }
}

BOOST_AUTO_TEST_CASE(logarithms_of_subnormal_numbers) {
    for (double number : {1e-310, 5e-324, 2e-308}) {
        const auto x = variable<double>({1.0, number, 2.0});
        BOOST_TEST(units(log(x).value()(1), std::log(static_cast<long double>(number))) <= 4);
        BOOST_TEST(units(log2(x).value()(1), std::log2(static_cast<long double>(number))) <= 4);
        BOOST_TEST(units(log10(x).value()(1), std::log10(static_cast<long double>(number))) <= 4);
        BOOST_TEST(units(cbrt(x).value()(1), std::cbrt(static_cast<long double>(number))) <= 4);
    }
}

BOOST_AUTO_TEST_SUITE_END()
