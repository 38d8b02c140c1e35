#include <xtape/train/search/sampler.hpp>
#include <xtape/train/search/space.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

using namespace xtape::train;

BOOST_AUTO_TEST_SUITE(space)

namespace {

Space conditional() {
    Space space;
    space.log_uniform("lr", 1e-4, 1).choice("optimizer", {"sgd", "adam"}).integer("layers", 1, 4);
    space.when("optimizer", "sgd", Space().uniform("momentum", 0, 0.99).choice("nesterov", {"no", "yes"}));
    return space;
}

Trial trial(const Space& space, std::vector<double> values) {
    return {std::make_shared<const Space>(space), 0, std::move(values)};
}

}    // namespace

BOOST_AUTO_TEST_CASE(wrong_ranges_are_refused_in_words_and_change_nothing) {
    Space space;
    space.uniform("x", 0, 1).choice("c", {"a", "b"});
    const double infinity = std::numeric_limits<double>::infinity();
    auto refused = [&](auto add, const std::string& part) {
        BOOST_CHECK_EXCEPTION(add(), std::invalid_argument, [&](const std::exception& error) {
            return std::string(error.what()).find(part) != std::string::npos;
        });
        BOOST_TEST(space.size() == 2u);
    };
    refused([&] { space.uniform("y", 1, 1); }, "uniform 'y' from 1 to 1; wanted low < high");
    refused([&] { space.uniform("y", 0, infinity); }, "finite limits");
    refused([&] { space.uniform("y", -1.7e308, 1.7e308); }, "width is finite");
    refused([&] { space.log_uniform("y", 0, 1); }, "0 < low");
    refused([&] { space.integer("y", 3, 2); }, "low <= high");
    refused([&] { space.log_integer("y", 0, 2); }, "1 <= low");
    refused([&] { space.integer("y", 0, std::numeric_limits<std::int64_t>::max()); }, "2^53");
    refused([&] { space.choice("y", {}); }, "at least one");
    refused([&] { space.choice("y", {"a", "b", "a"}); }, "'a' twice");
    refused([&] { space.uniform("x", 0, 1); }, "'x' twice");
    refused([&] { space.uniform("", 0, 1); }, "empty name");
    refused([&] { space.when("x", "a", Space().uniform("y", 0, 1)); }, "which is not here");
    refused([&] { space.when("c", "z", Space().uniform("y", 0, 1)); }, "does not have");
    refused([&] { space.when("c", "a", Space().uniform("y", 0, 1).uniform("x", 0, 1)); }, "'x' twice");
}

BOOST_AUTO_TEST_CASE(places_and_values_are_inverse_on_every_scale) {
    Space space;
    space.uniform("u", -3, 5)
        .log_uniform("l", 1e-6, 1e3)
        .integer("i", -2, 7)
        .log_integer("j", 1, 100)
        .choice("c", {"a", "b", "c"});
    for (const Hyperparameter& h : space)
        for (double place : {0.0, 0.1, 0.37, 0.5, 0.99, 1.0}) {
            const double value = h.from_unit(place);
            if (h.is_integer() || h.is_choice()) {
                BOOST_TEST(h.from_unit(h.to_unit(value)) == value);
                BOOST_TEST(value == std::round(value));
            } else {
                BOOST_TEST(h.to_unit(value) == place, boost::test_tools::tolerance(1e-12));
            }
            BOOST_TEST(value >= (h.is_choice() ? 0 : h.low));
            BOOST_TEST(value <= (h.is_choice() ? 2 : h.high));
        }
}

BOOST_AUTO_TEST_CASE(integers_and_choices_are_drawn_evenly) {
    Space space;
    space.integer("i", 1, 3).choice("c", {"a", "b"});
    auto sampler = random_sampler(space, 1);
    double counts[3] = {}, first = 0;
    for (std::size_t i = 0; i < 3000; ++i) {
        const auto values = sampler->suggest(i, {});
        ++counts[static_cast<std::size_t>(values[0]) - 1];
        first += values[1] == 0;
    }
    for (double count : counts) BOOST_TEST(std::abs(count - 1000) < 100);
    BOOST_TEST(std::abs(first - 1500) < 120);
}

