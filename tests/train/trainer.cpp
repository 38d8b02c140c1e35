#include <xtape/io/checkpoint.hpp>
#include <xtape/nn/dropout.hpp>
#include <xtape/nn/linear.hpp>
#include <xtape/nn/normalization.hpp>
#include <xtape/nn/penalty.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/rectifier.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/optim/adam.hpp>
#include <xtape/optim/sgd.hpp>
#include <xtape/train/data/augment.hpp>
#include <xtape/train/data/split.hpp>
#include <xtape/train/data/synthetic.hpp>
#include <xtape/train/loop/checkpointing.hpp>
#include <xtape/train/loop/early_stopping.hpp>
#include <xtape/train/loop/logs.hpp>
#include <xtape/train/loop/rate_finder.hpp>
#include <xtape/train/loop/trainer.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>

using namespace xtape;
using namespace xtape::train;

BOOST_AUTO_TEST_SUITE(trainer)

namespace {

namespace fs = std::filesystem;

struct Folder {
    fs::path path = fs::temp_directory_path() / ("xtape_trainer_" + std::to_string(::getpid()));
    Folder() { fs::create_directories(path); }
    ~Folder() { fs::remove_all(path); }
    fs::path operator/(const char* name) const { return path / name; }
};

template <class T>
struct Net : nn::Module<T> {
    nn::Linear<T> fc1{this, "fc1", 2, 16};
    nn::BatchNorm<T> norm{this, "norm", 16};
    nn::Dropout<T> dropout{this, "dropout", 0.1};
    nn::Linear<T> fc2{this, "fc2", 16, 3};
    Variable<T> forward(const Variable<T>& x) override { return fc2(dropout(relu(norm(fc1(x))))); }
};

void add_noise(Array<float>& x, Stream& stream) {
    const Array<float> noise = stream.normal<float>(x.shape(), 0, 0.01);
    for (std::size_t i = 0; i < x.size(); ++i) x.storage()[i] += noise.storage()[i];
}

// A run with everything that has a state.
struct Run {
    Dataset<float> data = spirals<float>({.per_class = 40, .seed = 5});
    Split<float> parts = split(data, {.validation = 0.25, .stratified = true, .seed = 6});
    DataLoader<float> batches;
    DataLoader<float> validation{parts.validation, {.batch_size = 30}};
    Net<float> net;
    optim::AdamW<float> optimizer{net.parameters(), {.lr = 1e-2}};
    Trainer<float> trainer;

