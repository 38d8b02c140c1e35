// Every schedule against its closed form, and plateau against sequences worked out by hand.
#include <xtape/optim/plateau.hpp>
#include <xtape/optim/schedule.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <type_traits>
#include <vector>

using namespace xtape::optim;

BOOST_AUTO_TEST_SUITE(schedules)

template <class Form>
static void check(const Schedule& schedule, int steps, Form form) {
    for (int t = steps - 1; t >= 0; --t)    // backwards: there is no memory
        BOOST_TEST_CONTEXT("step " << t) BOOST_TEST(std::abs(schedule(t) - form(t)) <= 1e-14);
}

BOOST_AUTO_TEST_CASE(constant_stays) {
    check(constant(), 10, [](int) { return 1.0; });
    check(constant(0.3), 10, [](int) { return 0.3; });
}

BOOST_AUTO_TEST_CASE(step_decay_falls_every_so_many_steps) {
    check(step_decay({.every = 10, .factor = 0.5}), 40, [](int t) { return std::pow(0.5, std::floor(t / 10.0)); });
}

BOOST_AUTO_TEST_CASE(multi_step_falls_at_milestones) {
    check(multi_step({.milestones = {3, 7, 7, 20}, .factor = 0.2}), 30, [](int t) {
        return t < 3 ? 1 : t < 7 ? 0.2 : t < 20 ? 0.2 * 0.2 * 0.2 : 0.2 * 0.2 * 0.2 * 0.2;
    });
    check(multi_step({.milestones = {}}), 5, [](int) { return 1.0; });
}

BOOST_AUTO_TEST_CASE(exponential_and_inverse_time_are_cs231ns_forms) {
    check(exponential({.rate = 0.05}), 100, [](int t) { return std::exp(-0.05 * t); });
    check(exponential({.rate = -std::log(0.9)}), 30, [](int t) { return std::pow(0.9, t); });
    check(inverse_time({.rate = 0.05}), 100, [](int t) { return 1 / (1 + 0.05 * t); });
}

BOOST_AUTO_TEST_CASE(polynomial_ends_at_its_last_step) {
    check(polynomial({.steps = 20, .power = 2, .end = 0.1}), 40,
          [](int t) { return t < 20 ? 0.1 + 0.9 * std::pow(1 - t / 20.0, 2) : 0.1; });
}

BOOST_AUTO_TEST_CASE(cosine_falls_by_half_a_wave) {
    auto wave = [](double part) { return 0.2 + 0.8 * (1 + std::cos(std::numbers::pi * part)) / 2; };
    check(cosine({.steps = 20, .end = 0.2}), 40, [&](int t) { return t < 20 ? wave(t / 20.0) : 0.2; });
    check(cosine_restarts({.steps = 7, .end = 0.2}), 40, [&](int t) { return wave((t % 7) / 7.0); });
    check(cosine_restarts({.steps = 4, .factor = 2, .end = 0.2}), 60, [&](int t) {
        return t < 4    ? wave(t / 4.0)
               : t < 12 ? wave((t - 4) / 8.0)
               : t < 28 ? wave((t - 12) / 16.0)
                        : wave((t - 28) / 32.0);
    });
    BOOST_TEST(std::isfinite(cosine_restarts({.steps = 4, .factor = 2})(std::numeric_limits<std::int64_t>::max())));
}

BOOST_AUTO_TEST_CASE(linear_warmup_rises_and_stays) {
    check(linear_warmup({.steps = 8, .start = 0.25}), 20, [](int t) { return t < 8 ? 0.25 + 0.75 * t / 8 : 1.0; });
    BOOST_TEST(linear_warmup()(0) == 1.0 / 3);
}

BOOST_AUTO_TEST_CASE(inverse_sqrt_peaks_when_warm) {
    check(inverse_sqrt({.warmup = 10}), 50, [](int t) { return t < 10 ? (t + 1) / 10.0 : std::sqrt(10.0 / (t + 1)); });
    check(inverse_sqrt(), 50, [](int t) { return 1 / std::sqrt(t + 1.0); });
}

