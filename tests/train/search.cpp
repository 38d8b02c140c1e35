#include <xtape/train/search/search.hpp>

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <cmath>
#include <csignal>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>

using namespace xtape::train;

BOOST_AUTO_TEST_SUITE(search)

namespace {

Space two() { return Space().uniform("x", -1, 1).log_uniform("lr", 1e-4, 1); }

double bowl(Trial& trial) {
    const double x = trial.number("x"), l = std::log10(trial.number("lr")) + 2;
    return x * x + l * l;
}

}    // namespace

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_trials_with_any_number_of_workers) {
    for (auto search : {random_search, quasi_random_search, grid_search}) {
        SearchOptions options{.trials = 16, .seed = 5, .quiet = true};
        const SearchResult one = search(two(), options, bowl);
        options.workers = 3;
        const SearchResult three = search(two(), options, bowl);
        BOOST_TEST(one.trials().size() == 16u);
        BOOST_TEST(three.trials().size() == 16u);
        for (std::size_t i = 0; i < 16; ++i) {
            BOOST_TEST(one.trials()[i].values() == three.trials()[i].values());
            BOOST_TEST(one.trials()[i].value() == three.trials()[i].value());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_worker_that_throws_crashes_or_hangs_is_a_failed_trial) {
    const SearchResult result =
        random_search(two(), {.trials = 8, .workers = 2, .trial_seconds = 0.5, .quiet = true}, [](Trial& trial) {
            if (trial.index() == 1) throw std::runtime_error("no luck");
            if (trial.index() == 3) std::raise(SIGKILL);
            if (trial.index() == 4) std::this_thread::sleep_for(std::chrono::hours(1));
            if (trial.index() == 6) ::_exit(3);
            return bowl(trial);
        });
    BOOST_TEST(result.trials().size() == 8u);
    for (std::size_t i : {1u, 3u, 4u, 6u}) {
        BOOST_TEST((result.trials()[i].status() == TrialStatus::failed));
        BOOST_TEST(std::isnan(result.trials()[i].value()));
    }
    BOOST_TEST(result.trials()[1].outcome().error == "no luck");
    BOOST_TEST(result.trials()[3].outcome().error.find("signal 9") != std::string::npos);
    BOOST_TEST(result.trials()[4].outcome().error.find("longer than 0.5") != std::string::npos);
    BOOST_TEST(result.trials()[6].outcome().error.find("code 3") != std::string::npos);
    for (std::size_t i : {0u, 2u, 5u, 7u}) BOOST_TEST((result.trials()[i].status() == TrialStatus::complete));
}

BOOST_AUTO_TEST_CASE(halving_stops_the_worse_trials_in_workers_as_well) {
    for (std::size_t workers : {0u, 2u}) {
        std::size_t stopped = 0;
        const SearchResult result = random_search(
            two(), {.trials = 27, .halving = {.factor = 3}, .workers = workers, .quiet = true}, [](Trial& trial) {
                double value = 0;
                for (int step = 1; step <= 9; ++step) {
                    value = bowl(trial) + 1.0 / step;
                    if (!trial.report(step, value)) break;
                }
                return value;
            });
        for (const Trial& trial : result.trials()) {
            const bool early = trial.status() == TrialStatus::stopped;
            stopped += early;
            BOOST_TEST((trial.reports().back().step < 9) == early);
            BOOST_TEST((!early || trial.reports().back().step == 1 || trial.reports().back().step == 3));
        }
        BOOST_TEST(stopped >= 14u);
        BOOST_TEST((result.best().status() == TrialStatus::complete));
    }
}

BOOST_AUTO_TEST_CASE(nan_is_never_the_best_and_a_search_of_nothing_but_nan_has_none) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    auto some = random_search(two(), {.trials = 6, .quiet = true},
                              [&](Trial& trial) { return trial.index() % 2 == 0 ? nan : 1.0 + double(trial.index()); });
    BOOST_TEST(some.best().index() == 1u);
    BOOST_TEST(some.best(10).size() == 3u);
    auto none = random_search(two(), {.trials = 3, .quiet = true}, [&](Trial&) { return nan; });
    BOOST_CHECK_THROW(none.best(), std::out_of_range);
    BOOST_CHECK_THROW(none.narrowed(), std::out_of_range);
    BOOST_TEST(none.summary().find("3 trials") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(options_out_of_their_range_are_refused) {
    BOOST_CHECK_THROW(random_search(Space(), {}, bowl), std::invalid_argument);
    BOOST_CHECK_THROW(random_search(two(), {.trials = 0}, bowl), std::invalid_argument);
    BOOST_CHECK_THROW(random_search(two(), {.halving = {.factor = 1}}, bowl), std::invalid_argument);
    BOOST_CHECK_THROW(random_search(two(), {.halving = {.factor = 2, .first_step = 0}}, bowl), std::invalid_argument);
    BOOST_CHECK_THROW(random_search(two(), {.trial_seconds = 1}, bowl), std::invalid_argument);
    BOOST_CHECK_THROW(random_search(two(), {.threads = 0}, bowl), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(no_trial_begins_after_the_time_limit) {
    auto result = random_search(two(), {.trials = 1000, .seconds = 0.2, .quiet = true}, [](Trial& trial) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        return bowl(trial);
    });
    BOOST_TEST(result.trials().size() < 100u);
    BOOST_TEST(result.trials().size() > 0u);
}

BOOST_AUTO_TEST_CASE(a_narrowed_space_encloses_the_best_trials_inside_the_old_one) {
    Space space = two().choice("c", {"good", "bad"}).integer("i", 1, 9);
    space.when("c", "bad", Space().uniform("only_bad", 0, 1));
    auto result = random_search(space, {.trials = 60, .quiet = true}, [](Trial& trial) {
        return bowl(trial) + (trial.choice("c") == "bad" ? 100 : 0) + std::abs(double(trial.integer("i")) - 3);
    });
    const Space narrow = result.narrowed({.keep = 0.1});
    BOOST_TEST(narrow.contains("lr"));
    BOOST_TEST(!narrow.contains("only_bad"));
    BOOST_TEST(narrow[narrow.place("c")].choices == std::vector<std::string>{"good"});
    for (const Hyperparameter& h : narrow) {
        if (h.is_choice()) continue;
        const Hyperparameter& old = space[space.place(h.name)];
        BOOST_TEST((old.low <= h.low && h.low < h.high && h.high <= old.high));
        for (const Trial& trial : result.best(6))
            BOOST_TEST((h.low <= trial.number(h.name) && trial.number(h.name) <= h.high));
    }
    BOOST_CHECK_THROW(result.narrowed({.keep = 0}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(borders_are_noticed_on_either_side_and_flat_ranges_are_not) {
    Space space;
    space.log_uniform("low", 1e-2, 1).uniform("high", 0, 1).uniform("inside", 0, 1).uniform("flat", 0, 1);
    int flat = 0;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        auto result = random_search(space, {.trials = 200, .seed = seed, .quiet = true}, [](Trial& trial) {
            const double inside = trial.number("inside") - 0.5;
            return trial.number("low") * 3 - trial.number("high") + inside * inside;
        });
        BOOST_TEST(result.at_border("high"));
        BOOST_TEST(!result.at_border("inside"));
        flat += result.at_border("flat");
        for (const Border& border : result.borders())
            if (border.name == "low")
                BOOST_TEST((!border.high && border.advice.find("1.000000e-03") != std::string::npos));
    }
    BOOST_TEST(flat <= 4);
    auto few = random_search(space, {.trials = 3, .quiet = true}, [](Trial&) { return 1.0; });
    BOOST_TEST(few.borders().empty());
    BOOST_CHECK_THROW(few.at_border("what"), std::out_of_range);
}

BOOST_AUTO_TEST_CASE(importance_is_the_share_of_variance) {
    Space space;
    space.uniform("strong", 0, 1).uniform("weak", 0, 1).uniform("none", 0, 1);
    auto result = random_search(space, {.trials = 300, .quiet = true},
                                [](Trial& trial) { return 3 * trial.number("strong") + trial.number("weak"); });
    const auto importance = result.importance();
    // The variances are 9 to 1; values as ranks and a forest's steps move the shares a little.
    BOOST_TEST(std::abs(importance.at("strong") - 0.9) < 0.06);
    BOOST_TEST(std::abs(importance.at("weak") - 0.1) < 0.06);
    BOOST_TEST(importance.at("none") < 0.02);
}

BOOST_AUTO_TEST_SUITE_END()
