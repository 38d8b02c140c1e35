// What optimizers save, and what they refuse to load.
#include <xtape/core/error.hpp>
#include <xtape/optim/adadelta.hpp>
#include <xtape/optim/adagrad.hpp>
#include <xtape/optim/adam.hpp>
#include <xtape/optim/adamax.hpp>
#include <xtape/optim/average.hpp>
#include <xtape/optim/lamb.hpp>
#include <xtape/optim/lbfgs.hpp>
#include <xtape/optim/lion.hpp>
#include <xtape/optim/muon.hpp>
#include <xtape/optim/nadam.hpp>
#include <xtape/optim/plateau.hpp>
#include <xtape/optim/radam.hpp>
#include <xtape/optim/rmsprop.hpp>
#include <xtape/optim/rprop.hpp>
#include <xtape/optim/sgd.hpp>

#include <limits>

#include "problems.hpp"

using namespace xtape;
using namespace xtape::optim;
using namespace problems;

BOOST_AUTO_TEST_SUITE(state)

static bool same(const State& a, const State& b) {
    if (!compare_layout(a, b).empty()) return false;
    for (const auto& [name, value] : a)
        if (!identical(value, b.at(name))) return false;
    return true;
}

// `state` with one entry changed, or left out.
static State with(const State& state, const std::string& name, const State::Value* value) {
    State result;
    for (const auto& entry : state) {
        if (entry.name != name)
            result.add(entry.name, State::Value(std::visit(
                                       [](const auto& v) -> State::Value {
                                           if constexpr (requires { v.storage(); })
                                               return share(v);
                                           else
                                               return v;
                                       },
                                       entry.value)));
        else if (value != nullptr)
            result.add(name, std::visit([](const auto& v) -> State::Value { return v; }, *value));
    }
    return result;
}

template <class Optimizer, class T>
static void walk_on(Optimizer& optimizer, Split<T>& x, const Problem& problem, int steps) {
    for (int i = 0; i < steps; ++i)
        optimizer.step([&] {
            x.set_gradient(problem.gradient(x.point()));
            return problem.loss(x.point());
        });
}

// A state taken after 20 steps has the layout of a fresh one, and with it another optimizer, of other options, goes on
// to the same bits.
template <template <class> class Optimizer, class T>
static void check_resumes(const typename Optimizer<T>::Options& options, const typename Optimizer<T>::Options& others) {
    const Problem problem = logistic();
    Split<T> x(problem.start);
    auto set_rates = [](Optimizer<T>& optimizer) {
        optimizer.set_schedule(inverse_time({.rate = 0.1}));
        optimizer.set_plateau({.factor = 0.5, .patience = 2});
    };
    Optimizer<T> whole(x.parameters, options);
    set_rates(whole);
    const State fresh = whole.state();
    walk_on(whole, x, problem, 10);
    for (int i = 0; i < 5; ++i) whole.observe(1);
    walk_on(whole, x, problem, 10);
    const State saved = whole.state();
    BOOST_TEST(compare_layout(fresh, saved).message() == "");
    BOOST_TEST(!same(fresh, saved));

    Split<T> y(x.point());
    Optimizer<T> resumed(y.parameters, others);
    set_rates(resumed);
    resumed.load_state(saved);
    BOOST_TEST(resumed.plateau()->multiplier() == 0.5);
    BOOST_TEST(same(saved, resumed.state()));
    BOOST_TEST(resumed.lr() == whole.lr());
    walk_on(whole, x, problem, 10);
    walk_on(resumed, y, problem, 10);
    BOOST_TEST(x.point() == y.point());
    BOOST_TEST(same(whole.state(), resumed.state()));
    BOOST_TEST(!same(whole.state(), saved));    // which the steps have not touched
}

template <template <class> class Optimizer>
static void check_resumes_both(const typename Optimizer<double>::Options& options,
                               const typename Optimizer<double>::Options& others = {}) {
    BOOST_TEST_CONTEXT(
        Optimizer<double>(Variables<double>{Variable<double>(Array<double>{1.0}, requires_grad)}).name()) {
        check_resumes<Optimizer, double>(options, others);
        check_resumes<Optimizer, float>(options, others);
    }
}

