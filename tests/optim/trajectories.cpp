// Every optimizer against its steps written down plainly, from the papers and PyTorch's documentation.
#include <xtape/optim/adadelta.hpp>
#include <xtape/optim/adagrad.hpp>
#include <xtape/optim/adam.hpp>
#include <xtape/optim/adamax.hpp>
#include <xtape/optim/lion.hpp>
#include <xtape/optim/nadam.hpp>
#include <xtape/optim/radam.hpp>
#include <xtape/optim/rmsprop.hpp>
#include <xtape/optim/rprop.hpp>
#include <xtape/optim/sgd.hpp>

#include "problems.hpp"

using namespace xtape::optim;
using namespace problems;

BOOST_AUTO_TEST_SUITE(trajectories)

BOOST_AUTO_TEST_CASE(sgd_descends_along_the_gradient) {
    check_walks<SGD>(SGDOptions{.lr = 2e-4}, [](double& p, double g, int, double(&)[4]) { p -= 2e-4 * g; });
}

BOOST_AUTO_TEST_CASE(sgd_with_momentum_dampening_and_weight_decay) {
    check_walks<SGD>(SGDOptions{.lr = 1e-4, .momentum = 0.9, .dampening = 0.3, .weight_decay = 0.02},
                     [](double& p, double g, int step, double(&own)[4]) {
                         g += 0.02 * p;
                         own[0] = step == 1 ? g : 0.9 * own[0] + 0.7 * g;
                         p -= 1e-4 * own[0];
                     });
}

BOOST_AUTO_TEST_CASE(sgd_with_nesterov_momentum) {
    check_walks<SGD>(SGDOptions{.lr = 1e-4, .momentum = 0.9, .weight_decay = 0.01, .nesterov = true},
                     [](double& p, double g, int, double(&own)[4]) {
                         g += 0.01 * p;
                         own[0] = 0.9 * own[0] + g;
                         p -= 1e-4 * (g + 0.9 * own[0]);
                     });
}

BOOST_AUTO_TEST_CASE(maximize_goes_up_the_gradient_while_decay_still_shrinks) {
    check_walks<SGD>(SGDOptions{.lr = 1e-6, .weight_decay = 50, .maximize = true},
                     [](double& p, double g, int, double(&)[4]) { p += 1e-6 * (g - 50 * p); });
}

BOOST_AUTO_TEST_CASE(adagrad_divides_by_the_root_of_all_squares) {
    check_walks<Adagrad>(AdagradOptions{.lr = 0.05}, [](double& p, double g, int, double(&own)[4]) {
        own[0] += g * g;
        p -= 0.05 * g / (std::sqrt(own[0]) + 1e-10);
    });
}

BOOST_AUTO_TEST_CASE(adagrad_with_all_options) {
    check_walks<Adagrad>(
        AdagradOptions{
            .lr = 0.05, .lr_decay = 0.01, .weight_decay = 0.1, .initial_accumulator_value = 0.5, .eps = 1e-3},
        [](double& p, double g, int step, double(&own)[4]) {
            if (step == 1) own[0] = 0.5;
            g += 0.1 * p;
            own[0] += g * g;
            p -= 0.05 / (1 + (step - 1) * 0.01) * g / (std::sqrt(own[0]) + 1e-3);
        });
}

BOOST_AUTO_TEST_CASE(adadelta_measures_steps_by_earlier_steps) {
    check_walks<Adadelta>(AdadeltaOptions{.lr = 0.8, .rho = 0.85, .weight_decay = 0.01},
                          [](double& p, double g, int, double(&own)[4]) {
                              g += 0.01 * p;
                              own[0] = 0.85 * own[0] + 0.15 * g * g;
                              const double d = std::sqrt(own[1] + 1e-6) / std::sqrt(own[0] + 1e-6) * g;
                              own[1] = 0.85 * own[1] + 0.15 * d * d;
                              p -= 0.8 * d;
                          });
}

