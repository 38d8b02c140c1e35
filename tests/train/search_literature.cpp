// What the literature says of searches, as numbers.
#include <xtape/train/search/search.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

using namespace xtape::train;

BOOST_AUTO_TEST_SUITE(search_literature)

namespace {

std::string x(std::size_t i) { return "x" + std::to_string(i); }

Space cube(std::size_t dimension, double low, double high) {
    Space space;
    for (std::size_t i = 0; i < dimension; ++i) space.uniform(x(i), low, high);
    return space;
}

double branin(Trial& trial) {
    const double a = trial.number("x0"), b = trial.number("x1"), pi = std::acos(-1.0);
    const double c = b - 5.1 / (4 * pi * pi) * a * a + 5 / pi * a - 6;
    return c * c + 10 * (1 - 1 / (8 * pi)) * std::cos(a) + 10;
}

double hartmann6(Trial& trial) {
    constexpr double scale[4][6] = {
        {10, 3, 17, 3.5, 1.7, 8}, {0.05, 10, 17, 0.1, 8, 14}, {3, 3.5, 1.7, 10, 17, 8}, {17, 8, 0.05, 10, 0.1, 14}};
    constexpr double centre[4][6] = {{.1312, .1696, .5569, .0124, .8283, .5886},
                                     {.2329, .4135, .8307, .3736, .1004, .9991},
                                     {.2348, .1451, .3522, .2883, .3047, .6650},
                                     {.4047, .8828, .8732, .5743, .1091, .0381}};
    constexpr double height[4] = {1, 1.2, 3, 3.2};
    double sum = 0;
    for (std::size_t k = 0; k < 4; ++k) {
        double exponent = 0;
        for (std::size_t i = 0; i < 6; ++i) {
            const double d = trial.number(x(i)) - centre[k][i];
            exponent += scale[k][i] * d * d;
        }
        sum -= height[k] * std::exp(-exponent);
    }
    return sum;
}

double rosenbrock4(Trial& trial) {
    double sum = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        const double a = trial.number(x(i)), b = trial.number(x(i + 1)) - a * a;
        sum += 100 * b * b + (1 - a) * (1 - a);
    }
    return sum;
}

Space mixed_space() {
    Space space;
    space.log_uniform("lr", 1e-6, 1).log_integer("hidden", 4, 1024).choice("optimizer", {"sgd", "adam"});
    space.when("optimizer", "sgd", Space().uniform("momentum", 0, 0.99));
    space.choice("activation", {"relu", "tanh", "sigmoid"}).uniform("dropout", 0, 0.9);
    return space;
}

double mixed(Trial& trial) {
    const double rate = std::log10(trial.number("lr")) + 3;
    const double width = (std::log2(double(trial.integer("hidden"))) - 6) / 2, drop = trial.number("dropout") - 0.3;
    const double momentum = trial.has("momentum") ? 2 * (trial.number("momentum") - 0.9) : std::sqrt(0.3);
    const double activation = trial.choice("activation") == "relu"   ? 0
                              : trial.choice("activation") == "tanh" ? 0.2
                                                                     : 0.5;
    return rate * rate + width * width + drop * drop + momentum * momentum + activation;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return (values[values.size() / 2] + values[(values.size() - 1) / 2]) / 2;
}

}    // namespace

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
    struct Problem {
        const char* name;
        Space space;
        double (*value)(Trial&);
    };
    const Problem problems[] = {{"branin", Space().uniform("x0", -5, 10).uniform("x1", 0, 15), branin},
                                {"hartmann6", cube(6, 0, 1), hartmann6},
                                {"rosenbrock4", cube(4, -2, 2), rosenbrock4},
                                {"mixed", mixed_space(), mixed}};
    for (const Problem& problem : problems) {
        std::vector<double> random, model;
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            const SearchOptions options{.trials = 60, .seed = seed, .quiet = true};
            random.push_back(random_search(problem.space, options, problem.value).best().value());
            model.push_back(tpe_search(problem.space, options, problem.value).best().value());
        }
        BOOST_TEST_CONTEXT(problem.name) BOOST_TEST(median(model) < median(random));
    }
}

BOOST_AUTO_TEST_SUITE_END()
