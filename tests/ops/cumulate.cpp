#include <xtape/core/backward.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/cumulate.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/shape.hpp>

#include <boost/test/unit_test.hpp>

using namespace xtape;

BOOST_AUTO_TEST_SUITE(cumulate)

BOOST_AUTO_TEST_CASE(the_gradient_of_cumprod_is_exact_at_zeros) {
    Variable<double> x(Array<double>{2.0, 0.0, 3.0, 0.0, 5.0}, requires_grad);
    backward(sum(cumprod(x, 0)));
    // y = x0, x0 x1, x0 x1 x2, ...: dx1 = x0 (1 + x2 + x2 x3 + ...), and so on.
    BOOST_TEST(x.grad() == (Array<double>{1.0, 8.0, 0.0, 0.0, 0.0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(sums_of_many_floats_keep_their_digits) {
    Variable<float> x(Array<float>(Shape{1000000}, 0.1F));
    BOOST_TEST(cumsum(x, 0).value()(999999) == 100000.0F, boost::test_tools::tolerance(1e-6F));
}

BOOST_AUTO_TEST_CASE(rows_and_columns_agree) {
    Array<double> values = empty_array<double>({37, 600});
    for (std::size_t i = 0; i < values.size(); ++i) values.storage()[i] = static_cast<double>(i * 31 % 17) / 16;
    Variable<double> x(std::move(values));
    BOOST_TEST(cumsum(x, 0).value() == transpose(cumsum(transpose(x), 1)).value());
    BOOST_TEST(cumprod(x, 0).value() == transpose(cumprod(transpose(x), -1)).value());
}

BOOST_AUTO_TEST_SUITE_END()