BOOST_AUTO_TEST_CASE(one_cycle_rises_and_falls_and_momentum_goes_against_it) {
    auto between = [](double from, double to, double part) {
        return to + (from - to) / 2 * (std::cos(std::numbers::pi * part) + 1);
    };
    // 100 steps, of which the first 0.3: the highest value is at step 29, the last at 99.
    check(one_cycle({.steps = 100}), 120, [&](int t) {
        const double last = 1.0 / 25 / 1e4;
        return t <= 29 ? between(1.0 / 25, 1, t / 29.0) : t <= 99 ? between(1, last, (t - 29) / 70.0) : last;
    });
    check(one_cycle_momentum({.steps = 100}), 120, [&](int t) {
        return t <= 29 ? between(0.95, 0.85, t / 29.0) : t <= 99 ? between(0.85, 0.95, (t - 29) / 70.0) : 0.95;
    });
    check(one_cycle({.steps = 100, .anneal = Anneal::linear, .three_phase = true}), 100, [&](int t) {
        const double low = 1.0 / 25, last = low / 1e4;
        return t <= 29   ? low + (1 - low) * t / 29
               : t <= 58 ? 1 + (low - 1) * (t - 29) / 29
                         : low + (last - low) * (t - 58) / 41;
    });
}

BOOST_AUTO_TEST_CASE(cyclic_goes_up_and_down) {
    auto height = [](int t) {    // 4 up, 6 down
        const int place = t % 10;
        return place <= 4 ? place / 4.0 : (10 - place) / 6.0;
    };
    CyclicOptions o{.base = 0.1, .steps_up = 4, .steps_down = 6};
    check(cyclic(o), 40, [&](int t) { return 0.1 + 0.9 * height(t); });
    check(cyclic_momentum(o), 40, [&](int t) { return 0.9 - 0.1 * height(t); });
    o.mode = CyclicMode::triangular2;
    check(cyclic(o), 40, [&](int t) { return 0.1 + 0.9 * height(t) * std::pow(0.5, t / 10); });
    o.mode = CyclicMode::exp_range;
    o.gamma = 0.99;
    check(cyclic(o), 40, [&](int t) { return 0.1 + 0.9 * height(t) * std::pow(0.99, t); });
    check(cyclic({.base = 0, .steps_up = 5}), 40, [](int t) { return 1 - std::abs(t % 10 - 5) / 5.0; });
}

