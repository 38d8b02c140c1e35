// Functions of lanes against tables of mpmath's values, and floats in dense sweeps against the C library in double.
#include <xtape/core/detail/lanes.hpp>

#include <boost/test/unit_test.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "accuracy_tables/error_function.hpp"
#include "accuracy_tables/exponential.hpp"
#include "accuracy_tables/gamma.hpp"
#include "accuracy_tables/hyperbolic.hpp"
#include "accuracy_tables/of_two.hpp"
#include "accuracy_tables/trigonometric.hpp"

using xtape::Lanes;
namespace tables = accuracy_tables;

namespace {

// How far `got` is from `wanted`, in units in the last place.
template <class T>
double units(T got, long double wanted) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const T nearest = static_cast<T>(wanted);
    if (std::isnan(nearest) || std::isnan(got)) return std::isnan(nearest) == std::isnan(got) ? 0 : infinity;
    if (std::isinf(nearest) || std::isinf(got)) return nearest == got ? 0 : infinity;
    if (got == 0 && nearest == 0) return std::signbit(got) == std::signbit(nearest) ? 0 : infinity;
    const T size = std::fmin(std::fabs(nearest), std::numeric_limits<T>::max() / 2);
    const T unit = std::nextafter(size, std::numeric_limits<T>::infinity()) - size;
    return static_cast<double>(std::fabs(static_cast<long double>(got) - wanted) / unit);
}

template <class T, class F>
T at(F f, T x) {
    T y[Lanes<T>::width];
    f(Lanes<T>(x)).store(y);
    return y[0];
}
template <class T, class F>
T at(F f, T a, T b) {
    T y[Lanes<T>::width];
    f(Lanes<T>(a), Lanes<T>(b)).store(y);
    return y[0];
}

template <class T>
bool exact(double x) {
    return static_cast<double>(static_cast<T>(x)) == x;
}

template <class T, class F>
void check_rows(F f, const std::vector<tables::Row>& rows, double most, bool odd) {
    for (auto [x, y] : rows)
        for (int side : odd ? std::vector<int>{1, -1} : std::vector<int>{1}) {
            if (!exact<T>(x)) continue;
            const T got = at<T>(f, static_cast<T>(side * x));
            BOOST_TEST(units(got, side * y) <= most, (sizeof(T) == 4 ? "float " : "double ")
                                                         << side * x << ": got " << got << ", wanted " << side * y
                                                         << ", " << units(got, side * y) << " units");
        }
}
template <class F>
void check(const char* name, F f, const std::vector<tables::Row>& rows, double most = 2, bool odd = false) {
    BOOST_TEST_CONTEXT(name) {
        BOOST_TEST(!rows.empty());
        check_rows<float>(f, rows, most, odd);
        check_rows<double>(f, rows, most, odd);
    }
}

template <class T, class F>
void check_rows_of_two(F f, const std::vector<tables::RowOfTwo>& rows) {
    for (auto [a, b, y] : rows) {
        if (!exact<T>(a) || !exact<T>(b)) continue;
        const T got = at<T>(f, static_cast<T>(a), static_cast<T>(b));
        BOOST_TEST(units(got, y) <= 2, (sizeof(T) == 4 ? "float " : "double ")
                                           << a << ", " << b << ": got " << got << ", wanted " << y);
    }
}
template <class F>
void check_of_two(const char* name, F f, const std::vector<tables::RowOfTwo>& rows) {
    BOOST_TEST_CONTEXT(name) {
        BOOST_TEST(!rows.empty());
        check_rows_of_two<float>(f, rows);
        check_rows_of_two<double>(f, rows);
    }
}

// Every 20,011th of the 2^32 floats: both signs, subnormal numbers, infinities' neighbours and NaN.
template <class F, class R>
void sweep(const char* name, F f, R reference, double most = 2) {
    double worst = 0;
    float worst_at = 0;
    for (std::uint64_t bits = 0; bits < (std::uint64_t(1) << 32); bits += 20011) {
        const float x = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
        const double distance = units(at<float>(f, x), reference(static_cast<double>(x)));
        if (distance > worst) worst = distance, worst_at = x;
    }
    BOOST_TEST(worst <= most, name << ": " << worst << " units at " << worst_at);
}

}    // namespace

