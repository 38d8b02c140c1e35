#include <xtape/core/backward.hpp>
#include <xtape/core/gradcheck.hpp>
#include <xtape/ops/activation.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/rectifier.hpp>
#include <xtape/ops/rounding.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <string>

using xtape::Array;
using xtape::Variable;

namespace {

constexpr double NaN = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T>
Variable<T> ones(const xtape::Shape& shape) {
    Array<T> array = xtape::empty_array<T>(shape);
    array.fill(1);
    return Variable<T>(array);
}

// The value of f at x, and its derivatives of order 1, 2 and 3.
template <class T, class F>
std::vector<Array<T>> with_derivatives(F f, Array<T> at) {
    const Variable<T> x(at, xtape::requires_grad);
    Variable<T> y = f(x);
    std::vector<Array<T>> result{y.value()};
    for (int order = 1; order <= 3; ++order) {
        const Variable<T> seed = ones<T>(y.shape());
        y = y.requires_grad() ? xtape::grad(y, {x}, {.create_graph = true, .allow_unused = true}, {seed})[0] : y * 0.0;
        if (!y.defined()) y = seed * 0.0;
        result.push_back(y.value());
    }
    return result;
}

template <class F>
Array<double> first_derivative(F f, Array<double> at) {
    return with_derivatives<double>(f, at)[1];
}

template <class T, class F>
void check_finite(const char* name, F f) {
    BOOST_TEST_CONTEXT(name << (sizeof(T) == 4 ? " in float" : " in double")) {
        const auto values =
            with_derivatives<T>(f, Array<T>{T(-1e4), T(-800), T(-100), T(-20), T(0), T(20), T(100), T(800), T(1e4)});
        for (std::size_t order = 0; order < values.size(); ++order)
            for (T value : values[order]) BOOST_TEST(std::isfinite(value), "derivative of order " << order);
    }
}

template <class F>
void check_finite_in_both(const char* name, F f) {
    check_finite<float>(name, f);
    check_finite<double>(name, f);
}

}    // namespace

BOOST_AUTO_TEST_SUITE(activation)

BOOST_AUTO_TEST_CASE(values_and_three_derivatives_are_finite_far_from_zero) {
    using xtape::GeluApproximation;
    check_finite_in_both("sigmoid", [](const auto& x) { return sigmoid(x); });
    check_finite_in_both("log_sigmoid", [](const auto& x) { return log_sigmoid(x); });
    check_finite_in_both("softplus", [](const auto& x) { return softplus(x); });
    check_finite_in_both("softplus, high threshold", [](const auto& x) { return softplus(x, 1, 1e9); });
    check_finite_in_both("gelu", [](const auto& x) { return gelu(x); });
    check_finite_in_both("gelu, tanh", [](const auto& x) { return gelu(x, GeluApproximation::tanh); });
    check_finite_in_both("silu", [](const auto& x) { return silu(x); });
    check_finite_in_both("mish", [](const auto& x) { return mish(x); });
    check_finite_in_both("softsign", [](const auto& x) { return softsign(x); });
    check_finite_in_both("elu", [](const auto& x) { return elu(x); });
    check_finite_in_both("selu", [](const auto& x) { return selu(x); });
    check_finite_in_both("celu", [](const auto& x) { return celu(x, 0.5); });
    check_finite_in_both("relu", [](const auto& x) { return relu(x); });
    check_finite_in_both("hardswish", [](const auto& x) { return hardswish(x); });
}

BOOST_AUTO_TEST_CASE(values_far_from_zero_are_the_limits) {
    const Variable<double> x(Array<double>{-1e4, 1e4});
    BOOST_TEST((sigmoid(x).value() == Array<double>{0.0, 1.0}));
    BOOST_TEST((log_sigmoid(x).value() == Array<double>{-1e4, 0.0}));
    BOOST_TEST((softplus(x).value() == Array<double>{0.0, 1e4}));
    BOOST_TEST((softplus(x, 1, infinity).value() == Array<double>{0.0, 1e4}));
    BOOST_TEST((gelu(x).value() == Array<double>{0.0, 1e4}));
    BOOST_TEST((silu(x).value() == Array<double>{0.0, 1e4}));
    BOOST_TEST((mish(x).value() == Array<double>{0.0, 1e4}));
    BOOST_TEST((elu(x).value() == Array<double>{-1.0, 1e4}));
    BOOST_TEST((logit(Variable<double>(Array<double>{0.0, 1.0})).value() == Array<double>{-infinity, infinity}));
}

