#include <xtape/optim/adagrad.hpp>
#include <xtape/train/loop/one_cycle.hpp>
#include <xtape/train/loop/rate_finder.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <memory>
#include <stdexcept>

#include "runs.hpp"

using namespace runs;

BOOST_AUTO_TEST_SUITE(trainer)

BOOST_AUTO_TEST_CASE(patience_counts_epochs_without_improvement_and_nan_is_none) {
    const double nan = std::nan("");
    Scripted run;
    run.losses = {3, 2, nan, 2.5, 1.99, 5, nan, 4, 1};
    Trainer<double> trainer(run.model, run.optimizer, run.objective, {.epochs = 9, .progress = Progress::none});
    auto& stopping = trainer.add<EarlyStopping>({.patience = 3, .min_delta = 0.005});
    DataLoader<double> validation(run.batches.data(), {.batch_size = 1});
    trainer.fit(run.batches, validation);
    BOOST_TEST(trainer.history().epochs() == 8u);
    BOOST_TEST(stopping.best() == 1.99, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(stopping.best_epoch() == 5u);
    BOOST_TEST(trainer.stopped().find("1.99") != std::string::npos);
    BOOST_TEST(trainer.history().best("validation.loss") == 1.99, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(the_best_weights_are_restored_also_when_the_epochs_run_out) {
    Scripted run;
    run.losses = {3, 1, 2};
    Trainer<double> trainer(run.model, run.optimizer, run.objective, {.epochs = 3, .progress = Progress::none});
    trainer.add<EarlyStopping>({.patience = 10, .restore_best = true});
    double second = 0;
    trainer.add<Call>({.after_epoch = [&](Training& training) {
        if (training.epoch() == 2) second = run.model.weight.value()(0, 0);
    }});
    DataLoader<double> validation(run.batches.data(), {.batch_size = 1});
    trainer.fit(run.batches, validation);
    BOOST_TEST(run.model.weight.value()(0, 0) == second);
}

BOOST_AUTO_TEST_CASE(the_rate_is_base_times_schedule_times_plateau) {
    Scripted run;
    run.losses = {1, 1, 1, 1};
    Trainer<double> trainer(run.model, run.optimizer, run.objective,
                            {.epochs = 4,
                             .schedule = optim::Schedule([](std::int64_t step) { return step % 2 == 0 ? 1.0 : 0.5; }),
                             .plateau = optim::PlateauOptions{.factor = 0.1, .patience = 0},
                             .progress = Progress::none});
    DataLoader<double> validation(run.batches.data(), {.batch_size = 1});
    trainer.fit(run.batches, validation);
    const auto& rates = trainer.history().values("lr");
    const double wanted[] = {0.1, 0.05, 0.01, 0.0005};
    for (std::size_t i = 0; i < 4; ++i) BOOST_TEST(rates[i] == wanted[i], boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(accumulated_batches_make_the_step_of_one_large_batch) {
    auto data = linear_regression<double>({.count = 24, .features = 3, .seed = 2});
    auto weights = [&](std::size_t batch_size, std::size_t accumulate) {
        seed(4);
        nn::Linear<double> model(3, 1);
        optim::SGD<double> optimizer(model.parameters(), {.lr = 0.1});
        Trainer<double> trainer(model, optimizer, regression<double>(),
                                {.epochs = 3, .accumulate = accumulate, .progress = Progress::none});
        DataLoader<double> batches(data, {.batch_size = batch_size});
        trainer.fit(batches);
        BOOST_TEST(trainer.steps() == 6);
        return Array<double>(model.weight.value());
    };
    const Array<double> one = weights(12, 1), many = weights(4, 3);
    for (std::size_t i = 0; i < 3; ++i)
        BOOST_TEST(one.storage()[i] == many.storage()[i], boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(evaluation_is_of_the_whole_set_and_prediction_in_its_order) {
    auto data = linear_regression<double>({.count = 23, .features = 3, .seed = 2});
    nn::Linear<double> model(3, 1);
    optim::SGD<double> optimizer(model.parameters(), {.lr = 0.1});
    Trainer<double> trainer(model, optimizer, regression<double>({root_mean_squared_error<double>()}),
                            {.progress = Progress::none});
    DataLoader<double> all(data, {.batch_size = 23}), parts(data, {.batch_size = 5, .shuffle = true});
    const Quantities a = trainer.evaluate(all), b = trainer.evaluate(parts);
    for (std::size_t i = 0; i < a.size(); ++i) {
        BOOST_TEST(a[i].first == b[i].first);
        BOOST_TEST(a[i].second == b[i].second, boost::test_tools::tolerance(1e-12));
    }
    BOOST_TEST(a[3].second == std::sqrt(a[0].second), boost::test_tools::tolerance(1e-12));
    const Array<double> outputs = trainer.predict(data, 4), wanted = model(Variable<double>(data.inputs())).value();
    for (std::size_t i = 0; i < 23; ++i)
        BOOST_TEST(outputs.storage()[i] == wanted.storage()[i], boost::test_tools::tolerance(1e-12));
    BOOST_CHECK_THROW(trainer.predict(data, 0), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(wrong_options_and_names_are_refused) {
    Scripted run;
    auto make = [&](TrainerOptions<double> options) {
        return Trainer<double>(run.model, run.optimizer, run.objective, options);
    };
    BOOST_CHECK_THROW(make({.max_steps = -1}), std::invalid_argument);
    BOOST_CHECK_THROW(make({.seconds = -1}), std::invalid_argument);
    BOOST_CHECK_THROW(make({.clip_norm = -1}), std::invalid_argument);
    BOOST_CHECK_THROW(make({.accumulate = 0}), std::invalid_argument);
    BOOST_CHECK_THROW(EarlyStopping({.patience = 0}), std::invalid_argument);
    BOOST_CHECK_THROW(EarlyStopping({.min_delta = -1}), std::invalid_argument);
    BOOST_CHECK_THROW(make({.steps = -1}), std::invalid_argument);
    BOOST_CHECK_THROW(make({.evaluate_every_steps = -1}), std::invalid_argument);
    BOOST_CHECK_THROW(make({.seconds = std::nan("")}), std::invalid_argument);
    auto trainer = std::make_unique<Trainer<double>>(run.model, run.optimizer, run.objective,
                                                     TrainerOptions<double>{.plateau = optim::PlateauOptions{}});
    BOOST_CHECK_THROW(trainer->fit(run.batches), std::invalid_argument);    // there is no validation.loss
    nn::Linear<double> other(1, 1);
    BOOST_CHECK_THROW(trainer->track("model", other), std::invalid_argument);
    BOOST_CHECK_THROW(trainer->add(nullptr), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(the_rate_finder_puts_everything_back_byte_for_byte) {
    Folder folder;
    seed(3);
    Run run(folder / "run.h5", 5);
    run.fit();
    auto everything = [&] {
        State state;
        state.add("model", run.net.state());
        state.add("optimizer", run.optimizer.state());
        state.add("loader", run.batches.state());
        state.add("random", default_generator().state());
        return state;
    };
    const State before = everything();
    const RateFinding found = find_learning_rate(run.trainer, run.batches, {.low = 1e-6, .high = 100, .steps = 60});
    const State after = everything();
    for (const auto& [name, value] : before) BOOST_TEST(identical(value, after.at(name)), name);
    BOOST_TEST(found.rates.size() > 20u);
    BOOST_TEST((found.valley > 1e-5 && found.valley < 10));
    BOOST_TEST((found.steepest > 1e-5 && found.steepest < 10));
    BOOST_CHECK_THROW(find_learning_rate(run.trainer, run.batches, {.low = 0}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(training_may_be_counted_in_steps) {
    auto data = linear_regression<double>({.count = 50, .features = 2, .seed = 2});
    nn::Linear<double> model(2, 1);
    optim::SGD<double> optimizer(model.parameters(), {.lr = 0.1});
    Trainer<double> trainer(model, optimizer, regression<double>(), {.steps = 13, .progress = Progress::none});
    DataLoader<double> batches(data, {.batch_size = 10});
    std::int64_t total = 0;
    trainer.add<Call>({.end = [&](Training& training) { total = training.total_steps(); }});
    trainer.fit(batches);
    BOOST_TEST(trainer.steps() == 13);
    BOOST_TEST(total == 13);
    BOOST_TEST(trainer.history().epochs() == 3u);    // the last is a part of one
    BOOST_TEST(!std::isnan(trainer.history().last("train.loss")));
    BOOST_TEST(!trainer.interrupted());
    trainer.fit(batches);
    BOOST_TEST(trainer.steps() == 13);
}

BOOST_AUTO_TEST_CASE(a_time_limit_interrupts_between_steps) {
    Scripted run;
    Trainer<double> trainer(run.model, run.optimizer, run.objective,
                            {.epochs = 1000000000, .seconds = 0.02, .progress = Progress::none});
    trainer.fit(run.batches);
    BOOST_TEST(trainer.interrupted());
    BOOST_TEST(trainer.steps() > 0);
    BOOST_TEST(trainer.stopped() == "");
}

BOOST_AUTO_TEST_CASE(evaluations_between_epochs_have_rows_of_their_own) {
    Scripted run;
    run.losses = {9, 8, 7, 6};
    auto data = Dataset<double>(Array<double>(Shape{10, 1}, 1.0), Array<double>(Shape{10, 1}, 0.0));
    DataLoader<double> batches(data, {.batch_size = 1}), validation(run.batches.data(), {.batch_size = 1});
    Trainer<double> trainer(run.model, run.optimizer, run.objective,
                            {.epochs = 1, .evaluate_every_steps = 3, .progress = Progress::none});
    std::vector<std::int64_t> steps;
    struct Seen : Callback {
        std::vector<std::int64_t>& steps;
        explicit Seen(std::vector<std::int64_t>& s) : steps(s) {}
        std::string name() const override { return "seen"; }
        void after_evaluation(Training& training) override { steps.push_back(training.steps()); }
    };
    trainer.add(std::make_unique<Seen>(steps));
    trainer.fit(batches, validation);
    BOOST_TEST(steps == (std::vector<std::int64_t>{3, 6, 9}), boost::test_tools::per_element());
    BOOST_TEST(trainer.evaluations().values("step") == (std::vector<double>{3, 6, 9}),
               boost::test_tools::per_element());
    const auto& losses = trainer.evaluations().values("validation.loss");
    for (std::size_t i = 0; i < 3; ++i) BOOST_TEST(losses[i] == 9.0 - double(i), boost::test_tools::tolerance(1e-12));
    BOOST_TEST(trainer.history().epochs() == 1u);
}

BOOST_AUTO_TEST_CASE(patience_may_count_evaluations) {
    Scripted run;
    run.losses = {3, 2, 2.5, 2.6, 1};
    auto data = Dataset<double>(Array<double>(Shape{20, 1}, 1.0), Array<double>(Shape{20, 1}, 0.0));
    DataLoader<double> batches(data, {.batch_size = 1}), validation(run.batches.data(), {.batch_size = 1});
    Trainer<double> trainer(run.model, run.optimizer, run.objective,
                            {.epochs = 1, .evaluate_every_steps = 2, .progress = Progress::none});
    auto& stopping = trainer.add<EarlyStopping>({.patience = 2, .restore_best = true, .by_evaluation = true});
    double best = 0;
    trainer.add<Call>({.after_step = [&](Training& training) {
        if (training.steps() == 4) best = run.model.weight.value()(0, 0);
    }});
    trainer.fit(batches, validation);
    BOOST_TEST(trainer.steps() == 8);
    BOOST_TEST(stopping.best_step() == 4);
    BOOST_TEST(run.model.weight.value()(0, 0) == best);
    Trainer<double> other(run.model, run.optimizer, run.objective, {.progress = Progress::none});
    other.add<EarlyStopping>({.by_evaluation = true});
    BOOST_CHECK_THROW(other.fit(batches, validation), std::invalid_argument);    // there are none
}

BOOST_AUTO_TEST_CASE(one_cycle_leads_rate_and_momentum_through_all_steps) {
    auto data = linear_regression<double>({.count = 40, .features = 2, .seed = 2});
    nn::Linear<double> model(2, 1);
    optim::SGD<double> optimizer(model.parameters(), {.lr = 0.01});
    Trainer<double> trainer(model, optimizer, regression<double>(), {.epochs = 5, .progress = Progress::none});
    DataLoader<double> batches(data, {.batch_size = 10});
    const optim::OneCycleOptions cycle{.steps = 20};
    const auto rate = optim::one_cycle(cycle), momentum = optim::one_cycle_momentum(cycle);
    trainer.add<Call>({.after_step = [&](Training& training) {
        const std::int64_t step = training.steps() - 1;
        BOOST_TEST(training.lr() == 0.1 * rate(step), boost::test_tools::tolerance(1e-12));
        BOOST_TEST(optimizer.options().momentum == momentum(step));
    }});
    fit_one_cycle(trainer, batches, {.max_lr = 0.1});
    BOOST_TEST(trainer.steps() == 20);

    optim::Adagrad<double> without(model.parameters(), {.lr = 0.01});    // momentum
    Trainer<double> other(model, without, regression<double>(), {.epochs = 2, .progress = Progress::none});
    fit_one_cycle(other, batches);
    BOOST_TEST(other.lr() < 0.01 / 25);
    BOOST_CHECK_THROW(fit_one_cycle(other, batches, {.max_lr = -1}), std::invalid_argument);
    BOOST_CHECK_THROW(fit_one_cycle(other, batches, {.pct_start = 2}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