BOOST_AUTO_TEST_SUITE(accuracy_in_hard_cases)

BOOST_AUTO_TEST_CASE(functions_of_one_number_are_within_two_units) {
    check(
        "exp", [](auto x) { return exp(x); }, tables::exp);
    check(
        "exp2", [](auto x) { return exp2(x); }, tables::exp2);
    check(
        "expm1", [](auto x) { return expm1(x); }, tables::expm1);
    check(
        "log", [](auto x) { return log(x); }, tables::log);
    check(
        "log1p", [](auto x) { return log1p(x); }, tables::log1p);
    check(
        "sin", [](auto x) { return sin(x); }, tables::sin, 2, true);
    check(
        "cos", [](auto x) { return cos(x); }, tables::cos);
    check(
        "tan", [](auto x) { return tan(x); }, tables::tan, 2, true);
    check(
        "asin", [](auto x) { return asin(x); }, tables::asin, 2, true);
    check(
        "atan", [](auto x) { return atan(x); }, tables::atan, 2, true);
    check(
        "sinh", [](auto x) { return sinh(x); }, tables::sinh, 2, true);
    check(
        "cosh", [](auto x) { return cosh(x); }, tables::cosh);
    check(
        "tanh", [](auto x) { return tanh(x); }, tables::tanh, 2, true);
    check(
        "asinh", [](auto x) { return asinh(x); }, tables::asinh, 2, true);
    check(
        "acosh", [](auto x) { return acosh(x); }, tables::acosh);
    check(
        "cbrt", [](auto x) { return cbrt(x); }, tables::cbrt, 2, true);
    check(
        "erf", [](auto x) { return erf(x); }, tables::erf, 2, true);
    check(
        "erfc", [](auto x) { return erfc(x); }, tables::erfc);
}

// The exceptions: sums of several terms.
BOOST_AUTO_TEST_CASE(the_gamma_functions_are_within_six_units) {
    check(
        "lgamma", [](auto x) { return lgamma(x); }, tables::lgamma, 4);
    check(
        "digamma", [](auto x) { return digamma(x); }, tables::digamma, 4);
    check(
        "trigamma", [](auto x) { return polygamma(1, x); }, tables::trigamma, 4);
    check(
        "tetragamma", [](auto x) { return polygamma(2, x); }, tables::tetragamma, 6);
}

// Reflected, they cancel beside their zeros: the error is one of the terms'.
BOOST_AUTO_TEST_CASE(the_gamma_functions_below_zero_are_within_eight_units_of_their_largest_term) {
    auto check_term = [](const char* name, auto f, const std::vector<tables::Row>& rows) {
        BOOST_TEST(!rows.empty());
        for (auto [x, y] : rows) {
            const double got = at(f, x), term = std::fmax(16.0, static_cast<double>(std::fabs(y)));
            BOOST_TEST(std::fabs(got - static_cast<double>(y)) <= 8 * std::numeric_limits<double>::epsilon() * term,
                       name << " at " << x << ": got " << got << ", wanted " << y);
        }
    };
    check_term(
        "lgamma", [](auto x) { return lgamma(x); }, tables::lgamma_below_zero);
    check_term(
        "digamma", [](auto x) { return polygamma(0, x); }, tables::digamma_below_zero);
}

BOOST_AUTO_TEST_CASE(functions_of_two_numbers_are_within_two_units) {
    check_of_two(
        "pow", [](auto a, auto b) { return pow(a, b); }, tables::pow);
    check_of_two(
        "atan2", [](auto a, auto b) { return atan2(a, b); }, tables::atan2);
    check_of_two(
        "hypot", [](auto a, auto b) { return hypot(a, b); }, tables::hypot);
}