BOOST_AUTO_TEST_CASE(rmsprop_divides_by_the_root_of_the_mean_square) {
    check_walks<RMSprop>(RMSpropOptions{.weight_decay = 0.01}, [](double& p, double g, int, double(&own)[4]) {
        g += 0.01 * p;
        own[0] = 0.99 * own[0] + 0.01 * g * g;
        p -= 0.01 * g / (std::sqrt(own[0]) + 1e-8);
    });
}

BOOST_AUTO_TEST_CASE(rmsprop_centered) {
    check_walks<RMSprop>(RMSpropOptions{.lr = 1e-3, .alpha = 0.9, .eps = 1e-2, .centered = true},
                         [](double& p, double g, int, double(&own)[4]) {
                             own[0] = 0.9 * own[0] + 0.1 * g * g;
                             own[1] = 0.9 * own[1] + 0.1 * g;
                             p -= 1e-3 * g / (std::sqrt(own[0] - own[1] * own[1]) + 1e-2);
                         });
}

BOOST_AUTO_TEST_CASE(rmsprop_with_momentum) {
    check_walks<RMSprop>(RMSpropOptions{.lr = 1e-3, .momentum = 0.8}, [](double& p, double g, int, double(&own)[4]) {
        own[0] = 0.99 * own[0] + 0.01 * g * g;
        own[1] = 0.8 * own[1] + g / (std::sqrt(own[0]) + 1e-8);
        p -= 1e-3 * own[1];
    });
}

BOOST_AUTO_TEST_CASE(rmsprop_centered_with_momentum) {
    check_walks<RMSprop>(RMSpropOptions{.lr = 1e-3, .eps = 1e-2, .momentum = 0.8, .centered = true},
                         [](double& p, double g, int, double(&own)[4]) {
                             own[0] = 0.99 * own[0] + 0.01 * g * g;
                             own[1] = 0.99 * own[1] + 0.01 * g;
                             own[2] = 0.8 * own[2] + g / (std::sqrt(own[0] - own[1] * own[1]) + 1e-2);
                             p -= 1e-3 * own[2];
                         });
}

// What the members of Adam's family begin with: m in own[0], v in own[1].
static void moments(double g, double beta1, double beta2, double (&own)[4]) {
    own[0] = beta1 * own[0] + (1 - beta1) * g;
    own[1] = beta2 * own[1] + (1 - beta2) * g * g;
}

BOOST_AUTO_TEST_CASE(adam_corrects_the_bias_of_its_moments) {
    check_walks<Adam>(AdamOptions{.lr = 0.02, .weight_decay = 0.01}, [](double& p, double g, int t, double(&own)[4]) {
        moments(g + 0.01 * p, 0.9, 0.999, own);
        p -= 0.02 * (own[0] / (1 - std::pow(0.9, t))) / (std::sqrt(own[1] / (1 - std::pow(0.999, t))) + 1e-8);
    });
}

BOOST_AUTO_TEST_CASE(adam_without_bias_correction_is_cs231ns_first_form) {
    check_walks<Adam>(AdamOptions{.lr = 0.01, .betas = {0.9, 0.995}, .bias_correction = false},
                      [](double& p, double g, int, double(&own)[4]) {
                          moments(g, 0.9, 0.995, own);
                          p -= 0.01 * own[0] / (std::sqrt(own[1]) + 1e-8);
                      });
}

BOOST_AUTO_TEST_CASE(amsgrad_keeps_the_largest_second_moment) {
    check_walks<Adam>(
        AdamOptions{.lr = 0.02, .betas = {0.8, 0.9}, .amsgrad = true}, [](double& p, double g, int t, double(&own)[4]) {
            moments(g, 0.8, 0.9, own);
            own[2] = std::max(own[2], own[1]);
            p -= 0.02 / (1 - std::pow(0.8, t)) * own[0] / (std::sqrt(own[2]) / std::sqrt(1 - std::pow(0.9, t)) + 1e-8);
        });
}