    explicit Run(const fs::path& checkpoint, std::int64_t max_steps = 0, const fs::path& log = {})
        : batches(parts.train, {.batch_size = 16, .shuffle = true, .prefetch = true}, add_noise),
          trainer(net, optimizer, classification<float>({top_k<float>(2), precision_recall<float>(), auc<float>()}),
                  {.epochs = 8,
                   .max_steps = max_steps,
                   .schedule = optim::cosine({.steps = 48}),
                   .plateau = optim::PlateauOptions{.patience = 1},
                   .penalty = [this] { return 1e-3F * nn::l2_penalty(net.named_parameters()); },
                   .clip_norm = 1.0,
                   .accumulate = 2,
                   .ema = optim::EMAOptions{.decay = 0.9},
                   .progress = Progress::none}) {
        trainer.add<EarlyStopping>({.patience = 3, .restore_best = true});
        trainer.add<Checkpointing>({.path = checkpoint, .every_steps = 1});
        if (!log.empty()) trainer.add<JsonlLog>({.path = log});
    }
    void fit() { trainer.fit(batches, validation); }
};

void check_same(Run& a, Run& b) {
    for (const auto& [name, value] : a.net.state()) BOOST_TEST(identical(value, b.net.state().at(name)), name);
    const State history = b.trainer.history().state();
    for (const auto& [name, value] : a.trainer.history().state()) BOOST_TEST(identical(value, history.at(name)), name);
}

std::string text(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// A model with one number, whose loss is what a test wants it to be.
struct Scripted {
    nn::Linear<double> model{1, 1, {.bias = false}};
    optim::SGD<double> optimizer{model.parameters(), {.lr = 0.1}};
    DataLoader<double> batches{Dataset<double>(Array<double>(Shape{1, 1}, 1.0), Array<double>(Shape{1, 1}, 0.0)),
                               {.batch_size = 1}};
    std::vector<double> losses;
    std::size_t call = 0;
    Objective<double> objective{[this](nn::Module<double>& m, const Batch<double>& batch) {
        // In training any number; in evaluation the script's next one.
        const double offset = m.is_training() ? 0 : losses.at(call++) - double(m(batch.inputs).value()(0, 0));
        return sum(m(batch.inputs)) + offset;
    }};
};

}    // namespace

BOOST_AUTO_TEST_CASE(a_run_interrupted_at_any_step_ends_in_the_same_bits) {
    Folder folder;
    seed(3);
    Run whole(folder / "whole.h5", 0, folder / "whole.jsonl");
    whole.fit();
    BOOST_TEST(whole.trainer.history().epochs() >= 4u);
    const std::int64_t steps = whole.trainer.steps();
    for (std::int64_t stop = 1; stop < steps; stop += 5) {
        const fs::path path = folder / "part.h5", log = folder / "part.jsonl";
        fs::remove(log);
        seed(3);
        {
            Run part(path, stop, log);
            part.fit();
            BOOST_TEST(part.trainer.steps() == stop);
            BOOST_TEST(part.trainer.interrupted());
        }
        seed(777);
        Run resumed(path, 0, log);
        BOOST_TEST(resumed.trainer.resume(path));
        BOOST_TEST(resumed.trainer.steps() == stop);
        resumed.fit();
        check_same(whole, resumed);
        BOOST_TEST(text(log) == text(folder / "whole.jsonl"));
    }
}

BOOST_AUTO_TEST_CASE(a_run_can_go_on_in_the_same_process) {
    Folder folder;
    seed(3);
    Run whole(folder / "whole.h5");
    whole.fit();
    seed(3);
    Run parts(folder / "part.h5", 7);
    parts.fit();
    BOOST_TEST(parts.trainer.steps() == 7);
    seed(3);
    Run other(folder / "other.h5");
    BOOST_TEST(other.trainer.resume(folder / "part.h5"));
    other.fit();
    check_same(whole, other);
}

BOOST_AUTO_TEST_CASE(a_run_that_is_killed_at_any_moment_ends_in_the_same_bits) {
    Folder folder;
    seed(3);
    Run whole(folder / "whole.h5");
    whole.fit();
    const fs::path path = folder / "killed.h5";
    for (unsigned moment = 0; moment < 12; ++moment) {
        fs::remove(path);
        const pid_t child = ::fork();
        if (child == 0) {
            seed(3);
            Run run(path);
            run.fit();
            ::_exit(0);
        }
        ::usleep(3000 + moment * 7919);
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        seed(3);
        Run resumed(path);
        resumed.trainer.resume(path);    // there may be no checkpoint yet
        resumed.fit();
        check_same(whole, resumed);
    }
}

BOOST_AUTO_TEST_CASE(a_signal_ends_the_program_as_it_would_when_the_step_has_been_saved) {
    Folder folder;
    const fs::path path = folder / "signal.h5";
    const pid_t child = ::fork();
    if (child == 0) {
        seed(3);
        Run run(path);
        run.trainer.template add<Call>({.after_step = [](Training& training) {
            if (training.steps() == 9) std::raise(SIGINT);
        }});
        run.fit();
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    BOOST_TEST((WIFSIGNALED(status) && WTERMSIG(status) == SIGINT));
    seed(1);
    Run resumed(path);
    BOOST_TEST(resumed.trainer.resume(path));
    BOOST_TEST(resumed.trainer.steps() == 9);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_that_does_not_fit_changes_nothing) {
    Folder folder;
    seed(3);
    Run run(folder / "run.h5", 5);
    run.fit();
    Scripted other;
    Trainer<double> trainer(other.model, other.optimizer, other.objective, {.progress = Progress::none});
    const State before = trainer.state();
    BOOST_CHECK_THROW(trainer.resume(folder / "run.h5"), Error);
    for (const auto& [name, value] : before) BOOST_TEST(identical(value, trainer.state().at(name)));
    BOOST_TEST(!trainer.resume(folder / "missing.h5"));
}

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
    BOOST_CHECK_THROW(Checkpointing({}), std::invalid_argument);
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

BOOST_AUTO_TEST_SUITE_END()
