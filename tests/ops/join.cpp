#include <xtape/core/backward.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/join.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/shape.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace xtape;

BOOST_AUTO_TEST_SUITE(join)

BOOST_AUTO_TEST_CASE(parts_of_a_split_share_the_elements) {
    Variable<float> x(Array<float>(Shape{4, 6}, 1.0F));
    auto parts = split(x, 4, 1);
    BOOST_TEST(parts.size() == 2U);
    BOOST_TEST(to_string(parts[1].shape()) == "(4, 2)");
    BOOST_TEST(detail::view_of(parts[1]).data() == detail::view_of(x).data() + 4);
}

BOOST_AUTO_TEST_CASE(views_are_joined_as_they_look) {
    Variable<double> x(Array<double>{{1.0, 2.0}, {3.0, 4.0}});
    BOOST_TEST(concat({transpose(x), x}, 1).value() == (Array<double>{{1.0, 3.0, 1.0, 2.0}, {2.0, 4.0, 3.0, 4.0}}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_array_joined_with_constants_gets_its_part_of_the_gradient) {
    Variable<double> x(Array<double>{1.0, 2.0}, requires_grad), weights(Array<double>{5.0, 6.0, 7.0, 8.0});
    Variable<double> constant(Array<double>{3.0});
    backward(sum(concat({constant, x, constant}) * weights));
    BOOST_TEST(x.grad() == (Array<double>{6.0, 7.0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(errors_name_both_shapes) {
    Variable<double> a(Array<double>(Shape{2, 2}, 1.0)), b(Array<double>(Shape{3, 3}, 1.0));
    try {
        concat({a, b}, 1);
        BOOST_ERROR("was not refused");
    } catch (const ShapeError& error) {
        BOOST_TEST(std::string(error.what()) ==
                   "[concat] got the shapes (2, 2) and (3, 3); wanted the same but for axis 1");
    }
}

BOOST_AUTO_TEST_SUITE_END()
