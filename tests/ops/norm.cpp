#include <xtape/core/backward.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/norm.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <stdexcept>

using namespace xtape;

BOOST_AUTO_TEST_SUITE(norm)

BOOST_AUTO_TEST_CASE(the_subgradient_at_zero_is_zero) {
    for (double p : {0.5, 1.0, 1.5, 2.0, 3.0, static_cast<double>(INFINITY)}) {
        Variable<double> x(Array<double>{{0.0, 0.0}, {0.0, 2.0}}, requires_grad);
        backward(sum(xtape::norm(x, p, 1)));
        BOOST_TEST_CONTEXT("p = " << p) {
            BOOST_TEST(x.grad()(0, 0) == 0.0);
            BOOST_TEST(x.grad()(0, 1) == 0.0);
            BOOST_TEST(x.grad()(1, 0) == 0.0);
            BOOST_TEST(x.grad()(1, 1) == 1.0, boost::test_tools::tolerance(1e-15));
        }
    }
}

BOOST_AUTO_TEST_CASE(second_derivatives_at_zero_are_numbers) {
    for (double p : {1.5, 2.0, 3.0}) {
        Variable<double> x(Array<double>{0.0, 2.0}, requires_grad);
        auto first = grad(xtape::norm(x, p), {x}, {.create_graph = true})[0];
        auto second = grad(sum(first * first), {x})[0].value();
        BOOST_TEST_CONTEXT("p = " << p) BOOST_TEST((std::isfinite(second(0)) && std::isfinite(second(1))));
    }
}

BOOST_AUTO_TEST_CASE(the_largest_elements_share_the_gradient_of_the_infinite_norm) {
    Variable<double> x(Array<double>{-3.0, 1.0, 3.0}, requires_grad);
    backward(xtape::norm(x, INFINITY));
    BOOST_TEST(x.grad() == (Array<double>{-0.5, 0.0, 0.5}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(p_zero_counts) {
    BOOST_TEST(xtape::norm(Variable<double>(Array<double>{0.0, -2.0, 5.0}), 0).item() == 2.0);
}

BOOST_AUTO_TEST_CASE(p_must_be_a_number) {
    BOOST_CHECK_THROW(xtape::norm(Variable<double>(Array<double>{1.0}), std::nan("")), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
