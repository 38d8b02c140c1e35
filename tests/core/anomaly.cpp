// The guard that finds where NaN and infinity come from.
#include <xtape/core/anomaly.hpp>
#include <xtape/core/backward.hpp>
#include <xtape/core/graph.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/map.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace xtape;

namespace {

using A = Array<double>;

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}    // namespace

BOOST_AUTO_TEST_SUITE(anomaly)

BOOST_AUTO_TEST_CASE(a_value_that_is_not_finite_names_operation_shapes_names_and_place) {
    Variable<double> x(A{1.0, 0.0}, requires_grad);
    x.set_name("speed");
    AnomalyGuard guard;
    auto y = x * 2.0;
    try {
        1.0 / y;
        BOOST_ERROR("was not noticed");
    } catch (const AnomalyError& error) {
        std::string text = error.what();
        BOOST_TEST(contains(text, "[divide_number]"), text);
        BOOST_TEST(contains(text, "(2,)"), text);
        BOOST_TEST(contains(text, "inf"), text);
        BOOST_TEST(contains(text, "value number 2"), text);
    }
    try {
        x / (x * 0.0);
        BOOST_ERROR("was not noticed");
    } catch (const AnomalyError& error) {
        BOOST_TEST(contains(error.what(), "speed"), error.what());
    }
}

BOOST_AUTO_TEST_CASE(a_derivative_that_is_not_finite_names_the_operation) {
    Variable<double> x(A{4.0, 0.0}, requires_grad);
    AnomalyGuard guard;
    auto y = sum_to(map([](auto v) { return sqrt(v); }, x), Shape{});
    try {
        backward(y);
        BOOST_ERROR("was not noticed");
    } catch (const AnomalyError& error) {
        BOOST_TEST(contains(error.what(), "[map]"), error.what());
        BOOST_TEST(contains(error.what(), "derivative"), error.what());
    }
    BOOST_TEST(!x.has_grad());
}

BOOST_AUTO_TEST_CASE(without_a_guard_infinity_passes) {
    Variable<double> x(A{0.0}, requires_grad);
    { AnomalyGuard guard; }
    BOOST_CHECK_NO_THROW(1.0 / x);
}

BOOST_AUTO_TEST_CASE(a_drawing_names_operations_leaves_and_shapes) {
    Variable<double> x(A{1.0, 2.0}, requires_grad);
    x.set_name("x \"quoted\"");
    auto text = to_dot(x * x + 1.0);
    BOOST_TEST(text.starts_with("digraph"));
    BOOST_TEST(contains(text, "multiply (2,)"));
    BOOST_TEST(contains(text, "x \\\"quoted\\\" (2,)"));
    BOOST_TEST(contains(text, "style=dashed"));
}

BOOST_AUTO_TEST_SUITE_END()
