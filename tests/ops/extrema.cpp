#include <xtape/core/backward.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/extrema.hpp>
#include <xtape/ops/shape.hpp>

#include <boost/test/unit_test.hpp>
#include <xtensor/xsort.hpp>

#include <cmath>
#include <limits>
#include <string>

using namespace xtape;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

}    // namespace

BOOST_AUTO_TEST_SUITE(extrema)

BOOST_AUTO_TEST_CASE(ties_share_the_gradient) {
    Variable<double> x(Array<double>{{3.0, 1.0, 3.0}, {2.0, 2.0, 2.0}}, requires_grad);
    backward(sum(amax(x, 1)));
    BOOST_TEST(x.grad() == (Array<double>{{0.5, 0.0, 0.5}, {1.0 / 3, 1.0 / 3, 1.0 / 3}}),
               boost::test_tools::per_element());
    x.zero_grad();
    backward(amin(x));
    BOOST_TEST(x.grad() == (Array<double>{{0.0, 1.0, 0.0}, {0.0, 0.0, 0.0}}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(not_a_number_is_the_largest_and_the_smallest) {
    for (std::size_t place : {0U, 5U, 16U, 33U, 69U}) {
        Array<double> values(Shape{70}, 1.0);
        values(place) = not_a_number;
        Variable<double> x(values);
        BOOST_TEST(std::isnan(amax(x).item()));
        BOOST_TEST(std::isnan(amin(x).item()));
        BOOST_TEST(std::isnan(amax(reshape(x, {70, 1}), 0).item()));
        BOOST_TEST(argmax(x)() == static_cast<std::int64_t>(place));
        BOOST_TEST(argmin(x)() == static_cast<std::int64_t>(place));
    }
}

BOOST_AUTO_TEST_CASE(infinities_are_numbers_like_others) {
    constexpr double inf = std::numeric_limits<double>::infinity();
    Variable<double> x(Array<double>{{-inf, -inf}, {inf, 1.0}});
    BOOST_TEST(amax(x, 1).value() == (Array<double>{-inf, inf}), boost::test_tools::per_element());
    BOOST_TEST(amin(x, 0).value() == (Array<double>{-inf, -inf}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_length_of_rows_and_columns_is_looked_at_whole) {
    for (std::size_t length : {1U, 2U, 15U, 16U, 17U, 31U, 64U, 65U, 130U, 513U})
        for (std::size_t place : {std::size_t{0}, length / 2, length - 1}) {
            Array<float> values(Shape{length, 3}, -2.0F);
            values(place, 1) = -1.0F;
            Variable<float> x(values);
            BOOST_TEST(amax(x, 0).value() == (Array<float>{-2.0F, -1.0F, -2.0F}), boost::test_tools::per_element());
            BOOST_TEST(amax(transpose(x), 1).value() == (Array<float>{-2.0F, -1.0F, -2.0F}),
                       boost::test_tools::per_element());
            BOOST_TEST(argmax(x, 0)(1) == static_cast<std::int64_t>(place));
        }
}

BOOST_AUTO_TEST_CASE(argmax_takes_the_first_of_equals_along_an_axis_or_in_order) {
    Array<double> x{{1.0, 3.0, 3.0}, {4.0, 4.0, 2.0}};
    BOOST_TEST(argmax(x)() == 3);
    BOOST_TEST(argmax(x, 1) == (Indices{1, 0}), boost::test_tools::per_element());
    BOOST_TEST(argmax(x, -2) == (Indices{1, 1, 0}), boost::test_tools::per_element());
    BOOST_TEST(argmin(x, 1) == (Indices{0, 2}), boost::test_tools::per_element());
    BOOST_TEST(argmax(Array<double>{{5.0, 1.0}, {5.0, 2.0}, {0.0, 2.0}}, 0) == (Indices{0, 1}),
               boost::test_tools::per_element());
    BOOST_TEST(argmin(Variable<double>(x))() == 0);
    BOOST_TEST(to_string(argmax(x, 1, {.keep_dims = true}).shape()) == "(2, 1)");
}

BOOST_AUTO_TEST_CASE(xtensor_s_argmax_stays_usable_by_its_own_name) {
    Variable<double> x(Array<double>{{1.0, 3.0}, {4.0, 2.0}});
    BOOST_TEST(xt::argmax(x.value())(0) == 2U);
    BOOST_TEST(xt::amax(x.value())() == 4.0);
}

BOOST_AUTO_TEST_CASE(choosing_from_nothing_is_refused) {
    BOOST_CHECK_THROW(argmax(Array<double>(Shape{0})), ShapeError);
    BOOST_CHECK_THROW(argmin(Array<double>(Shape{2, 0}), 1), ShapeError);
    BOOST_TEST(argmax(Array<double>(Shape{0, 2}), 1).size() == 0U);
    try {
        amax(Variable<double>(Array<double>(Shape{2, 0})), 1);
        BOOST_ERROR("was not refused");
    } catch (const ShapeError& error) {
        BOOST_TEST(std::string(error.what()) ==
                   "[amax] got the shape (2, 0), of which it would choose from nothing; wanted axes with elements");
    }
}

BOOST_AUTO_TEST_SUITE_END()
