// Groups, options, and which parameters a step touches.
#include <xtape/core/error.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/optim/adadelta.hpp>
#include <xtape/optim/adagrad.hpp>
#include <xtape/optim/adam.hpp>
#include <xtape/optim/adamax.hpp>
#include <xtape/optim/lbfgs.hpp>
#include <xtape/optim/lion.hpp>
#include <xtape/optim/nadam.hpp>
#include <xtape/optim/radam.hpp>
#include <xtape/optim/rmsprop.hpp>
#include <xtape/optim/rprop.hpp>
#include <xtape/optim/sgd.hpp>

#include <limits>
#include <stdexcept>

#include "problems.hpp"

using namespace xtape;
using namespace xtape::optim;

BOOST_AUTO_TEST_SUITE(optimizer)

static constexpr double nan = std::numeric_limits<double>::quiet_NaN();

static Variable<double> ones(std::size_t count, double grad = 1) {
    Variable<double> v(Array<double>(Shape{count}, 1.0), requires_grad);
    v.set_grad(Array<double>(Shape{count}, grad));
    return v;
}

template <template <class> class Optimizer>
static void check_refuses(const typename Optimizer<double>::Options& options, const std::string& said) {
    BOOST_CHECK_EXCEPTION(Optimizer<double>(Variables<double>{ones(1)}, options), std::invalid_argument,
                          [&](const std::invalid_argument& error) {
                              BOOST_TEST(error.what() == said);
                              return true;
                          });
}

BOOST_AUTO_TEST_CASE(options_out_of_range_are_named_with_their_value) {
    check_refuses<SGD>({.lr = -1.0}, "[SGD] got lr = -1; wanted 0 or more, and finite");
    check_refuses<SGD>({.lr = nan}, "[SGD] got lr = nan; wanted 0 or more, and finite");
    check_refuses<SGD>({.momentum = -0.1}, "[SGD] got momentum = -0.1; wanted 0 or more, and finite");
    check_refuses<SGD>({.nesterov = true}, "[SGD] got momentum = 0; wanted more than 0, for nesterov is set");
    check_refuses<SGD>({.momentum = 0.9, .dampening = 0.25, .nesterov = true},
                       "[SGD] got dampening = 0.25; wanted 0, for nesterov is set");
    check_refuses<Adagrad>({.lr_decay = -1}, "[Adagrad] got lr_decay = -1; wanted 0 or more, and finite");
    check_refuses<Adadelta>({.rho = 1.5}, "[Adadelta] got rho = 1.5; wanted 0 to 1");
    check_refuses<RMSprop>({.alpha = -0.5}, "[RMSprop] got alpha = -0.5; wanted 0 to 1");
    check_refuses<Adam>({.betas = {1.0, 0.999}}, "[Adam] got betas[0] = 1; wanted 0 or more, and below 1");
    check_refuses<AdamW>({.betas = {0.9, -0.1}}, "[AdamW] got betas[1] = -0.1; wanted 0 or more, and below 1");
    check_refuses<Adam>({.eps = -1e-8}, "[Adam] got eps = -1e-08; wanted 0 or more, and finite");
    check_refuses<NAdam>({.momentum_decay = -1}, "[NAdam] got momentum_decay = -1; wanted 0 or more, and finite");
    check_refuses<RAdam>({.weight_decay = -1}, "[RAdam] got weight_decay = -1; wanted 0 or more, and finite");
    check_refuses<Adamax>({.betas = {0.9, 1.0}}, "[Adamax] got betas[1] = 1; wanted 0 or more, and below 1");
    check_refuses<Lion>({.betas = {2, 0.9}}, "[Lion] got betas[0] = 2; wanted 0 to 1");
    check_refuses<Rprop>({.etas = {1.5, 1.2}}, "[Rprop] got etas[0] = 1.5; wanted more than 0, and below 1");
    check_refuses<Rprop>({.step_sizes = {2, 1}},
                         "[Rprop] got step_sizes[0] = 2; wanted no more than step_sizes[1], which is 1");
    check_refuses<LBFGS>({.history_size = 0}, "[LBFGS] got history_size = 0; wanted 1 or more");
}

