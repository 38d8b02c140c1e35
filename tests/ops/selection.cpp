#include <xtape/core/backward.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/selection.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <stdexcept>

using xtape::Array;
using xtape::Mask;
using xtape::Shape;
using xtape::ShapeError;
using xtape::Variable;

namespace {

constexpr double NaN = std::numeric_limits<double>::quiet_NaN();

Variable<double> leaf(Array<double> value) { return {std::move(value), xtape::requires_grad}; }

// The gradient that x receives from y under a seed of ones.
Array<double> gradient(const Variable<double>& y, const Variable<double>& x) {
    Array<double> ones = xtape::empty_array<double>(y.shape());
    ones.fill(1);
    return xtape::grad(y, {x}, {}, {Variable<double>(ones)})[0].value();
}

}    // namespace

BOOST_AUTO_TEST_SUITE(selection)

BOOST_AUTO_TEST_CASE(comparisons_of_variables_give_masks) {
    const Variable<double> a(Array<double>{1.0, 2.0, 3.0}), b(Array<double>{2.0, 2.0, 2.0});
    BOOST_TEST(((a == b) == Mask{false, true, false}));
    BOOST_TEST(((a != b) == Mask{true, false, true}));
    BOOST_TEST(((a < b) == Mask{true, false, false}));
    BOOST_TEST(((a <= b) == Mask{true, true, false}));
    BOOST_TEST(((a > b) == Mask{false, false, true}));
    BOOST_TEST(((a >= b) == Mask{false, true, true}));
}

BOOST_AUTO_TEST_CASE(comparisons_take_numbers_and_expressions_on_either_side) {
    Variable<double> a(Array<double>{1.0, 2.0, 3.0});
    Array<double> b{2.0, 2.0, 2.0};
    BOOST_TEST(((a < 2) == Mask{true, false, false}));
    BOOST_TEST(((2 < a) == Mask{false, false, true}));
    BOOST_TEST(((2.0 <= a) == Mask{false, true, true}));
    BOOST_TEST(((2 > a) == Mask{true, false, false}));
    BOOST_TEST(((2 >= a) == Mask{true, true, false}));
    BOOST_TEST(((2 == a) == Mask{false, true, false}));
    BOOST_TEST(((2 != a) == Mask{true, false, true}));
    BOOST_TEST(((a < b) == Mask{true, false, false}));
    BOOST_TEST(((b < a) == Mask{false, false, true}));
    BOOST_TEST(((b == a) == Mask{false, true, false}));
    BOOST_TEST(((a != b + 1) == Mask{true, true, false}));
}

BOOST_AUTO_TEST_CASE(comparisons_broadcast) {
    Array<double> column(xtape::Shape{2, 1}, 1.0);
    column(1, 0) = 3;
    const Mask expected{{false, false}, {true, false}};
    BOOST_TEST(((Variable<double>(column) > Variable<double>(Array<double>{2.0, 3.0})) == expected));
    BOOST_CHECK_THROW(
        static_cast<void>(Variable<double>(Array<double>{1.0, 2.0}) < Variable<double>(Array<double>{1.0, 2.0, 3.0})),
        xtape::ShapeError);
}

BOOST_AUTO_TEST_CASE(what_is_compared_with_nan_is_false) {
    const Variable<double> x(Array<double>{NaN, 1.0});
    BOOST_TEST(((x == x) == Mask{false, true}));
    BOOST_TEST(((x <= 2) == Mask{false, true}));
    BOOST_TEST((isnan(x) == Mask{true, false}));
}

BOOST_AUTO_TEST_CASE(a_number_is_compared_in_the_precision_of_the_variable) {
    const Variable<float> x(Array<float>{0.1F});
    BOOST_TEST(((x == 0.1) == Mask{true}));
}

BOOST_AUTO_TEST_CASE(where_takes_combined_masks_numbers_and_expressions) {
    Variable<double> x(Array<double>{-2.0, 0.5, 3.0});
    const Array<double> c{7.0, 8.0, 9.0};
    BOOST_TEST((where(x > 0 && x < 1, x, 0).value() == Array<double>{0.0, 0.5, 0.0}));
    BOOST_TEST((where(!(x > 0), 1, x).value() == Array<double>{1.0, 0.5, 3.0}));
    Mask mask = x > 0;
    BOOST_TEST((where(mask, c, x).value() == Array<double>{-2.0, 8.0, 9.0}));
    BOOST_TEST((where(mask, x, c + 1.0).value() == Array<double>{8.0, 0.5, 3.0}));
}

