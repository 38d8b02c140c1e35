#include <xtape/core/backward.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/power.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <string>

using xtape::Array;
using xtape::Variable;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Variable<double> leaf(double value) { return {Array<double>(value), xtape::requires_grad}; }

Variable<double> derivative(const Variable<double>& y, const Variable<double>& x) {
    return xtape::grad(y, {x}, {.create_graph = true})[0];
}

}    // namespace

BOOST_AUTO_TEST_SUITE(power)

BOOST_AUTO_TEST_CASE(common_exponents_become_multiplications_and_roots) {
    const auto x = leaf(3);
    BOOST_TEST(std::string(pow(x, 2).operation()) == "square");
    BOOST_TEST(std::string(pow(x, 0.5).operation()) == "sqrt");
    BOOST_TEST(std::string(pow(x, -0.5).operation()) == "rsqrt");
    BOOST_TEST(std::string(pow(x, -1).operation()) == "reciprocal");
}

BOOST_AUTO_TEST_CASE(integer_exponents_have_all_derivatives_at_zero_and_below) {
    for (double at : {0.0, -2.0}) {
        const auto x = leaf(at);
        const auto first = derivative(pow(x, 3), x), second = derivative(first, x), third = derivative(second, x);
        BOOST_TEST(first.item() == 3 * at * at);
        BOOST_TEST(second.item() == 6 * at);
        BOOST_TEST(third.item() == 6);
    }
}

BOOST_AUTO_TEST_CASE(exponents_zero_and_one_at_zero) {
    const auto x = leaf(0);
    BOOST_TEST(pow(x, 0).item() == 1);
    BOOST_TEST(derivative(pow(x, 0), x).item() == 0);
    BOOST_TEST(derivative(pow(x, 1), x).item() == 1);
    BOOST_TEST(derivative(pow(x, 2), x).item() == 0);
}

BOOST_AUTO_TEST_CASE(roots_are_infinitely_steep_at_zero) {
    const auto x = leaf(0);
    BOOST_TEST(derivative(sqrt(x), x).item() == infinity);
    BOOST_TEST(derivative(pow(x, 0.5), x).item() == infinity);
    BOOST_TEST(derivative(cbrt(x), x).item() == infinity);
    BOOST_TEST(derivative(reciprocal(x), x).item() == -infinity);
}

BOOST_AUTO_TEST_CASE(a_power_of_zero_has_finite_derivatives_where_they_exist) {
    const auto a = leaf(0), b = leaf(2), zero = leaf(0);
    BOOST_TEST(derivative(pow(a, b), a).item() == 0);
    BOOST_TEST(derivative(pow(a, b), b).item() == 0);
    BOOST_TEST(derivative(derivative(pow(a, b), a), a).item() == 2);
    BOOST_TEST(derivative(pow(a, zero), a).item() == 0);
    BOOST_TEST(derivative(pow(a, zero), zero).item() == 0);
}

BOOST_AUTO_TEST_CASE(mixed_derivative_at_exponent_zero) {
    const auto a = leaf(4), b = leaf(0);    // d/db (b a^(b - 1)) = 1 / a
    BOOST_TEST(derivative(derivative(pow(a, b), a), b).item() == 0.25);
}

BOOST_AUTO_TEST_CASE(a_negative_base_under_a_constant_integer_exponent) {
    const auto a = leaf(-3);
    const Variable<double> b(Array<double>(3.0));
    BOOST_TEST(pow(a, b).item() == -27);
    BOOST_TEST(derivative(pow(a, b), a).item() == 27);
    BOOST_TEST(derivative(derivative(pow(a, b), a), a).item() == -18);
}

BOOST_AUTO_TEST_CASE(a_number_to_a_variable_power) {
    const auto x = leaf(3);
    BOOST_TEST(pow(0, x).item() == 0);
    BOOST_TEST(derivative(pow(0, x), x).item() == 0);
    BOOST_TEST(derivative(pow(1, x), x).item() == 0);
    BOOST_TEST(derivative(pow(0, leaf(0)) * x, x).item() == 1);
    const auto negative = leaf(-1);
    BOOST_TEST(derivative(pow(0, negative), negative).item() == -infinity);
}

BOOST_AUTO_TEST_SUITE_END()
