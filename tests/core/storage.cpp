// Parts of a block that arrays share, and when they are copied.
#include <xtape/core/backward.hpp>
#include <xtape/core/view.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/slice.hpp>

#include <boost/test/unit_test.hpp>

#include <utility>

using namespace xtape;

namespace {

Storage<float> four_numbers() { return {1.0F, 2.0F, 3.0F, 4.0F}; }
const float* first_of(const Storage<float>& storage) { return storage.data(); }

}    // namespace

BOOST_AUTO_TEST_SUITE(storage)

BOOST_AUTO_TEST_CASE(a_part_shares_the_block_until_one_of_the_two_is_written_to) {
    Storage<float> whole = four_numbers(), part = whole.share(1, 2);
    BOOST_TEST(first_of(part) == first_of(whole) + 1);
    BOOST_TEST(part.size() == 2U);
    part[0] = 20;
    BOOST_TEST(std::as_const(whole)[1] == 2.0F);
    BOOST_TEST(std::as_const(part)[1] == 3.0F);

    Storage<float> other = whole.share(2, 2);
    whole[2] = 30;
    BOOST_TEST(std::as_const(other)[0] == 3.0F);
}

BOOST_AUTO_TEST_CASE(a_part_outlives_the_whole) {
    Storage<float> part;
    {
        Storage<float> whole = four_numbers();
        part = whole.share(3, 1);
    }
    BOOST_TEST(!part.is_shared());
    part[0] = 5;
    BOOST_TEST(std::as_const(part)[0] == 5.0F);
}

BOOST_AUTO_TEST_CASE(a_part_without_elements_holds_nothing) {
    Storage<float> whole = four_numbers(), nothing = whole.share(2, 0);
    BOOST_TEST(nothing.empty());
    BOOST_TEST(!whole.is_shared());
}

BOOST_AUTO_TEST_CASE(large_parts_in_order_are_values_without_a_copy_and_small_ones_let_the_block_go) {
    Variable<float> x(Array<float>(Shape{8, 4096}, 1.0F));
    const float* elements = first_of(x.value().storage());
    const Variable<float> rows = narrow(x, 0, Range{2, 4}), row = pick(x, 3), number = slice(x, {3, 5});
    BOOST_TEST(first_of(rows.value().storage()) == elements + 2 * 4096);
    BOOST_TEST(first_of(row.value().storage()) == elements + 3 * 4096);
    BOOST_TEST(first_of(number.value().storage()) != elements + 3 * 4096 + 5);
    BOOST_TEST(!number.value().storage().is_shared());
}

BOOST_AUTO_TEST_CASE(gradients_that_share_the_seed_do_not_change_with_it) {
    Variable<float> x(Array<float>(Shape{4, 2048}, 1.0F), requires_grad);
    Array<float> seed(Shape{2, 2048}, 3.0F);
    auto y = narrow(x, 0, Range{1, 3});
    backward(y, seed);
    seed.fill(7.0F);
    BOOST_TEST(x.grad()(1, 5) == 3.0F);
    BOOST_TEST(x.grad()(0, 5) == 0.0F);
}

BOOST_AUTO_TEST_SUITE_END()