BOOST_AUTO_TEST_CASE(options_set_during_training_are_checked_and_take_effect) {
    auto p = ones(3);
    SGD<double> sgd({p}, {.lr = 0.5});
    BOOST_CHECK_THROW(sgd.set_lr(-1), std::invalid_argument);
    BOOST_CHECK_THROW(sgd.set_lr(nan), std::invalid_argument);
    BOOST_CHECK_THROW(sgd.set_momentum(-1), std::invalid_argument);
    BOOST_CHECK_THROW(sgd.change_options([](auto& o) { o.nesterov = true; }), std::invalid_argument);
    BOOST_CHECK_THROW(sgd.set_options({}, 1), std::out_of_range);
    BOOST_TEST(sgd.options().nesterov == false);
    BOOST_TEST(sgd.lr() == 0.5);

    sgd.set_lr(0.25);
    sgd.step();
    BOOST_TEST(p.value()(0) == 0.75);
    sgd.change_options([](auto& o) { o.maximize = true; });
    sgd.step();
    BOOST_TEST(p.value()(0) == 1.0);
    sgd.change_options([](auto& o) {
        o.maximize = false;
        o.weight_decay = 1;
    });
    sgd.step();
    BOOST_TEST(p.value()(0) == 0.5);
}

BOOST_AUTO_TEST_CASE(momentum_switched_off_and_on_starts_anew) {
    auto p = ones(1);
    SGD<double> sgd({p}, {.lr = 1, .momentum = 0.5, .dampening = 0.5});
    sgd.step();    // b = 1
    sgd.step();    // b = 0.5 + 0.5
    BOOST_TEST(p.value()(0) == -1.0);
    sgd.set_momentum(0);
    BOOST_TEST(!sgd.state().contains("parameters.0.momentum_buffer"));
    sgd.step();
    BOOST_TEST(p.value()(0) == -2.0);
    sgd.set_momentum(0.25);
    sgd.step();    // b = 1: the first one is not dampened
    BOOST_TEST(p.value()(0) == -3.0);
    sgd.step();    // b = 0.25 + 0.5
    BOOST_TEST(p.value()(0) == -3.75);
}