BOOST_AUTO_TEST_CASE(adamw_decays_weights_apart_from_the_moments) {
    check_walks<AdamW>(AdamWOptions{.lr = 0.02, .weight_decay = 0.3}, [](double& p, double g, int t, double(&own)[4]) {
        p -= 0.02 * 0.3 * p;
        moments(g, 0.9, 0.999, own);
        p -= 0.02 * (own[0] / (1 - std::pow(0.9, t))) / (std::sqrt(own[1] / (1 - std::pow(0.999, t))) + 1e-8);
    });
}

static void nadam(double& p, double g, int t, double (&own)[4]) {
    auto mu = [](int step) { return 0.9 * (1 - 0.5 * std::pow(0.96, step * 0.004)); };
    if (t == 1) own[2] = 1;
    own[2] *= mu(t);
    moments(g, 0.9, 0.999, own);
    const double mean = mu(t + 1) * own[0] / (1 - own[2] * mu(t + 1)) + (1 - mu(t)) * g / (1 - own[2]);
    p -= 0.01 * mean / (std::sqrt(own[1] / (1 - std::pow(0.999, t))) + 1e-8);
}

BOOST_AUTO_TEST_CASE(nadam_looks_one_momentum_ahead) {
    check_walks<NAdam>(NAdamOptions{.lr = 0.01, .weight_decay = 0.05},
                       [](double& p, double g, int t, double(&own)[4]) { nadam(p, g + 0.05 * p, t, own); });
    check_walks<NAdam>(NAdamOptions{.lr = 0.01, .weight_decay = 0.05, .decoupled_weight_decay = true},
                       [](double& p, double g, int t, double(&own)[4]) {
                           p *= 1 - 0.01 * 0.05;
                           nadam(p, g, t, own);
                       });
}

static void radam(double& p, double g, int t, double (&own)[4]) {
    moments(g, 0.9, 0.99, own);
    const double power = std::pow(0.99, t), longest = 2 / (1 - 0.99) - 1;
    const double length = longest - 2 * t * power / (1 - power);
    const double mean = own[0] / (1 - std::pow(0.9, t));
    if (length <= 5) {
        p -= 0.001 * mean;
        return;
    }
    const double rectified =
        std::sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length));
    p -= 0.001 * mean * rectified * std::sqrt(1 - power) / (std::sqrt(own[1]) + 1e-8);
}

BOOST_AUTO_TEST_CASE(radam_begins_as_momentum_and_goes_on_as_adam) {
    check_walks<RAdam>(RAdamOptions{.betas = {0.9, 0.99}, .weight_decay = 0.05},
                       [](double& p, double g, int t, double(&own)[4]) { radam(p, g + 0.05 * p, t, own); });
    check_walks<RAdam>(RAdamOptions{.betas = {0.9, 0.99}, .weight_decay = 0.05, .decoupled_weight_decay = true},
                       [](double& p, double g, int t, double(&own)[4]) {
                           p *= 1 - 0.001 * 0.05;
                           radam(p, g, t, own);
                       });
}

BOOST_AUTO_TEST_CASE(adamax_divides_by_the_largest_gradient) {
    check_walks<Adamax>(AdamaxOptions{.lr = 0.01, .weight_decay = 0.02},
                        [](double& p, double g, int t, double(&own)[4]) {
                            g += 0.02 * p;
                            own[0] = 0.9 * own[0] + 0.1 * g;
                            own[1] = std::max(0.999 * own[1], std::abs(g) + 1e-8);
                            p -= 0.01 / (1 - std::pow(0.9, t)) * own[0] / own[1];
                        });
}