BOOST_AUTO_TEST_CASE(every_optimizer_resumes_to_the_same_bits) {
    check_resumes_both<SGD>({.lr = 0.1});
    check_resumes_both<SGD>({.lr = 0.1, .momentum = 0.9, .dampening = 0.5, .weight_decay = 0.1});
    check_resumes_both<SGD>({.lr = 0.1, .momentum = 0.9, .nesterov = true}, {.maximize = true});
    check_resumes_both<Adagrad>({.lr = 0.1, .lr_decay = 0.1, .initial_accumulator_value = 0.3});
    check_resumes_both<Adadelta>({.rho = 0.8});
    check_resumes_both<RMSprop>({.momentum = 0.9, .centered = true});
    check_resumes_both<Adam>({.amsgrad = true, .bias_correction = false}, {.non_finite = NonFinite::skip});
    check_resumes_both<Adam>({.lr = 0.1}, {.amsgrad = true});
    check_resumes_both<AdamW>({.betas = {0.8, 0.9}});
    check_resumes_both<NAdam>({.momentum_decay = 0.1, .decoupled_weight_decay = true});
    check_resumes_both<RAdam>({.betas = {0.9, 0.9}});
    check_resumes_both<Adamax>({.weight_decay = 0.1});
    check_resumes_both<Lion>({.lr = 0.01});
    check_resumes_both<Rprop>({.lr = 0.1});
    check_resumes_both<LAMB>({.lr = 0.1}, {.bias_correction = false, .maximize = true});
    check_resumes_both<LBFGS>({.lr = 0.1, .max_iter = 1, .history_size = 5}, {.history_size = 3});
    check_resumes_both<LBFGS>(
        {.max_iter = 2, .tolerance_grad = 0, .tolerance_change = 0, .line_search = LineSearch::strong_wolfe});
}

BOOST_AUTO_TEST_CASE(muon_resumes_to_the_same_bits) {
    Array<double> start{{1.0, 2.0, -1.0}, {0.5, -0.3, 2.0}};
    Variable<double> x(start, requires_grad);
    auto walk = [](Muon<double>& muon, Variable<double>& p) {
        for (int i = 0; i < 5; ++i) {
            p.set_grad(share(p.value()));
            muon.step();
        }
    };
    Muon<double> whole({x}, {.lr = 0.1, .momentum = 0.8, .adjust_lr = AdjustLR::match_rms_adamw});
    walk(whole, x);
    Variable<double> y(share(x.value()), requires_grad);
    Muon<double> resumed({y}, {.ns_coefficients = {2, -1.5, 0.5}, .ns_steps = 3});
    resumed.load_state(whole.state());
    BOOST_TEST(same(whole.state(), resumed.state()));
    walk(whole, x);
    walk(resumed, y);
    BOOST_TEST(identical(x.value(), y.value()));
}

// A state as a version without schedules in the optimizer has saved it.
BOOST_AUTO_TEST_CASE(a_rate_that_a_loaded_state_has_scaled_is_kept_until_it_is_set) {
    Split<double> x(quadratic().start);
    SGD<double> sgd(x.parameters, {.lr = 0.5});
    const State::Value half(0.5);
    sgd.load_state(with(sgd.state(), "groups.0.lr_multiplier", &half));
    BOOST_TEST(sgd.lr() == 0.25);
    BOOST_TEST(sgd.base_lr() == 0.5);
    sgd.set_lr(0.5);
    BOOST_TEST(sgd.lr() == 0.5);
}

BOOST_AUTO_TEST_CASE(every_option_is_in_the_state) {
    Split<double> x(quadratic().start);
    SGD<double> sgd(
        x.parameters,
        {.lr = 0.3, .momentum = 0.8, .weight_decay = 0.01, .nesterov = true, .non_finite = NonFinite::skip});
    const State state = sgd.state();
    BOOST_TEST(state.get<double>("groups.0.lr") == 0.3);
    BOOST_TEST(state.get<double>("groups.0.momentum") == 0.8);
    BOOST_TEST(state.get<double>("groups.0.dampening") == 0);
    BOOST_TEST(state.get<double>("groups.0.weight_decay") == 0.01);
    BOOST_TEST(state.get<std::int64_t>("groups.0.nesterov") == 1);
    BOOST_TEST(state.get<std::int64_t>("groups.0.maximize") == 0);
    BOOST_TEST(state.get<std::string>("groups.0.non_finite") == "skip");
    BOOST_TEST(state.get<std::string>("groups.0.parameters") == "a b");
    BOOST_TEST(state.get<Array<double>>("parameters.b.momentum_buffer").size() == 36U);
}

