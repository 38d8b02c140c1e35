#include <xtape/core/operation.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/rearrange.hpp>
#include <xtape/ops/reduce.hpp>

#include <boost/test/unit_test.hpp>

using namespace xtape;

BOOST_AUTO_TEST_SUITE(rearrange)

BOOST_AUTO_TEST_CASE(a_flip_copies_no_elements) {
    Variable<float> x(Array<float>(Shape{4, 6}, 1.0F));
    BOOST_TEST(detail::view_of(flip(x)).data() == detail::view_of(x).data() + 23);
}

BOOST_AUTO_TEST_CASE(operations_read_a_flipped_array_backwards) {
    Variable<double> x(Array<double>{{1.0, 2.0}, {3.0, 4.0}});
    BOOST_TEST((flip(x, 0) - x).value() == (Array<double>{{2.0, 2.0}, {-2.0, -2.0}}), boost::test_tools::per_element());
    BOOST_TEST(sum(flip(x, 1), 0).value() == (Array<double>{6.0, 4.0}), boost::test_tools::per_element());
    BOOST_TEST(flip(flip(x)).value() == x.value(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
