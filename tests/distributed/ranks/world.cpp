#include <xtape/core/error.hpp>
#include <xtape/train/distributed/world.hpp>

#include <boost/test/unit_test.hpp>

#include <limits>
#include <stdexcept>

#include "ranks.hpp"

using namespace ranks;

BOOST_AUTO_TEST_SUITE(world)

BOOST_AUTO_TEST_CASE(an_array_is_broadcast_from_any_root) {
    for (std::size_t root = 0; root < here().size(); ++root) {
        Array<float> array(Shape{3, 5}, static_cast<float>(here().rank() + 1));
        here().broadcast(array, root);
        for (float each : array.storage()) BOOST_TEST(each == static_cast<float>(root + 1));
        Array<double> empty = empty_array<double>({0, 2});
        here().broadcast(empty, root);
        BOOST_TEST(empty.size() == 0u);
    }
}

BOOST_AUTO_TEST_CASE(a_state_of_every_kind_of_value_is_the_same_bit_for_bit_on_all_ranks) {
    State state;
    state.add("numbers.float", Array<float>{1.5F, -0.0F, std::numeric_limits<float>::quiet_NaN()});
    state.add("numbers.double", Array<double>(Shape{2, 0, 3}));
    state.add("numbers.without_axes", Array<double>(Shape{}, 0.1));
    state.add("indices", Indices{{1, 2}, {-3, 4}});
    state.add("count", std::int64_t{-7});
    state.add("number", 0.1);
    state.add("text", std::string("two\nlines\0and a zero", 20));
    const State got = here().broadcast(here().is_root() ? state : State());
    BOOST_TEST(got.size() == state.size());
    for (const auto& [name, value] : state) BOOST_TEST(identical(value, got.at(name)), name);
    BOOST_TEST(here().broadcast(State()).empty());
}

BOOST_AUTO_TEST_CASE(all_ranks_are_gathered_in_their_order) {
    State mine;
    for (std::size_t i = 0; i < here().rank(); ++i) mine.add("a" + std::to_string(i), static_cast<std::int64_t>(i));
    const auto all = here().all_gather(mine);
    BOOST_TEST(all.size() == here().size());
    for (std::size_t rank = 0; rank < all.size(); ++rank) BOOST_TEST(all[rank].size() == rank);
}

BOOST_AUTO_TEST_CASE(a_sum_is_over_all_ranks) {
    Array<float> array(Shape{1000}, static_cast<float>(here().rank()));
    here().sum(array);
    const auto n = static_cast<float>(here().size());
    for (float each : array.storage()) BOOST_TEST(each == n * (n - 1) / 2);
    BOOST_TEST(here().any(here().rank() + 1 == here().size()));
    BOOST_TEST(!here().any(false));
    here().barrier();
}

BOOST_AUTO_TEST_CASE(arrays_of_different_sizes_are_refused) {
    if (here().is_root()) {
        Array<float> array(Shape{3}, 1.0F);
        here().broadcast(array);
        return;
    }
    Array<float> array(Shape{2, 2}, 7.0F);
    BOOST_CHECK_THROW(here().broadcast(array), ShapeError);
    for (float each : array.storage()) BOOST_TEST(each == 7.0F);
    // What the root goes on to send is taken, so that the next test can begin.
    std::vector<float> rest(3);
    here().transport().wait(here().transport().broadcast(std::as_writable_bytes(std::span(rest)), 0), "the rest");
}

BOOST_AUTO_TEST_CASE(a_negative_time_limit_is_refused) {
    BOOST_CHECK_THROW(World({.seconds = -1}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
