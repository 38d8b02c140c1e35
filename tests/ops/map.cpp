// Functions inside map: plain numbers in any place, and derivatives where exponentials overflow.
#include <xtape/core/backward.hpp>
#include <xtape/core/functional.hpp>
#include <xtape/ops/map.hpp>
#include <xtape/ops/reduce.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <numbers>

using namespace xtape;

namespace {

template <class T, class F>
T slope(F f, T x) {
    Variable<T> v(Array<T>{x}, requires_grad);
    backward(sum(xtape::map(f, v)));
    return v.grad()(0);
}

template <class T, class F, class R>
void check(const char* name, F f, R derivative, double units) {
    for (double x : {-1e4, -700.0, -100.0, -80.0, -12.0, -3.0, -0.5, 0.25, 2.0, 9.0, 15.0, 80.0, 100.0, 700.0, 1e4}) {
        const T got = slope<T>(f, static_cast<T>(x));
        const double wanted = derivative(x), small = static_cast<double>(std::numeric_limits<T>::min());
        const double tolerance = units * static_cast<double>(std::numeric_limits<T>::epsilon());
        BOOST_TEST(std::fabs(static_cast<double>(got) - wanted) <= tolerance * std::fabs(wanted) + small,
                   name << "' at " << x << " is " << got << "; wanted " << wanted);
    }
}
template <class F, class R>
void check(const char* name, F f, R derivative, double units = 20) {
    check<float>(name, f, derivative, units);
    check<double>(name, f, derivative, units);
}

double sigmoid_of(double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
double sigmoid_slope_of(double x) {
    const double e = std::exp(-std::fabs(x));
    return e / ((1 + e) * (1 + e));
}
double ndtr_of(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }
double density_of(double x) { return std::exp(-0.5 * x * x) / std::sqrt(2 * std::numbers::pi); }

}    // namespace

BOOST_AUTO_TEST_SUITE(map)

BOOST_AUTO_TEST_CASE(derivatives_keep_their_digits_in_the_tails) {
    check(
        "sigmoid", [](auto v) { return sigmoid(v); }, sigmoid_slope_of);
    check(
        "log_sigmoid", [](auto v) { return log_sigmoid(v); }, [](double x) { return sigmoid_of(-x); });
    check(
        "softplus", [](auto v) { return softplus(v); }, sigmoid_of);
    check(
        "silu", [](auto v) { return silu(v); }, [](double x) { return sigmoid_of(x) + x * sigmoid_slope_of(x); });
    check(
        "relu", [](auto v) { return relu(v); }, [](double x) { return x > 0 ? 1.0 : 0.0; });
    check(
        "gelu", [](auto v) { return gelu(v); }, [](double x) { return ndtr_of(x) + x * density_of(x); });
    check(
        "ndtr", [](auto v) { return ndtr(v); }, density_of, 250);    // x / sqrt 2 is rounded, then squared
    check(
        "tanh", [](auto v) { return tanh(v); }, [](double x) { return 4 * sigmoid_slope_of(2 * x); });
    check(
        "erf", [](auto v) { return erf(v); }, [](double x) { return 2 * std::numbers::inv_sqrtpi * std::exp(-x * x); });
    check(
        "expm1 below 0", [](auto v) { return expm1(min(v, 0)); }, [](double x) { return x < 0 ? std::exp(x) : 0; });
    check(
        "log1p", [](auto v) { return log1p(abs(v)); },
        [](double x) { return std::copysign(1 / (1 + std::fabs(x)), x); });
    check(
        "hypot", [](auto v) { return hypot(v, 3); }, [](double x) { return x / std::hypot(x, 3); });
    check(
        "atan2", [](auto v) { return atan2(v, 2.0); }, [](double x) { return 2 / (x * x + 4); });
    check(
        "asinh", [](auto v) { return asinh(v); }, [](double x) { return 1 / std::hypot(x, 1); });
    check(
        "clamp", [](auto v) { return clamp(v, -2, 5.0); }, [](double x) { return x > -2 && x < 5 ? 1.0 : 0.0; });
}

BOOST_AUTO_TEST_CASE(the_swish_of_the_readme_has_a_derivative_far_below_zero) {
    auto swish = [](auto v) { return v * sigmoid(v); };
    BOOST_TEST(slope<float>(swish, -100.0F) == 0.0F, boost::test_tools::tolerance(1e-30F));
    BOOST_TEST(slope<float>(swish, -1000.0F) == 0.0F);
    BOOST_TEST(slope<float>(swish, 1000.0F) == 1.0F);
}

BOOST_AUTO_TEST_CASE(plain_numbers_stand_in_any_place) {
    const double factor = 2.5;
    const int whole = 3;
    auto f = [=](auto v) {
        auto u = factor * v + v * whole - 1 + 0.5F;
        u += 2;
        u *= factor;
        u = max(0, u) + min(u, 1.5) + select(v < 0.5, 1.0, 0.0) * v + select(v > factor, v, 2);
        return u / 2 + pow(v, 1.5) + pow(2.0, v) + 1 / v + hypot(1, v) - atan2(1.0, v);
    };
    auto reference = [=](double v) {
        double u = (factor * v + v * whole - 1 + 0.5 + 2) * factor;
        u = std::fmax(0, u) + std::fmin(u, 1.5) + (v < 0.5 ? 1.0 : 0.0) * v + (v > factor ? v : 2);
        return u / 2 + std::pow(v, 1.5) + std::pow(2.0, v) + 1 / v + std::hypot(1, v) - std::atan2(1.0, v);
    };
    for (double x : {0.3, 1.25, 4.0}) {
        const double wanted = (reference(x + 1e-6) - reference(x - 1e-6)) / 2e-6;
        BOOST_TEST(xtape::map(f, Variable<float>(Array<float>{static_cast<float>(x)})).item() ==
                       static_cast<float>(reference(x)),
                   boost::test_tools::tolerance(1e-5F));
        BOOST_TEST(slope<float>(f, static_cast<float>(x)) == static_cast<float>(wanted),
                   boost::test_tools::tolerance(1e-5F));
        BOOST_TEST(slope<double>(f, x) == wanted, boost::test_tools::tolerance(1e-7));
    }
}

// d^2 gelu / dx^2 = (2 - x^2) density, d^3 ln gamma / dx^3 = tetragamma
BOOST_AUTO_TEST_CASE(higher_derivatives_are_those_of_the_functions) {
    auto second = [](auto f, double at) {
        Variable<double> x(Array<double>{at}, requires_grad);
        auto first = grad(sum(xtape::map(f, x)), {x}, {.create_graph = true})[0];
        return grad(sum(first), {x})[0].item();
    };
    BOOST_TEST(second([](auto v) { return gelu(v); }, 1.5) == (2 - 2.25) * density_of(1.5),
               boost::test_tools::tolerance(1e-12));
    BOOST_TEST(second([](auto v) { return lgamma(v); }, 4.5) == 0.248725103039010375,
               boost::test_tools::tolerance(1e-12));
    BOOST_TEST(second([](auto v) { return sigmoid(v); }, -50.0) == std::exp(-50.0),
               boost::test_tools::tolerance(1e-12));
    BOOST_TEST(second([](auto v) { return tanh(v); }, 20.0) == -8 * std::exp(-40.0),
               boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_SUITE_END()
