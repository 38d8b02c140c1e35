#include <xtape/core/operation.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/shape.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace xtape;

namespace {

const double* first_element(const Variable<double>& x) { return detail::view_of(x).data(); }

Variable<double> counting(const Shape& shape) {
    Array<double> values = empty_array<double>(shape);
    for (std::size_t i = 0; i < values.size(); ++i) values.storage()[i] = static_cast<double>(i);
    return Variable<double>(std::move(values), requires_grad);
}

}    // namespace

BOOST_AUTO_TEST_SUITE(shape)

BOOST_AUTO_TEST_CASE(results_share_the_elements) {
    auto x = counting({2, 3, 4});
    BOOST_TEST(first_element(reshape(x, {4, 6})) == first_element(x));
    BOOST_TEST(first_element(flatten(x)) == first_element(x));
    BOOST_TEST(first_element(squeeze(unsqueeze(x, {0, -1}))) == first_element(x));
    BOOST_TEST(first_element(transpose(x)) == first_element(x));
    BOOST_TEST(first_element(reshape(transpose(x), {4, 3, 1, 2})) == first_element(x));
    BOOST_TEST(first_element(reshape(swap_axes(x, 0, 1), {3, 8})) != first_element(x));
}

BOOST_AUTO_TEST_CASE(a_reshape_of_elements_in_order_is_there_at_once) {
    auto x = counting({2, 3});
    const auto y = reshape(x, {3, 2});
    BOOST_TEST(y.node().ready.load());
    BOOST_TEST(y.value().storage().begin() == x.value().storage().begin());
}

BOOST_AUTO_TEST_CASE(a_reshape_of_views_keeps_the_order) {
    auto x = counting({2, 3, 4});
    for (const Strides& order : std::vector<Strides>{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {2, 0, 1}, {0, 2, 1}})
        for (const Strides& lengths : std::vector<Strides>{{24}, {6, 4}, {4, 6}, {3, 8}, {2, 2, 2, 3}, {1, 12, 1, 2}}) {
            auto y = permute(x, order);
            auto reshaped = reshape(y, lengths);    // of the view: y.value() would bring it into order
            BOOST_TEST(reshaped.value().storage() == y.value().storage());
        }
}

BOOST_AUTO_TEST_CASE(shapes_may_be_given_in_any_integers) {
    auto x = counting({2, 6});
    std::size_t rows = 3;
    BOOST_TEST(to_string(reshape(x, {rows, -1}).shape()) == "(3, 4)");
    BOOST_TEST(to_string(reshape(x, Shape{4, 3}).shape()) == "(4, 3)");
    BOOST_TEST(to_string(reshape(x, std::vector<int>{12}).shape()) == "(12,)");
    BOOST_TEST(to_string(reshape(x, x.shape()).shape()) == "(2, 6)");
}

BOOST_AUTO_TEST_CASE(flatten_takes_axes) {
    auto x = counting({2, 3, 4});
    BOOST_TEST(to_string(flatten(x, 1).shape()) == "(2, 12)");
    BOOST_TEST(to_string(flatten(x, 0, -2).shape()) == "(6, 4)");
    BOOST_TEST(to_string(flatten(Variable<double>(Array<double>(1.0))).shape()) == "(1,)");
}

BOOST_AUTO_TEST_CASE(errors_name_the_shapes) {
    auto x = counting({2, 3});
    auto text = [](const auto& f) -> std::string {
        try {
            f();
        } catch (const ShapeError& error) {
            return error.what();
        }
        return "";
    };
    BOOST_TEST(text([&] {
                   reshape(x, {4, -1});
               }) == "[reshape] got the shape (2, 3) to be seen as (4, -1); wanted the same number of elements, 6");
    BOOST_TEST(text([&] { permute(x, {0, 0}); }) == "[permute] got axis 0 twice; wanted each axis once");
    BOOST_TEST(text([&] { swap_axes(x, 0, 2); }) == "[swap_axes] got axis 2 of an array with 2 axes; wanted -2 to 1");
    BOOST_TEST(text([&] { reshape(x, {-2, -3}); }) != "");
}

BOOST_AUTO_TEST_SUITE_END()
