// What the literature says of searches, as numbers.
#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../../bench/search/functions.hpp"

using namespace xtape::train;
using functions::cube;
using functions::median;

BOOST_AUTO_TEST_SUITE(search_literature)

// Bergstra and Bengio 2012: where few of the hyperparameters matter, a grid repeats the same few values of those.
BOOST_AUTO_TEST_CASE(random_search_beats_a_grid_of_the_same_size_where_few_hyperparameters_matter) {
    const Space space = cube(4, 0, 1);
    std::size_t at_least_as_good = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        // The optimum is somewhere in the first two coordinates; the others hardly matter.
        auto place = random_sampler(cube(2, 0, 1), 1000 + seed)->suggest(0, {});
        auto response = [&](Trial& trial) {
            const double a = trial.number("x0") - place[0], b = trial.number("x1") - place[1];
            return a * a + b * b + 1e-4 * (trial.number("x2") + trial.number("x3"));
        };
        const SearchOptions options{.trials = 256, .seed = seed, .quiet = true};
        at_least_as_good += random_search(space, options, response).best().value() <=
                            grid_search(space, options, response).best().value();
    }
    BOOST_TEST(at_least_as_good >= 190u);
}

BOOST_AUTO_TEST_CASE(the_model_beats_random_search_after_sixty_trials) {
    std::size_t better = 0;
    for (const auto& problem : functions::all()) {
        std::vector<double> random, model;
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            const SearchOptions options{.trials = 60, .seed = seed, .quiet = true};
            random.push_back(random_search(problem.space, options, problem.value).best().value());
            model.push_back(tpe_search(problem.space, options, problem.value).best().value());
        }
        BOOST_TEST_MESSAGE(problem.name << ": random " << median(random) << ", model " << median(model));
        better += median(model) < median(random);
    }
    BOOST_TEST(better == functions::all().size());
}

BOOST_AUTO_TEST_SUITE_END()
