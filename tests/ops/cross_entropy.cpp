#include <xtape/core/backward.hpp>
#include <xtape/ops/cross_entropy.hpp>
#include <xtape/ops/reduce.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <tuple>

using namespace xtape;
using Numbers = std::tuple<float, double>;

BOOST_AUTO_TEST_SUITE(cross_entropy)

BOOST_AUTO_TEST_CASE_TEMPLATE(large_logits_give_exact_losses_and_gradients, T, Numbers) {
    Variable<T> x(Array<T>{{T(1e4), T(-1e4), T(9999)}, {T(-1e4), T(-1e4), T(1e4)}}, requires_grad);
    auto losses = softmax_cross_entropy(x, Indices{2, 0});
    double e = std::exp(-1.0);
    BOOST_TEST(double(losses.value()(0)) == 1 + std::log1p(e), boost::test_tools::tolerance(1e-6));
    BOOST_TEST(losses.value()(1) == T(2e4));
    backward(sum(losses));
    BOOST_TEST(double(x.grad()(0, 0)) == 1 / (1 + e), boost::test_tools::tolerance(1e-6));
    BOOST_TEST(double(x.grad()(0, 2)) == e / (1 + e) - 1, boost::test_tools::tolerance(1e-6));
    BOOST_TEST(x.grad()(1, 0) == T(-1));
    BOOST_TEST(x.grad()(1, 1) == T(0));
    BOOST_TEST(x.grad()(1, 2) == T(1));
}

BOOST_AUTO_TEST_CASE(an_ignored_row_contributes_nothing_whatever_it_holds) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    Variable<double> x(Array<double>{{nan, 1.0}, {0.0, 0.0}}, requires_grad);
    auto losses = softmax_cross_entropy(x, Indices{-100, 1});
    BOOST_TEST(losses.value()(0) == 0.0);
    backward(sum(losses));
    BOOST_TEST(x.grad()(0, 0) == 0.0);
    BOOST_TEST(x.grad()(0, 1) == 0.0);
    BOOST_TEST(x.grad()(1, 1) == -0.5);
}

BOOST_AUTO_TEST_CASE(nan_in_a_row_stays_in_its_row) {
    Array<float> logits(Shape{3, 40}, 1.0F);
    logits(1, 35) = std::numeric_limits<float>::quiet_NaN();
    auto losses = softmax_cross_entropy(Variable<float>(logits), Indices{0, 1, 2}).value();
    BOOST_TEST(std::isfinite(losses(0)));
    BOOST_TEST(std::isnan(losses(1)));
    BOOST_TEST(std::isfinite(losses(2)));
}

BOOST_AUTO_TEST_CASE(one_hot_probabilities_equal_index_targets) {
    Variable<double> x(Array<double>{{1.0, 2.0, -1.0}}, requires_grad);
    Variable<double> y(Array<double>{{1.0, 2.0, -1.0}}, requires_grad), q(Array<double>{{0.0, 0.0, 1.0}});
    backward(sum(softmax_cross_entropy(x, Indices{2})));
    backward(sum(softmax_cross_entropy(y, q)));
    for (std::size_t c = 0; c < 3; ++c)
        BOOST_TEST(x.grad()(0, c) == y.grad()(0, c), boost::test_tools::tolerance(1e-14));
}

BOOST_AUTO_TEST_CASE(a_target_out_of_range_is_named_with_its_position) {
    Variable<double> x(Array<double>{{1.0, 2.0}, {3.0, 4.0}});
    try {
        softmax_cross_entropy(x, Indices{1, 2});
        BOOST_ERROR("was not refused");
    } catch (const std::out_of_range& error) {
        BOOST_TEST(std::string(error.what()).find("target 2 at position 1; wanted 0 to 1") != std::string::npos,
                   error.what());
    }
}

BOOST_AUTO_TEST_SUITE_END()