BOOST_AUTO_TEST_CASE(conditional_hyperparameters_are_asked_for_only_under_their_choice) {
    const Space space = conditional();
    for (auto& sampler : {random_sampler(space, 2), quasi_random_sampler(space, 2), grid_sampler(space, 500)}) {
        bool both[2] = {};
        for (std::size_t i = 0; i < 40; ++i) {
            Trial t = trial(space, sampler->suggest(i * 5, {}));
            const bool sgd = t.choice("optimizer") == "sgd";
            both[sgd] = true;
            BOOST_TEST(t.has("momentum") == sgd);
            BOOST_TEST(t.has("nesterov") == sgd);
            if (!sgd) BOOST_CHECK_THROW(t.number("momentum"), std::out_of_range);
        }
        BOOST_TEST((both[0] && both[1]));
    }
}

BOOST_AUTO_TEST_CASE(a_trial_says_what_is_wrong_with_a_name) {
    Trial t = trial(conditional(), {0.1, 0, 3, 0.5, 1});
    BOOST_TEST(t.number("lr") == 0.1);
    BOOST_TEST(t.integer("layers") == 3);
    BOOST_TEST(t.number("layers") == 3);
    BOOST_TEST(t.choice("nesterov") == "yes");
    BOOST_TEST(t.describe() == "lr: 1.000000e-01, optimizer: sgd, layers: 3, momentum: 0.5, nesterov: yes");
    BOOST_CHECK_THROW(t.number("rl"), std::out_of_range);
    BOOST_CHECK_THROW(t.number("optimizer"), std::invalid_argument);
    BOOST_CHECK_THROW(t.integer("lr"), std::invalid_argument);
    BOOST_CHECK_THROW(t.choice("lr"), std::invalid_argument);
    t.report(3, 1.0);
    BOOST_CHECK_THROW(t.report(3, 1.0), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_grid_has_every_choice_and_both_ends_of_every_range) {
    Space space;
    space.log_uniform("lr", 1e-4, 1).choice("c", {"a", "b"}).integer("i", 1, 2);
    auto grid = grid_sampler(space, 25);
    BOOST_TEST(grid->limit() == 24u);    // 6 x 2 x 2
    double least = 1, most = 0;
    for (std::size_t i = 0; i < grid->limit(); ++i) {
        const double lr = grid->suggest(i, {})[0];
        least = std::min(least, lr);
        most = std::max(most, lr);
    }
    BOOST_TEST(least == 1e-4, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(most == 1.0, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(quasi_random_trials_cover_every_range_evenly) {
    Space space;
    for (int d = 0; d < 6; ++d) space.uniform("x" + std::to_string(d), 0, 1);
    auto sampler = quasi_random_sampler(space, 3);
    // In base 2, each of 64 equal parts of the first range has one of 64 trials; the others come close to it.
    std::vector<std::vector<int>> counts(6, std::vector<int>(8));
    for (std::size_t i = 0; i < 64; ++i) {
        const auto values = sampler->suggest(i, {});
        for (std::size_t d = 0; d < 6; ++d) ++counts[d][static_cast<std::size_t>(values[d] * 8)];
    }
    for (int count : counts[0]) BOOST_TEST(count == 8);
    for (const auto& parts : counts)
        for (int count : parts) BOOST_TEST((count >= 5 && count <= 11));
    BOOST_TEST(sampler->suggest(7, {})[2] == quasi_random_sampler(space, 3)->suggest(7, {})[2]);
    BOOST_TEST(sampler->suggest(7, {})[2] != quasi_random_sampler(space, 4)->suggest(7, {})[2]);
}

BOOST_AUTO_TEST_SUITE_END()