template <class Thing>
static void check_refuses(Thing& thing, const State& wrong, const std::string& said) {
    const State before = thing.state();
    BOOST_CHECK_EXCEPTION(thing.load_state(wrong), StateError, [&](const StateError& error) {
        BOOST_TEST_INFO(error.what());
        return std::string(error.what()).find(said) != std::string::npos;
    });
    BOOST_TEST(same(before, thing.state()));
}

BOOST_AUTO_TEST_CASE(a_state_that_does_not_fit_changes_nothing) {
    const Problem problem = logistic();
    Split<double> x(problem.start);
    Adam<double> adam(x.parameters);
    walk_on(adam, x, problem, 3);
    const State good = adam.state();
    const State::Value large(Array<double>{1.0, 2.0, 3.0}), text(std::string("sometimes")), negative(-1.0),
        before(std::int64_t{-1});
    check_refuses(adam, State(), "missing:");
    check_refuses(adam, with(good, "parameters.b.exp_avg", nullptr), "parameters.b.exp_avg: wanted float64 (4,)");
    check_refuses(adam, with(good, "parameters.b.exp_avg", &large), "got float64 (3,), wanted float64 (4,)");
    check_refuses(adam, with(good, "groups.0.lr", nullptr), "groups.0.lr");
    check_refuses(adam, with(good, "groups.0.lr", &negative), "lr = -1; wanted 0 or more");
    check_refuses(adam, with(good, "groups.0.lr_multiplier", &negative), "lr_multiplier = -1");
    check_refuses(adam, with(good, "groups.0.non_finite", &text), "sometimes");
    check_refuses(adam, with(good, "groups.0.parameters", &text), "wanted a b");
    check_refuses(adam, with(good, "parameters.a.step", &before), "step = -1");
    State more = good;
    more.add("groups.1.lr", 0.1);
    check_refuses(adam, more, "unexpected:");
    check_refuses(adam, AdamW<float>(Split<float>(problem.start).parameters).state(), "got float32 (4,)");

    LBFGS<double> lbfgs(x.parameters);
    walk_on(lbfgs, x, problem, 2);
    check_refuses(lbfgs, with(lbfgs.state(), "parameters.a.direction", nullptr), "parameters.a.direction");
    check_refuses(lbfgs, with(lbfgs.state(), "groups.0.lr", &negative), "lr = -1");
    check_refuses(lbfgs, with(lbfgs.state(), "groups.0.parameters", &text), "wanted a b");
}

BOOST_AUTO_TEST_CASE(plateau_goes_on_where_it_was) {
    Plateau whole({.factor = 0.5, .patience = 1, .threshold_mode = PlateauOptions::Threshold::absolute, .cooldown = 1});
    for (double loss : {3.0, 2.0, 2.0, 2.0, 2.0}) whole.step(loss);
    Plateau resumed;
    BOOST_TEST(compare_layout(resumed.state(), whole.state()).empty());
    resumed.load_state(whole.state());
    BOOST_TEST(same(resumed.state(), whole.state()));
    BOOST_TEST(whole.multiplier() == 0.5);
    for (int i = 0; i < 10; ++i) BOOST_TEST(resumed.step(2.0) == whole.step(2.0));
    BOOST_TEST(whole.multiplier() < 0.5);

    const State::Value wrong(2.0), text(std::string("middle"));
    check_refuses(resumed, with(whole.state(), "best", nullptr), "best: wanted a number");
    check_refuses(resumed, with(whole.state(), "factor", &wrong), "factor = 2");
    check_refuses(resumed, with(whole.state(), "mode", &text), "middle");
}

BOOST_AUTO_TEST_CASE(averages_go_on_where_they_were) {
    const Problem problem = quadratic();
    Split<double> x(problem.start);
    SGD<double> sgd(x.parameters, {.lr = 0.1});
    EMA<double> ema(x.parameters, {.decay = 0.8, .warmup = true});
    EMA<double> other(x.parameters);
    BOOST_TEST(compare_layout(ema.state(), other.state()).empty());
    for (int i = 0; i < 5; ++i) {
        walk_on(sgd, x, problem, 1);
        ema.update();
    }
    other.load_state(ema.state());
    walk_on(sgd, x, problem, 1);
    ema.update();
    other.update();
    BOOST_TEST(same(ema.state(), other.state()));
    const State::Value wrong(2.0);
    check_refuses(other, with(ema.state(), "decay", &wrong), "decay = 2");
    check_refuses(other, with(ema.state(), "parameters.a", nullptr), "parameters.a");
}

BOOST_AUTO_TEST_SUITE_END()
