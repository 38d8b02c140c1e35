// Derivatives far from the middle, where forms that cancel lose all their digits: every smooth pointwise operation of
// one number against formulas in long double, relative to their size.
#include <xtape/core/backward.hpp>
#include <xtape/ops/activation.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/exponential.hpp>
#include <xtape/ops/hyperbolic.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/rectifier.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/special.hpp>
#include <xtape/ops/statistics.hpp>
#include <xtape/ops/trigonometric.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

using namespace xtape;

namespace {

using Long = long double;

std::vector<double> both_sides() {
    std::vector<double> numbers;
    for (double size = 1e-12; size < 1e12; size *= 1.37) numbers.push_back(size), numbers.push_back(-size);
    return numbers;
}
std::vector<double> positive() {
    std::vector<double> numbers;
    for (double size = 1e-12; size < 1e12; size *= 1.37) numbers.push_back(size);
    return numbers;
}

template <class T, class F, class R>
void check(const char* name, F f, R derivative, const std::vector<double>& numbers, double units) {
    Array<T> values = empty_array<T>({numbers.size()});
    for (std::size_t i = 0; i < numbers.size(); ++i) values.storage()[i] = static_cast<T>(numbers[i]);
    Variable<T> x(values, requires_grad);
    backward(sum(f(x)));
    const Array<T> slopes = x.grad();
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const T at = x.value()(i), got = slopes(i);
        const Long wanted = derivative(static_cast<Long>(at));
        const bool outside = std::fabs(wanted) > static_cast<Long>(std::numeric_limits<T>::max());
        const Long most = units * static_cast<Long>(std::numeric_limits<T>::epsilon()) * std::fabs(wanted) +
                          2 * static_cast<Long>(std::numeric_limits<T>::min());    // the subnormal numbers' own error
        BOOST_TEST((outside ? std::isinf(got) : std::fabs(static_cast<Long>(got) - wanted) <= most),
                   name << (sizeof(T) == 4 ? " in float" : " in double") << ": the derivative at " << at << " is "
                        << got << "; wanted " << wanted);
    }
}
template <class F, class R>
void check(const char* name, F f, R derivative, const std::vector<double>& numbers = both_sides(), double units = 8) {
    check<float>(name, f, derivative, numbers, units);
    check<double>(name, f, derivative, numbers, units);
}

Long sigmoid_of(Long x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
Long sigmoid_slope_of(Long x) { return sigmoid_of(x) * sigmoid_of(-x); }

}    // namespace

BOOST_AUTO_TEST_SUITE(tails)

BOOST_AUTO_TEST_CASE(derivatives_of_exponentials) {
    check(
        "exp", [](const auto& x) { return exp(x); }, [](Long x) { return std::exp(x); });
    check(
        "exp2", [](const auto& x) { return exp2(x); }, [](Long x) { return std::exp2(x) * std::numbers::ln2_v<Long>; });
    check(
        "expm1", [](const auto& x) { return expm1(x); }, [](Long x) { return std::exp(x); });
    check(
        "log", [](const auto& x) { return log(x); }, [](Long x) { return 1 / x; }, positive());
    check(
        "log2", [](const auto& x) { return log2(x); }, [](Long x) { return std::numbers::log2e_v<Long> / x; },
        positive());
    check(
        "log10", [](const auto& x) { return log10(x); }, [](Long x) { return std::numbers::log10e_v<Long> / x; },
        positive());
    check(
        "log1p", [](const auto& x) { return log1p(x); }, [](Long x) { return 1 / (1 + x); }, positive());
}

BOOST_AUTO_TEST_CASE(derivatives_of_hyperbolic_functions) {
    check(
        "tanh", [](const auto& x) { return tanh(x); }, [](Long x) { return 4 * sigmoid_slope_of(2 * x); });
    check(
        "sinh", [](const auto& x) { return sinh(x); }, [](Long x) { return std::cosh(x); });
    check(
        "cosh", [](const auto& x) { return cosh(x); }, [](Long x) { return std::sinh(x); });
    check(
        "asinh", [](const auto& x) { return asinh(x); }, [](Long x) { return 1 / std::hypot(x, Long(1)); });
    std::vector<double> above_one, inside;
    for (double x : positive()) above_one.push_back(1 + x);
    for (double x = 1e-7; x < 1; x *= 1.3) inside.push_back(1 - x), inside.push_back(x - 1), inside.push_back(x);
    check(
        "acosh", [](const auto& x) { return acosh(x); },
        [](Long x) { return x == 1 ? HUGE_VALL : 1 / (std::sqrt(x - 1) * std::sqrt(x + 1)); }, above_one);
    check(
        "atanh", [](const auto& x) { return atanh(x); }, [](Long x) { return 1 / ((1 - x) * (1 + x)); }, inside);
}

BOOST_AUTO_TEST_CASE(derivatives_of_trigonometric_functions) {
    check(
        "atan", [](const auto& x) { return atan(x); }, [](Long x) { return 1 / (1 + x * x); });
    std::vector<double> inside;
    for (double x = 1e-7; x < 1; x *= 1.3) inside.push_back(1 - x), inside.push_back(x - 1), inside.push_back(x);
    check(
        "asin", [](const auto& x) { return asin(x); }, [](Long x) { return 1 / std::sqrt((1 - x) * (1 + x)); }, inside);
    check(
        "acos", [](const auto& x) { return acos(x); }, [](Long x) { return -1 / std::sqrt((1 - x) * (1 + x)); },
        inside);
    check(
        "atan2", [](const auto& x) { return atan2(x, 2 * x); }, [](Long) { return Long(0); });
    check(
        "atan2, first", [](const auto& x) { return atan2(x, 0 * x + 2); }, [](Long x) { return 2 / (x * x + 4); });
}

