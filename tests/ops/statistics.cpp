#include <xtape/core/backward.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/statistics.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace xtape;

BOOST_AUTO_TEST_SUITE(statistics)

BOOST_AUTO_TEST_CASE(the_variance_of_large_numbers_close_together_keeps_its_digits) {
    Array<float> values = empty_array<float>({1000});
    for (std::size_t i = 0; i < values.size(); ++i) values.storage()[i] = 10000.0F + static_cast<float>(i % 2);
    BOOST_TEST(var(Variable<float>(values), all_axes, {.ddof = 0}).item() == 0.25F,
               boost::test_tools::tolerance(1e-4F));
}

BOOST_AUTO_TEST_CASE(ddof_is_one_unless_given) {
    Variable<double> x(Array<double>{1.0, 3.0});
    BOOST_TEST(var(x).item() == 2.0);
    BOOST_TEST(var(x, 0, {.ddof = 0}).item() == 1.0);
    BOOST_TEST(stddev(x, 0, {.ddof = 0, .keep_dims = true}).item() == 1.0);
}

BOOST_AUTO_TEST_CASE(the_gradient_of_stddev_is_zero_where_there_is_no_deviation) {
    Variable<double> x(Array<double>{{2.0, 2.0}, {1.0, 3.0}}, requires_grad);
    backward(sum(stddev(x, 1, {.ddof = 0})));
    BOOST_TEST(x.grad() == (Array<double>{{0.0, 0.0}, {-0.5, 0.5}}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(not_a_number_reaches_the_variance) {
    BOOST_TEST(std::isnan(var(Variable<double>(Array<double>{1.0, std::nan(""), 3.0})).item()));
}

BOOST_AUTO_TEST_SUITE_END()
