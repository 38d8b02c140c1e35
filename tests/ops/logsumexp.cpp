#include <xtape/core/backward.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/logsumexp.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using namespace xtape;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

}    // namespace

BOOST_AUTO_TEST_SUITE(logsumexp)

BOOST_AUTO_TEST_CASE(large_numbers_neither_overflow_nor_vanish) {
    for (double large : {1e4, -1e4}) {
        Variable<float> x(Array<float>{{static_cast<float>(large), static_cast<float>(large)}}, requires_grad);
        auto y = xtape::logsumexp(x, 1);
        BOOST_TEST(y.item() == static_cast<float>(large + std::log(2.0)), boost::test_tools::tolerance(1e-6F));
        backward(y);
        BOOST_TEST(x.grad() == (Array<float>{{0.5F, 0.5F}}), boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(a_row_of_minus_infinities_has_a_gradient_of_zero) {
    Variable<double> x(Array<double>{{-infinity, -infinity}, {-infinity, 2.0}}, requires_grad);
    auto y = xtape::logsumexp(x, 1);
    BOOST_TEST(y.value() == (Array<double>{-infinity, 2.0}), boost::test_tools::per_element());
    backward(sum(y));
    BOOST_TEST(x.grad() == (Array<double>{{0.0, 0.0}, {0.0, 1.0}}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(infinity_and_not_a_number_reach_the_value) {
    BOOST_TEST(xtape::logsumexp(Variable<double>(Array<double>{1.0, infinity})).item() == infinity);
    BOOST_TEST(std::isnan(xtape::logsumexp(Variable<double>(Array<double>{1.0, std::nan("")})).item()));
}

BOOST_AUTO_TEST_SUITE_END()