BOOST_AUTO_TEST_CASE(set_momentum_sets_the_first_beta_or_says_that_there_is_none) {
    auto p = ones(1);
    Adam<double> adam({p});
    adam.set_momentum(0.5);
    BOOST_TEST(adam.options().betas[0] == 0.5);
    BOOST_TEST(adam.options().betas[1] == 0.999);
    Adagrad<double> adagrad({p});
    BOOST_CHECK_THROW(adagrad.set_momentum(0.5), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(groups_have_their_own_options_and_one_schedule) {
    auto p = ones(2), q = ones(2);
    SGD<double> sgd({p}, {.lr = 0.5});
    sgd.step();
    sgd.add_group({q}, {.lr = 0.25, .maximize = true});
    BOOST_TEST(sgd.groups() == 2U);
    BOOST_TEST(sgd.parameters().size() == 2U);
    BOOST_TEST(sgd.parameters(1)[0].name == "1");    // variables without names are numbered on
    sgd.step();
    BOOST_TEST(p.value()(0) == 0.0);
    BOOST_TEST(q.value()(0) == 1.25);

    sgd.set_schedule(constant(0.5));
    BOOST_TEST(sgd.lr(0) == 0.25);
    BOOST_TEST(sgd.lr(1) == 0.125);
    sgd.set_schedule(constant(0.1));
    BOOST_TEST(sgd.lr(1) == 0.025);
    sgd.set_lr(20, 1);
    BOOST_TEST(sgd.lr(0) == 0.05);
    BOOST_TEST(sgd.lr(1) == 2);
    sgd.step();
    BOOST_TEST(p.value()(0) == -0.05);
    BOOST_TEST(q.value()(0) == 3.25);
    BOOST_CHECK_THROW(static_cast<void>(sgd.lr(2)), std::out_of_range);
}

BOOST_AUTO_TEST_CASE(the_rate_is_base_times_schedule_times_plateau_for_each_group) {
    auto p = ones(1), q = ones(1);
    SGD<double> sgd({p}, {.lr = 0.5});
    sgd.set_schedule(step_decay({.every = 1, .factor = 0.5}));
    sgd.set_plateau({.factor = 0.25, .patience = 0});
    sgd.add_group({q}, {.lr = 4});
    sgd.set_schedule([](std::int64_t step) { return 1 + step; }, 1);
    BOOST_TEST(sgd.lr(0) == 0.5);
    BOOST_TEST(sgd.lr(1) == 4);
    sgd.observe(1);
    sgd.observe(2);    // no improvement
    BOOST_TEST(sgd.lr(0) == 0.125);
    BOOST_TEST(sgd.lr(1) == 1);
    sgd.step();
    BOOST_TEST(p.value()(0) == 0.875);
    BOOST_TEST(sgd.lr(0) == 0.0625);
    BOOST_TEST(sgd.lr(1) == 2);
    sgd.set_lr(8, 1);    // the base alone
    BOOST_TEST(sgd.lr(1) == 4);
    BOOST_TEST(sgd.base_lr(1) == 8);
    BOOST_TEST(sgd.steps() == 1);
}

BOOST_AUTO_TEST_CASE(a_schedule_that_gives_no_rate_is_refused_before_anything_changes) {
    auto p = ones(1);
    SGD<double> sgd({p});
    BOOST_CHECK_THROW(sgd.observe(1), std::logic_error);
    sgd.set_schedule([](std::int64_t step) { return step == 1 ? nan : 1.0; });
    sgd.step();
    const double before = p.value()(0);
    BOOST_CHECK_EXCEPTION(sgd.step(), std::invalid_argument, [](const std::exception& error) {
        return std::string(error.what()) == "[SGD] got schedule(1) = nan; wanted 0 or more, and finite";
    });
    BOOST_TEST(p.value()(0) == before);
    BOOST_TEST(sgd.steps() == 1);
}

BOOST_AUTO_TEST_CASE(a_skipped_step_counts_for_the_schedule) {
    auto p = ones(1);
    SGD<double> sgd({p}, {.lr = 1, .non_finite = NonFinite::skip});
    sgd.set_schedule(step_decay({.every = 1, .factor = 0.5}));
    p.set_grad(Array<double>{nan});
    sgd.step();
    BOOST_TEST(sgd.steps() == 1);
    BOOST_TEST(sgd.skipped_steps() == 1);
    BOOST_TEST(sgd.lr() == 0.5);
}

BOOST_AUTO_TEST_CASE(constants_are_refused_by_name_and_frozen_parameters_among_others_are_not) {
    Variable<double> a(Array<double>{1.0}), b(Array<double>{2.0});
    BOOST_CHECK_EXCEPTION((Adam<double>(Parameters<double>{{"fc.weight", a}, {"fc.bias", b}})), std::invalid_argument,
                          [](const std::exception& error) {
                              return std::string(error.what()) ==
                                     "[Adam] got 'fc.weight', 'fc.bias', of which none requires a gradient, so that no "
                                     "step would change anything; wanted at least one that does";
                          });
    auto p = ones(1);
    SGD<double> sgd({p, a}, {.lr = 1});
    sgd.add_group({b});    // to be unfrozen later
    a.set_grad(Array<double>{1.0});
    sgd.step();
    BOOST_TEST(p.value()(0) == 0.0);
    BOOST_TEST(a.value()(0) == 1.0);
}

BOOST_AUTO_TEST_CASE(a_group_that_is_refused_is_not_added) {
    auto p = ones(2), q = ones(2);
    SGD<double> sgd(Parameters<double>{{"p", p}});
    BOOST_CHECK_THROW(sgd.add_group({p}), std::invalid_argument);                             // here already
    BOOST_CHECK_THROW(sgd.add_group(Parameters<double>{{"p", q}}), std::invalid_argument);    // name taken
    BOOST_CHECK_THROW(sgd.add_group(Parameters<double>{}), std::invalid_argument);            // empty
    BOOST_CHECK_THROW(sgd.add_group(Parameters<double>{{"q", q}}, {.lr = -1}), std::invalid_argument);
    BOOST_CHECK_THROW((SGD<double>({p, p})), std::invalid_argument);
    BOOST_CHECK_THROW((SGD<double>({Variable<double>()})), GradError);
    BOOST_CHECK_THROW(sgd.add_group({q + 1.0}), std::invalid_argument);    // computed
    BOOST_TEST(sgd.groups() == 1U);
    sgd.add_group(Parameters<double>{{"q", q}});
}

BOOST_AUTO_TEST_CASE(what_has_no_gradient_or_is_frozen_stays_with_its_state) {
    auto p = ones(2), q = ones(2), r = ones(2);
    Adam<double> adam({p, q, r}, {.weight_decay = 0.5});
    adam.step();
    const State before = adam.state();
    const Array<double> q_before = q.value(), r_before = r.value();
    q.zero_grad();
    r.requires_grad(false);
    adam.step();
    const State after = adam.state();
    BOOST_TEST(q.value() == q_before);
    BOOST_TEST(r.value() == r_before);
    for (const char* name : {"step", "exp_avg", "exp_avg_sq"})
        for (const char* slot : {"parameters.0.", "parameters.1.", "parameters.2."})
            BOOST_TEST(identical(before.at(std::string(slot) + name), after.at(std::string(slot) + name)) ==
                       (slot[11] != '0'));
    adam.zero_grad();
    BOOST_TEST(!p.has_grad());
    BOOST_TEST(!r.has_grad());
}

BOOST_AUTO_TEST_CASE(a_gradient_that_is_not_finite_meets_the_policy) {
    for (double bad : {nan, std::numeric_limits<double>::infinity()})
        for (std::size_t place : {0U, 8U, 18U}) {
            auto p = ones(19), q = ones(19);
            q.mutable_grad()(place) = bad;
            {
                Adam<double> adam({p, q}, {.non_finite = NonFinite::skip});
                const State before = adam.state();
                adam.step();
                BOOST_TEST(adam.skipped_steps() == 1);
                BOOST_TEST(p.value()(0) == 1);
                BOOST_TEST(identical(before.at("parameters.0.step"), adam.state().at("parameters.0.step")));
                BOOST_TEST(adam.state().get<std::int64_t>("skipped_steps") == 1);
            }
            {
                Adam<double> adam(Parameters<double>{{"p", p}, {"layer.q", q}}, {.non_finite = NonFinite::raise});
                BOOST_CHECK_EXCEPTION(adam.step(), AnomalyError, [](const AnomalyError& error) {
                    return std::string(error.what()).find("'layer.q'") != std::string::npos;
                });
                BOOST_TEST(p.value()(0) == 1);
                BOOST_TEST(adam.skipped_steps() == 0);
                q.requires_grad(false);    // a frozen parameter's gradient is nobody's business
                BOOST_CHECK_NO_THROW(adam.step());
                BOOST_TEST(p.value()(0) != 1);
            }
        }
    auto p = ones(3);
    p.mutable_grad()(1) = nan;
    SGD<double> sgd({p}, {.lr = 1});
    sgd.step();
    BOOST_TEST(p.value()(0) == 0);
    BOOST_TEST(std::isnan(p.value()(1)));
}

BOOST_AUTO_TEST_CASE(a_step_with_a_closure_returns_its_loss) {
    auto p = ones(1);
    SGD<double> sgd({p}, {.lr = 1});
    BOOST_TEST(sgd.step([&] { return 3.5; }) == 3.5);
    BOOST_TEST(sgd.step([&] { return Variable<double>(Array<double>{2.5}); }) == 2.5);
    BOOST_TEST(p.value()(0) == -1);
    Optimizer<double>& any = sgd;
    any.step();
    BOOST_TEST(p.value()(0) == -2);
    BOOST_TEST(any.name() == "SGD");
}

BOOST_AUTO_TEST_CASE(a_step_does_not_reach_values_that_were_shared) {
    auto p = ones(40);
    const Array<double> taken = share(p.value());
    const Variable<double> constant = p.detach();
    SGD<double> sgd({p}, {.lr = 1, .momentum = 0.5});
    sgd.step();
    const State state = sgd.state();
    sgd.step();
    BOOST_TEST(taken(0) == 1);
    BOOST_TEST(constant.value()(39) == 1);
    BOOST_TEST(state.get<Array<double>>("parameters.0.momentum_buffer")(0) == 1);
    BOOST_TEST(p.value()(0) == -1.5);
}

BOOST_AUTO_TEST_CASE(the_bits_do_not_depend_on_the_number_of_threads) {
    const int threads = get_num_threads();
    std::vector<Array<float>> results;
    for (int count : {1, 3}) {
        set_num_threads(count);
        const std::size_t n = (std::size_t{1} << 16) + 5;
        Array<float> value = empty_array<float>({n}), grad = empty_array<float>({n});
        for (std::size_t i = 0; i < n; ++i) {
            value.storage()[i] = std::sin(static_cast<float>(i));
            grad.storage()[i] = std::cos(static_cast<float>(3 * i));
        }
        Variable<float> p(std::move(value), requires_grad);
        p.set_grad(std::move(grad));
        Adam<float> adam({p}, {.weight_decay = 0.1, .amsgrad = true, .non_finite = NonFinite::raise});
        for (int i = 0; i < 3; ++i) adam.step();
        results.push_back(p.value());
    }
    set_num_threads(threads);
    BOOST_TEST((results[0] == results[1]));
}

BOOST_AUTO_TEST_CASE(empty_parameters_are_stepped_over) {
    Variable<double> p(Array<double>(Shape{0, 3}), requires_grad);
    p.set_grad(Array<double>(Shape{0, 3}));
    Adam<double> adam({p}, {.non_finite = NonFinite::raise});
    BOOST_CHECK_NO_THROW(adam.step());
}

BOOST_AUTO_TEST_SUITE_END()