BOOST_AUTO_TEST_CASE(special_pairs_are_those_of_the_C_library) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const std::vector<double> numbers{0.0,
                                      -0.0,
                                      1.0,
                                      -1.0,
                                      0.5,
                                      -0.5,
                                      2.0,
                                      -2.0,
                                      3.0,
                                      -3.0,
                                      2.5,
                                      infinity,
                                      -infinity,
                                      NAN,
                                      1e300,
                                      -1e300,
                                      1e-300,
                                      5e-324,
                                      1e18,
                                      9007199254740991.0,
                                      -9007199254740991.0};
    auto check_pair = [](const char* name, auto f, auto reference, auto a, auto b) {
        BOOST_TEST(units(at(f, a, b), reference(static_cast<long double>(a), static_cast<long double>(b))) <= 2,
                   name << "(" << a << ", " << b << ") is " << at(f, a, b));
    };
    for (double a : numbers)
        for (double b : numbers) {
            auto both_types = [&](const char* name, auto f, auto reference) {
                check_pair(name, f, reference, a, b);
                check_pair(name, f, reference, static_cast<float>(a), static_cast<float>(b));
            };
            both_types(
                "pow", [](auto x, auto y) { return pow(x, y); }, [](auto x, auto y) { return std::pow(x, y); });
            both_types(
                "atan2", [](auto x, auto y) { return atan2(x, y); }, [](auto x, auto y) { return std::atan2(x, y); });
            both_types(
                "hypot", [](auto x, auto y) { return hypot(x, y); }, [](auto x, auto y) { return std::hypot(x, y); });
        }
}

BOOST_AUTO_TEST_CASE(every_kind_of_float_is_within_two_units) {
    sweep(
        "exp", [](auto x) { return exp(x); }, [](double x) { return std::exp(x); });
    sweep(
        "exp2", [](auto x) { return exp2(x); }, [](double x) { return std::exp2(x); });
    sweep(
        "expm1", [](auto x) { return expm1(x); }, [](double x) { return std::expm1(x); });
    sweep(
        "log", [](auto x) { return log(x); }, [](double x) { return std::log(x); });
    sweep(
        "log2", [](auto x) { return log2(x); }, [](double x) { return std::log2(x); });
    sweep(
        "log10", [](auto x) { return log10(x); }, [](double x) { return std::log10(x); });
    sweep(
        "log1p", [](auto x) { return log1p(x); }, [](double x) { return std::log1p(x); });
    sweep(
        "sin", [](auto x) { return sin(x); }, [](double x) { return std::sin(x); });
    sweep(
        "cos", [](auto x) { return cos(x); }, [](double x) { return std::cos(x); });
    sweep(
        "tan", [](auto x) { return tan(x); }, [](double x) { return std::tan(x); });
    sweep(
        "asin", [](auto x) { return asin(x); }, [](double x) { return std::asin(x); });
    sweep(
        "acos", [](auto x) { return acos(x); }, [](double x) { return std::acos(x); });
    sweep(
        "atan", [](auto x) { return atan(x); }, [](double x) { return std::atan(x); });
    sweep(
        "sinh", [](auto x) { return sinh(x); }, [](double x) { return std::sinh(x); });
    sweep(
        "cosh", [](auto x) { return cosh(x); }, [](double x) { return std::cosh(x); });
    sweep(
        "tanh", [](auto x) { return tanh(x); }, [](double x) { return std::tanh(x); });
    sweep(
        "asinh", [](auto x) { return asinh(x); }, [](double x) { return std::asinh(x); });
    sweep(
        "acosh", [](auto x) { return acosh(x); }, [](double x) { return std::acosh(x); });
    sweep(
        "atanh", [](auto x) { return atanh(x); }, [](double x) { return std::atanh(x); });
    sweep(
        "erf", [](auto x) { return erf(x); }, [](double x) { return std::erf(x); });
    sweep(
        "erfc", [](auto x) { return erfc(x); }, [](double x) { return std::erfc(x); });
    sweep(
        "cbrt", [](auto x) { return cbrt(x); }, [](double x) { return std::cbrt(x); });
    sweep(
        "lgamma", [](auto x) { return lgamma(x); }, [](double x) { return std::lgamma(x); });
    sweep(
        "sigmoid", [](auto x) { return sigmoid(x); }, [](double x) { return 1 / (1 + std::exp(-x)); });
}

BOOST_AUTO_TEST_SUITE_END()