// A rate so large that elements cross their minimum, and both betas decide on signs.
BOOST_AUTO_TEST_CASE(lion_steps_by_signs) {
    check_walks<Lion>(LionOptions{.lr = 0.03, .betas = {0.5, 0.8}, .weight_decay = 0.1},
                      [](double& p, double g, int, double(&own)[4]) {
                          const double c = 0.5 * own[0] + 0.5 * g;
                          p *= 1 - 0.03 * 0.1;
                          p -= 0.03 * static_cast<double>((c > 0) - (c < 0));
                          own[0] = 0.8 * own[0] + 0.2 * g;
                      });
}

BOOST_AUTO_TEST_CASE(rprop_grows_and_shrinks_each_elements_step) {
    check_walks<Rprop>(RpropOptions{.lr = 0.02, .step_sizes = {1e-4, 0.5}},
                       [](double& p, double g, int step, double(&own)[4]) {
                           if (step == 1) own[1] = 0.02;
                           const double turn = own[0] * g;
                           if (turn > 0) own[1] = std::min(own[1] * 1.2, 0.5);
                           if (turn < 0) own[1] = std::max(own[1] * 0.5, 1e-4);
                           if (turn < 0) g = 0;
                           p -= own[1] * static_cast<double>((g > 0) - (g < 0));
                           own[0] = g;
                       });
}

template <template <class> class Optimizer>
static void check_float(const typename Optimizer<float>::Options& options) {
    for (const Problem& problem : {quadratic(), logistic()})
        BOOST_TEST(largest_difference(walk<Optimizer, float>(problem, options, 30),
                                      walk<Optimizer, double>(problem, options, 30)) <= 1e-5);
}

BOOST_AUTO_TEST_CASE(float_follows_double) {
    check_float<SGD>({.lr = 0.05, .momentum = 0.9, .weight_decay = 1e-3, .nesterov = true});
    check_float<Adagrad>({});
    check_float<Adadelta>({});
    check_float<RMSprop>({.momentum = 0.5});
    check_float<Adam>({.amsgrad = true});
    check_float<AdamW>({});
    check_float<NAdam>({});
    check_float<RAdam>({});
    check_float<Adamax>({});
    check_float<Lion>({});
    check_float<Rprop>({});
}

// CS231n's forms of momentum, with one learning rate.
BOOST_AUTO_TEST_CASE(momentum_is_cs231ns_velocity) {
    check_walks<SGD>(SGDOptions{.lr = 1e-4, .momentum = 0.9}, [](double& x, double dx, int, double(&v)[4]) {
        v[0] = 0.9 * v[0] - 1e-4 * dx;
        x += v[0];
    });
    check_walks<SGD>(SGDOptions{.lr = 1e-4, .momentum = 0.9, .nesterov = true},
                     [](double& x, double dx, int, double(&v)[4]) {
                         const double before = v[0];
                         v[0] = 0.9 * v[0] - 1e-4 * dx;
                         x += -0.9 * before + (1 + 0.9) * v[0];
                     });
}

BOOST_AUTO_TEST_CASE(nesterov_is_the_look_ahead_point) {
    for (const Problem& problem : all()) {
        Point x = problem.start, v(x.size());
        std::vector<Point> ahead_path;
        for (int step = 0; step < 100; ++step) {
            Point ahead = x;
            for (std::size_t i = 0; i < x.size(); ++i) ahead[i] += 0.9 * v[i];
            if (step > 0) ahead_path.push_back(ahead);
            const Point g = problem.gradient(ahead);
            for (std::size_t i = 0; i < x.size(); ++i) {
                v[i] = 0.9 * v[i] - 1e-4 * g[i];
                x[i] += v[i];
            }
        }
        auto path = walk<SGD>(problem, {.lr = 1e-4, .momentum = 0.9, .nesterov = true}, 99);
        BOOST_TEST_CONTEXT(problem.name) BOOST_TEST(largest_difference(path, ahead_path) <= 1e-10);
    }
}

BOOST_AUTO_TEST_SUITE_END()