BOOST_AUTO_TEST_CASE(where_keeps_nan_of_the_other_branch_out_of_the_gradient) {
    const auto a = leaf({NaN, 2.0}), b = leaf({3.0, NaN});
    const auto y = where(Mask{false, true}, a, b) * where(Mask{false, true}, a, b);
    BOOST_TEST((y.value() == Array<double>{9.0, 4.0}));
    BOOST_TEST((gradient(y, a) == Array<double>{0.0, 4.0}));
    const auto z = where(Mask{false, true}, a, b) * where(Mask{false, true}, a, b);
    BOOST_TEST((gradient(z, b) == Array<double>{6.0, 0.0}));
}

BOOST_AUTO_TEST_CASE(clamp_passes_the_gradient_at_its_bounds_and_nan) {
    const auto x = leaf({-1.5, -1.0, 0.0, 1.0, 1.5});
    BOOST_TEST((gradient(clamp(x, -1, 1), x) == Array<double>{0.0, 1.0, 1.0, 1.0, 0.0}));
    BOOST_TEST(std::isnan(clamp(Variable<double>(Array<double>(NaN)), -1, 1).item()));
    BOOST_TEST(clamp(Variable<double>(Array<double>(0.0)), 2, 1).item() == 1.0);
}

BOOST_AUTO_TEST_CASE(clamp_without_bounds_says_so) {
    BOOST_CHECK_EXCEPTION(clamp(leaf({1.0}), {}, {}), std::invalid_argument, [](const std::exception& error) {
        return std::string(error.what()) == "[clamp] got no bound; wanted a lower or an upper one";
    });
}

BOOST_AUTO_TEST_CASE(ties_of_maximum_and_minimum_share_the_gradient) {
    const auto a = leaf({1.0, 2.0, 3.0}), b = leaf({2.0, 2.0, 2.0});
    BOOST_TEST((gradient(maximum(a, b), a) == Array<double>{0.0, 0.5, 1.0}));
    BOOST_TEST((gradient(maximum(a, b), b) == Array<double>{1.0, 0.5, 0.0}));
    BOOST_TEST((gradient(minimum(a, b), a) == Array<double>{1.0, 0.5, 0.0}));
    BOOST_TEST((gradient(minimum(a, b), b) == Array<double>{0.0, 0.5, 1.0}));
    BOOST_TEST((gradient(maximum(a, 2), a) == Array<double>{0.0, 0.5, 1.0}));
    BOOST_TEST((gradient(minimum(2, a), a) == Array<double>{1.0, 0.5, 0.0}));
}

BOOST_AUTO_TEST_CASE(maximum_and_minimum_are_nan_if_either_is) {
    const Variable<double> a(Array<double>{NaN, 1.0}), b(Array<double>{1.0, NaN});
    BOOST_TEST((isnan(maximum(a, b)) == Mask{true, true}));
    BOOST_TEST((isnan(minimum(a, b)) == Mask{true, true}));
}

BOOST_AUTO_TEST_CASE(lerp_reaches_its_end_exactly) {
    const Variable<double> a(Array<double>{1e16}), b(Array<double>{1.0});
    BOOST_TEST(lerp(a, b, 1).value()(0) == 1.0);
    BOOST_TEST(lerp(a, b, Variable<double>(Array<double>(1.0))).value()(0) == 1.0);
}

BOOST_AUTO_TEST_CASE(masks_of_different_ranks_are_combined_element_by_element) {
    Mask a(Shape{2, 1, 8, 8}), b(Shape{8, 8});
    for (std::size_t i = 0; i < a.size(); ++i) a.storage()[i] = i * 7919 % 13 % 2 == 1;
    for (std::size_t i = 0; i < b.size(); ++i) b.storage()[i] = i * 104729 % 11 % 2 == 1;
    const Mask both = a && b, either = b || a;
    BOOST_TEST(both.shape() == a.shape());
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const bool x = a.storage()[i], y = b.storage()[i % b.size()];
        wrong += (both.storage()[i] != (x && y)) + (either.storage()[i] != (x || y));
    }
    BOOST_TEST(wrong == 0U);
    BOOST_CHECK_THROW((a && Mask(Shape{3}, true)), ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
