#include <xtape/core/backward.hpp>
#include <xtape/core/detail/node.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/shape.hpp>
#include <xtape/ops/slice.hpp>

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace xtape;

namespace {

Variable<double> counting(const Shape& shape) {
    Array<double> values = empty_array<double>(shape);
    for (std::size_t i = 0; i < values.size(); ++i) values.storage()[i] = static_cast<double>(i);
    return Variable<double>(std::move(values), requires_grad);
}

const double* first_element(const Variable<double>& x) { return detail::view_of(x).data(); }

// Takes one element, and notes the array that its gradient is added to.
struct Taking {
    static constexpr auto name = "test_taking";
    static constexpr auto needs = needs::nothing;
    std::size_t index;
    std::vector<const double*>* totals;

    Array<double> forward(const Array<double>& x) const { return Array<double>(Shape{}, x.storage()[index]); }
    auto vjp(const Variable<double>& g, const Variable<double>& x, const Variable<double>&) const {
        return pullbacks([&g, &x, this] {
            Array<double> whole(x.shape(), 0.0);
            whole.storage()[index] = g.item();
            return Variable<double>(std::move(whole));
        });
    }
    void add_vjp(const Variable<double>& g, Array<double>& total) const {
        total.storage()[index] += g.item();
        totals->push_back(std::as_const(total).storage().data());
    }
};

}    // namespace

BOOST_AUTO_TEST_SUITE(slice)

BOOST_AUTO_TEST_CASE(a_slice_copies_no_elements) {
    auto x = counting({4, 5});
    BOOST_TEST(first_element(xtape::slice(x, {Range{1}, Range{.step = 2}})) == first_element(x) + 5);
    BOOST_TEST(first_element(pick(x, -1)) == first_element(x) + 15);
    BOOST_TEST(first_element(xtape::slice(x, {Range{.step = -1}, 4})) == first_element(x) + 19);
}

BOOST_AUTO_TEST_CASE(lengths_and_indices_of_any_integer_type_are_taken) {
    auto x = counting({4, 5});
    std::size_t t = 2;
    unsigned char column = 1;
    BOOST_TEST(xtape::slice(x, {t, column}).item() == 11);
    BOOST_TEST(sum(xtape::slice(x, {Range{t, t + 1}, Range{.end = column}})).item() == 10);
}

BOOST_AUTO_TEST_CASE(items_may_come_from_a_vector) {
    std::vector<SliceItem> items{Range{1, 3}, ellipsis, 0};
    BOOST_TEST(sum(xtape::slice(counting({4, 5}), items)).item() == 15);
}

BOOST_AUTO_TEST_CASE(ranges_are_python_s) {
    auto x = counting({5});
    auto text = [&](const Range& range) {
        std::string elements;
        const auto y = narrow(x, 0, range).value();
        for (double element : y.storage()) elements += std::to_string(static_cast<int>(element));
        return elements;
    };
    BOOST_TEST(text({}) == "01234");
    BOOST_TEST(text({1, -1}) == "123");
    BOOST_TEST(text({-3}) == "234");
    BOOST_TEST(text({.end = -9}) == "");
    BOOST_TEST(text({.step = -2}) == "420");
    BOOST_TEST(text({3, 0, -1}) == "321");
    BOOST_TEST(text({9, -9, -3}) == "41");
    BOOST_TEST(text({0, 9, 2}) == "024");
    BOOST_TEST(text({2, 2}) == "");
}

BOOST_AUTO_TEST_CASE(gradients_of_slices_that_overlap_add_up) {
    auto x = counting({4});
    backward(sum(narrow(x, 0, Range{0, 3})) + 2 * sum(narrow(x, 0, Range{1})) + 3 * pick(x, 2));
    BOOST_TEST(x.grad() == (Array<double>{1.0, 3.0, 6.0, 2.0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(slices_add_to_a_gradient_that_came_another_way) {
    auto x = counting({4});
    auto y = x * 1.0;
    backward(sum(y * y) + pick(y, 1) + pick(y, 1) + sum(y));
    BOOST_TEST(x.grad() == (Array<double>{1.0, 5.0, 5.0, 7.0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(slices_do_not_change_a_gradient_that_others_hold) {
    auto x = counting({4});
    auto y = x * 1.0;
    Variable<double> seen;
    auto z = y * 2.0;
    z.register_hook([&](const Variable<double>& g) { seen = g; });
    backward(sum(z + y) + pick(y, 0) + pick(y, 3));
    BOOST_TEST(x.grad() == (Array<double>{4.0, 3.0, 3.0, 4.0}), boost::test_tools::per_element());
    BOOST_TEST(seen.value() == (Array<double>{1.0, 1.0, 1.0, 1.0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(taking_an_array_apart_adds_to_one_gradient) {
    auto x = counting({6});
    std::vector<const double*> totals;
    Variable<double> total = apply(Taking{0, &totals}, x);
    for (std::size_t i = 1; i < 6; ++i) total += apply(Taking{i, &totals}, x);
    backward(total);
    BOOST_TEST(x.grad() == (Array<double>{1.0, 1.0, 1.0, 1.0, 1.0, 1.0}), boost::test_tools::per_element());
    BOOST_REQUIRE(totals.size() >= 5u);    // the first may have made the array
    for (const double* each : totals) BOOST_TEST(each == totals.front());
}

BOOST_AUTO_TEST_CASE(errors_say_what_was_got_and_what_was_wanted) {
    auto x = counting({2, 3});
    auto text = [](const auto& f) -> std::string {
        try {
            f();
        } catch (const std::exception& error) {
            return error.what();
        }
        return "";
    };
    BOOST_TEST(text([&] { pick(x, 3, 1); }) == "[pick] got index 3 of an axis of length 3; wanted -3 to 2");
    BOOST_TEST(text([&] {
                   xtape::slice(x, {0, 0, 0});
               }) == "[slice] got 3 indices and ranges for the shape (2, 3); wanted at most one per axis");
    BOOST_CHECK_THROW(pick(x, -3), std::out_of_range);
    BOOST_CHECK_THROW(pick(x, 0, 2), ShapeError);
    BOOST_CHECK_THROW(narrow(x, 0, Range{.step = 0}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
