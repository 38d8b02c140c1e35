#include <xtape/core/adjoint.hpp>
#include <xtape/core/backward.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/join.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/shape.hpp>
#include <xtape/ops/slice.hpp>

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

// Rows of every length up to beyond two registers, of arrays that stand in memory in every way, in more than one tile.
BOOST_AUTO_TEST_CASE(rows_of_any_length_are_joined) {
    for (std::size_t length = 1; length <= 40; ++length) {
        const std::size_t rows = 211;
        Array<float> a = empty_array<float>({rows, length}), b = empty_array<float>({length, rows});
        for (std::size_t i = 0; i < a.size(); ++i) {
            a.storage()[i] = static_cast<float>(i);
            b.storage()[i] = -static_cast<float>(i);
        }
        Variable<float> x(a), column(Array<float>(Shape{rows, 1}, 0.5F));
        const Array<float> y =
            concat({x, transpose(Variable<float>(b)), broadcast_to(column, {rows, length}), narrow(x, 1, Range{0, 1})},
                   1)
                .value();
        std::size_t wrong = 0;
        for (std::size_t r = 0; r < rows; ++r) {
            for (std::size_t k = 0; k < length; ++k)
                wrong += y(r, k) != a(r, k) || y(r, length + k) != b(k, r) || y(r, 2 * length + k) != 0.5F;
            wrong += y(r, 3 * length) != a(r, 0);
        }
        BOOST_TEST(wrong == 0U, "rows of " << length);
    }
}

BOOST_AUTO_TEST_CASE(the_gradients_of_parts_meet_in_one_array_with_zeros_for_those_not_used) {
    Variable<double> x(Array<double>{{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}}, requires_grad);
    auto columns = unstack(x, 1);
    backward(sum(columns[2] * columns[0] + columns[2]));
    BOOST_TEST(x.grad() == (Array<double>{{3.0, 0.0, 2.0}, {6.0, 0.0, 5.0}}), boost::test_tools::per_element());
    BOOST_TEST(unstack(Variable<double>(Array<double>(Shape{2, 0})), 1).empty());
    BOOST_TEST(split(Variable<double>(Array<double>(Shape{0})), 2).empty());
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