BOOST_AUTO_TEST_CASE(schedules_combine) {
    const Schedule squares = [](std::int64_t t) { return t * t; };
    check(squares, 10, [](int t) { return t * t; });
    check(squares * constant(0.5), 10, [](int t) { return 0.5 * t * t; });
    check(product({squares, squares, constant(2)}), 10, [](int t) { return 2.0 * t * t * t * t; });
    check(product({}), 3, [](int) { return 1.0; });
    check(sequence({constant(7), squares, squares * squares}, {3, 5}), 12, [](int t) {
        return t < 3 ? 7.0 : t < 5 ? (t - 3) * (t - 3) : std::pow(t - 5, 4);
    });
    const Schedule copy = squares;
    BOOST_TEST(copy(3) == 9);
    BOOST_TEST(squares.values(4) == (std::vector<double>{0, 1, 4, 9}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(wrong_options_and_steps_are_refused) {
    BOOST_CHECK_THROW(constant(-1), std::invalid_argument);
    BOOST_CHECK_THROW(step_decay({.every = 0}), std::invalid_argument);
    BOOST_CHECK_THROW(multi_step({.milestones = {5, 3}}), std::invalid_argument);
    BOOST_CHECK_THROW(exponential({.rate = -1}), std::invalid_argument);
    BOOST_CHECK_THROW(inverse_time({.rate = -1}), std::invalid_argument);
    BOOST_CHECK_THROW(polynomial({.steps = 0}), std::invalid_argument);
    BOOST_CHECK_THROW(cosine({.steps = 10, .end = -1}), std::invalid_argument);
    BOOST_CHECK_THROW(cosine_restarts({.steps = 10, .factor = 0}), std::invalid_argument);
    BOOST_CHECK_THROW(linear_warmup({.steps = 0}), std::invalid_argument);
    BOOST_CHECK_THROW(inverse_sqrt({.warmup = 0}), std::invalid_argument);
    BOOST_CHECK_THROW(one_cycle({.steps = 10, .pct_start = 2}), std::invalid_argument);
    BOOST_CHECK_THROW(cyclic({.steps_up = 0}), std::invalid_argument);
    BOOST_CHECK_THROW(sequence({constant(), constant()}, {}), std::invalid_argument);
    BOOST_CHECK_THROW(sequence({constant(), constant(), constant()}, {4, 2}), std::invalid_argument);
    BOOST_CHECK_THROW(constant()(-1), std::invalid_argument);
    BOOST_CHECK_THROW(Plateau({.factor = 1}), std::invalid_argument);
    BOOST_CHECK_THROW(Plateau({.patience = -1}), std::invalid_argument);
}

static std::vector<double> multipliers(PlateauOptions options, const std::vector<double>& values) {
    Plateau plateau(options);
    std::vector<double> result;
    for (double value : values) result.push_back(plateau.step(value));
    return result;
}

static void check_plateau(PlateauOptions options, const std::vector<double>& values,
                          const std::vector<double>& expected) {
    BOOST_TEST(multipliers(options, values) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(plateau_waits_for_its_patience) {
    check_plateau({.factor = 0.5, .patience = 2}, {3, 2, 2, 2, 2, 2, 2, 2, 1}, {1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25});
    check_plateau({.factor = 0.5, .patience = 1}, {3, 3, 2, 2, 1, 1}, {1, 1, 1, 1, 1, 1});
}

BOOST_AUTO_TEST_CASE(plateau_rests_after_a_change) {
    check_plateau({.factor = 0.5, .patience = 0, .cooldown = 2}, {1, 1, 1, 1, 1, 1, 1},
                  {1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25});
}

BOOST_AUTO_TEST_CASE(plateau_has_a_least_multiplier_and_a_least_change) {
    check_plateau({.factor = 0.5, .patience = 0, .min = 0.4}, {1, 1, 1, 1}, {1, 0.5, 0.4, 0.4});
    check_plateau({.factor = 0.5, .patience = 0, .eps = 0.3}, {1, 1, 1, 1}, {1, 0.5, 0.5, 0.5});
}

BOOST_AUTO_TEST_CASE(plateau_asks_for_more_than_the_threshold) {
    using Threshold = PlateauOptions::Threshold;
    using Mode = PlateauOptions::Mode;
    const PlateauOptions relative{.factor = 0.5, .patience = 0, .threshold = 0.1};
    check_plateau(relative, {10, 9.5}, {1, 0.5});
    check_plateau(relative, {10, 8.5}, {1, 1});
    check_plateau(relative, {-10, -10.5}, {1, 0.5});    // |best|, so that negative losses are judged alike
    check_plateau(relative, {-10, -11.5}, {1, 1});
    PlateauOptions o{.factor = 0.5, .patience = 0, .threshold = 0.1, .threshold_mode = Threshold::absolute};
    check_plateau(o, {10, 9.95}, {1, 0.5});
    check_plateau(o, {10, 9.85}, {1, 1});
    o.mode = Mode::max;
    check_plateau(o, {10, 10.05}, {1, 0.5});
    check_plateau(o, {10, 10.15}, {1, 1});
    o.threshold_mode = Threshold::relative;
    check_plateau(o, {10, 10.95}, {1, 0.5});
    check_plateau(o, {10, 11.05}, {1, 1});
}

BOOST_AUTO_TEST_CASE(nan_is_never_an_improvement) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    check_plateau({.factor = 0.5, .patience = 1}, {nan, nan, nan, nan}, {1, 0.5, 0.5, 0.25});
    Plateau plateau;
    plateau.step(2);
    plateau.step(nan);
    BOOST_TEST(plateau.best() == 2);
    BOOST_TEST(plateau.bad_steps() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