BOOST_AUTO_TEST_CASE(derivatives_of_activations) {
    check(
        "sigmoid", [](const auto& x) { return sigmoid(x); }, sigmoid_slope_of);
    check(
        "log_sigmoid", [](const auto& x) { return log_sigmoid(x); }, [](Long x) { return sigmoid_of(-x); });
    check(
        "softplus", [](const auto& x) { return softplus(x, 1, 1e30); }, sigmoid_of);
    check(
        "softsign", [](const auto& x) { return softsign(x); },
        [](Long x) { return 1 / ((1 + std::fabs(x)) * (1 + std::fabs(x))); });
    check(
        "elu", [](const auto& x) { return elu(x); }, [](Long x) { return x > 0 ? 1 : std::exp(x); });
}

// gelu, silu, mish and gelu_tanh have a minimum, and there a zero of their derivative, which no form of it resolves:
// they are tried on both sides of it.
BOOST_AUTO_TEST_CASE(derivatives_of_activations_that_turn) {
    std::vector<double> numbers;
    for (double x : both_sides())
        if (x > -0.3 || (x < -2 && x > -13)) numbers.push_back(x);
    check(
        "gelu", [](const auto& x) { return gelu(x); },
        [](Long x) {
            return Long(0.5) * std::erfc(-x / std::numbers::sqrt2_v<Long>) +
                   x * std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi_v<Long>);
        },
        numbers, 12);
    check(
        "silu", [](const auto& x) { return silu(x); }, [](Long x) { return sigmoid_of(x) * (1 + x * sigmoid_of(-x)); },
        numbers, 12);
    check(
        "mish", [](const auto& x) { return mish(x); },
        [](Long x) {
            const Long t = std::tanh(x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)));
            return t + x * sigmoid_of(x) * (1 - t) * (1 + t);
        },
        numbers, 12);
}

BOOST_AUTO_TEST_CASE(derivatives_of_powers_and_special_functions) {
    check(
        "sqrt", [](const auto& x) { return sqrt(x); }, [](Long x) { return 1 / (2 * std::sqrt(x)); }, positive());
    check(
        "cbrt", [](const auto& x) { return cbrt(x); }, [](Long x) { return 1 / (3 * std::cbrt(x) * std::cbrt(x)); });
    for (double c : {2.5, -1.5, 3.0, 7.0})
        check(
            "pow", [c](const auto& x) { return pow(x, c); }, [c](Long x) { return c * std::pow(x, c - Long(1)); },
            positive());
    check(
        "erf", [](const auto& x) { return erf(x); },
        [](Long x) { return 2 * std::numbers::inv_sqrtpi_v<Long> * std::exp(-x * x); });
    check(
        "erfc", [](const auto& x) { return erfc(x); },
        [](Long x) { return -2 * std::numbers::inv_sqrtpi_v<Long> * std::exp(-x * x); });
}

// A power that underflows does not take its derivative with it.
BOOST_AUTO_TEST_CASE(the_derivative_of_a_power_that_is_too_small_is_computed_by_itself) {
    Variable<float> a(Array<float>{1e-25F, 1e-30F}, requires_grad), b(Array<float>{2.0F, 1.5F}, requires_grad);
    backward(sum(pow(a, b)));
    BOOST_TEST(a.grad()(0) == 2e-25F, boost::test_tools::tolerance(1e-6F));
    BOOST_TEST(a.grad()(1) == 1.5e-15F, boost::test_tools::tolerance(1e-6F));
}

BOOST_AUTO_TEST_CASE(values_in_the_tails) {
    auto value = [](auto f, float x) { return f(Variable<float>(Array<float>{x})).value()(0); };
    auto of_gelu = [](const auto& x) { return gelu(x); };
    BOOST_TEST(value(of_gelu, -7.0F) == -8.9586855e-12F, boost::test_tools::tolerance(1e-6F));
    BOOST_TEST(value(of_gelu, -12.0F) == -2.1317785e-32F, boost::test_tools::tolerance(2e-6F));
    auto of_gelu_tanh = [](const auto& x) { return gelu(x, GeluApproximation::tanh); };
    BOOST_TEST(value(of_gelu_tanh, -6.0F) < 0);
    auto of_exp = [](const auto& x) { return exp(x); };
    BOOST_TEST(value(of_exp, 88.7F) == std::exp(88.7F), boost::test_tools::tolerance(1e-6F));
    BOOST_TEST(value(of_exp, -100.0F) == std::exp(-100.0F), boost::test_tools::tolerance(1e-6F));
    BOOST_TEST(value([](const auto& x) { return sigmoid(x); }, -95.0F) > 0);
}

// Sums of 0.1 in float round: the mean is taken from the first number on.
BOOST_AUTO_TEST_CASE(equal_numbers_deviate_by_exactly_nothing) {
    for (std::size_t count : {2, 7, 1000, 4097}) {
        Variable<float> x(Array<float>(Shape{3, count}, 0.1F), requires_grad);
        const Array<float> along = stddev(x, 1).value();
        for (float deviation : along.storage()) BOOST_TEST(deviation == 0.0F);
        BOOST_TEST(stddev(x, 0).value()(0) == 0.0F);
        BOOST_TEST(var(x).item() == 0.0F);
        backward(sum(stddev(x, 1)));
        const Array<float> gradient = x.grad();
        for (float slope : gradient.storage()) BOOST_TEST(slope == 0.0F);
    }
}

BOOST_AUTO_TEST_SUITE_END()