BOOST_AUTO_TEST_CASE(small_tails_keep_their_digits) {
    const Variable<double> x(Array<double>{-40.0});
    BOOST_TEST(sigmoid(x).value()(0) == std::exp(-40.0), boost::test_tools::tolerance(1e-14));
    BOOST_TEST(softplus(x).value()(0) == std::exp(-40.0), boost::test_tools::tolerance(1e-14));
    BOOST_TEST(log_sigmoid(-x).value()(0) == -std::exp(-40.0), boost::test_tools::tolerance(1e-14));
    BOOST_TEST(mish(x).value()(0) == -40 * std::exp(-40.0), boost::test_tools::tolerance(1e-14));
}

// Numbers from libtorch 1.13.
BOOST_AUTO_TEST_CASE(derivatives_at_kinks_are_those_of_pytorch) {
    BOOST_TEST((first_derivative([](auto x) { return relu(x); }, {0.0, -0.0}) == Array<double>{0.0, 0.0}));
    BOOST_TEST((first_derivative([](auto x) { return relu6(x); }, {0.0, 6.0}) == Array<double>{0.0, 0.0}));
    BOOST_TEST(
        (first_derivative([](auto x) { return leaky_relu(x, 0.25); }, {0.0, -0.0}) == Array<double>{0.25, 0.25}));
    BOOST_TEST((first_derivative([](auto x) { return leaky_relu(x, -0.25); }, {0.0, -1.0, 1.0}) ==
                Array<double>{-0.25, -0.25, 1.0}));
    BOOST_TEST((first_derivative([](auto x) { return elu(x, 0.5); }, {0.0}) == Array<double>{0.5}));
    BOOST_TEST((first_derivative([](auto x) { return celu(x, 0.5); }, {0.0}) == Array<double>{1.0}));
    BOOST_TEST((first_derivative([](auto x) { return hardtanh(x); }, {-1.0, 1.0}) == Array<double>{0.0, 0.0}));
    BOOST_TEST((first_derivative([](auto x) { return hardsigmoid(x); }, {-3.0, 3.0}) == Array<double>{0.0, 0.0}));
    BOOST_TEST((first_derivative([](auto x) { return hardswish(x); }, {-3.0, 3.0}) == Array<double>{-0.5, 1.5}));
    BOOST_TEST((first_derivative([](auto x) { return softsign(x); }, {0.0}) == Array<double>{1.0}));
    BOOST_TEST((first_derivative([](auto x) { return abs(x); }, {0.0, -0.0}) == Array<double>{0.0, 0.0}));
    BOOST_TEST((first_derivative([](auto x) { return prelu(x, Variable<double>(Array<double>(0.25))); }, {0.0}) ==
                Array<double>{0.25}));
}

BOOST_AUTO_TEST_CASE(nan_stays_nan) {
    const Variable<double> x(Array<double>{NaN});
    const Variable<double> y[] = {relu(x),      relu6(x),   leaky_relu(x), elu(x),         hardtanh(x), hardsigmoid(x),
                                  hardswish(x), sigmoid(x), softplus(x),   log_sigmoid(x), gelu(x),     mish(x)};
    for (const auto& value : y) BOOST_TEST(std::isnan(value.value()(0)), value.operation());
}

BOOST_AUTO_TEST_CASE(rounding_stops_even_infinite_gradients) {
    const Variable<double> x(Array<double>{0.0}, xtape::requires_grad);
    backward(sqrt(floor(x)), Array<double>{1.0});    // sqrt'(0) is infinite
    BOOST_TEST(x.grad()(0) == 0.0);
}

BOOST_AUTO_TEST_CASE(options_out_of_range_are_named) {
    const Variable<double> x(Array<double>{1.0});
    auto text = [](auto f) -> std::string {
        try {
            f();
        } catch (const std::exception& error) {
            return error.what();
        }
        return "";
    };
    BOOST_TEST(text([&] { celu(x, 0); }) == "[celu] got alpha = 0; wanted another number");
    BOOST_TEST(text([&] { softplus(x, 0); }) == "[softplus] got beta = 0; wanted another number");
    BOOST_TEST(text([&] { hardtanh(x, 1, -1); }) == "[hardtanh] got the bounds 1 and -1; wanted the lower one first");
    BOOST_TEST(text([&] {
                   prelu(x, x + Array<double>{1.0, 2.0});
               }) ==
               "[prelu] got a weight of shape (2,) for x of shape (1,); wanted one element, or one for each position "
               "along axis 1");
}

BOOST_AUTO_TEST_SUITE_END()
