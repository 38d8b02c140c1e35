// Operations that compute their derivative along with their value.
#include <xtape/core/anomaly.hpp>
#include <xtape/core/backward.hpp>
#include <xtape/core/mode.hpp>
#include <xtape/ops/activation.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/hyperbolic.hpp>
#include <xtape/ops/map.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/special.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

using namespace xtape;

namespace {

// More than a block, and no whole number of registers.
template <class T>
Array<T> numbers() {
    Array<T> x = empty_array<T>({1237});
    for (std::size_t i = 0; i < x.size(); ++i) x(i) = static_cast<T>(0.0131 * (static_cast<double>(i) - 618));
    return x;
}

template <class T, class F, class L>
void check_bits(const char* name, F f, L on_lanes) {
    const Array<T> x = numbers<T>();
    const Array<T> recorded = f(Variable<T>(x, requires_grad)).value(), plain = f(Variable<T>(x)).value();
    std::size_t recorded_differ = 0, lanes_differ = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        T lanes[Lanes<T>::width];
        on_lanes(Lanes<T>(x(i))).store(lanes);
        recorded_differ += recorded(i) != plain(i);
        lanes_differ += plain(i) != lanes[0];
    }
    BOOST_TEST(recorded_differ == 0U, name << ", recorded and not");
    BOOST_TEST(lanes_differ == 0U, name << ", in a block and by itself");
}

}    // namespace

BOOST_AUTO_TEST_SUITE(kept_slopes)

BOOST_AUTO_TEST_CASE(values_have_the_same_bits_whether_they_are_recorded_or_not) {
    auto check = [](const char* name, auto f) {
        check_bits<float>(name, f, f);
        check_bits<double>(name, f, f);
    };
    check("tanh", [](const auto& x) { return tanh(x); });
    check("sigmoid", [](const auto& x) { return sigmoid(x); });
    check("silu", [](const auto& x) { return silu(x); });
    check("erf", [](const auto& x) { return erf(x); });
    check("gelu", [](const auto& x) { return gelu(x); });
}

BOOST_AUTO_TEST_CASE(a_retained_graph_keeps_the_slope_for_every_sweep) {
    Variable<double> x(Array<double>{-0.5, 0.25, 2.0}, requires_grad);
    auto y = sum(tanh(x));
    for (int sweep = 0; sweep < 3; ++sweep) {
        x.zero_grad();
        backward(y, {.retain_graph = sweep < 2});
        for (std::size_t i = 0; i < 3; ++i) {
            double expected = 1 - std::pow(std::tanh(x.value()(i)), 2.0);
            BOOST_TEST(std::fabs(x.grad()(i) - expected) < 1e-15);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_sweep_that_was_stopped_leaves_a_derivative_that_is_right) {
    Variable<double> x(Array<double>{-0.5, 0.25}, requires_grad);
    auto y = sigmoid(x);
    {
        AnomalyGuard guard;
        BOOST_CHECK_THROW(backward(y, Array<double>{1.0, std::numeric_limits<double>::infinity()}), std::exception);
    }
    backward(y, Array<double>{1.0, 10.0});
    BOOST_TEST(std::fabs(x.grad()(0) - 0.23500371220159449) < 1e-15);
    BOOST_TEST(std::fabs(x.grad()(1) - 2.4613408273759835) < 1e-14);
}

BOOST_AUTO_TEST_CASE(a_gradient_that_is_broadcast_is_multiplied_by_the_slope) {
    Variable<float> x(Array<float>(Shape{3, 5}, 0.5F), requires_grad);
    backward(sum(sum(map([](auto v) { return v * v * v; }, x), 0) * 2.0));
    BOOST_TEST(x.grad()(2, 4) == 1.5F);
}

BOOST_AUTO_TEST_CASE(a_map_of_one_variable_is_differentiable_to_order_4) {
    Variable<double> x(Array<double>{0.5}, requires_grad);
    auto y = map([](auto v) { return v * v * v * v * v; }, x);
    for (double wanted : {5.0 / 16, 20.0 / 8, 60.0 / 4, 120.0 / 2}) {
        y = grad(sum(y), x, {.create_graph = true});
        BOOST_TEST(std::fabs(y.value()(0) - wanted) < 1e-12);
    }
}

BOOST_AUTO_TEST_SUITE_END()
