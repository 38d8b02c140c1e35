#include <xtape/io/checkpoint.hpp>
#include <xtape/nn/activation.hpp>
#include <xtape/nn/container.hpp>
#include <xtape/nn/dropout.hpp>
#include <xtape/nn/linear.hpp>
#include <xtape/nn/normalization.hpp>
#include <xtape/nn/penalty.hpp>
#include <xtape/nn/regression_loss.hpp>
#include <xtape/ops/activation.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/exponential.hpp>
#include <xtape/ops/hyperbolic.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/rectifier.hpp>
#include <xtape/ops/softmax.hpp>
#include <xtape/optim/adam.hpp>
#include <xtape/optim/sgd.hpp>
#include <xtape/train/data/split.hpp>
#include <xtape/train/data/synthetic.hpp>
#include <xtape/train/diagnosis/watch.hpp>
#include <xtape/train/loop/checkpointing.hpp>
#include <xtape/train/loop/logs.hpp>
#include <xtape/train/loop/trainer.hpp>
#include <xtape/train/preprocess/scaling.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>

using namespace xtape;
using namespace xtape::train;

BOOST_AUTO_TEST_SUITE(watch)

namespace {

template <class T>
struct Net : nn::Module<T> {
    explicit Net(std::size_t in = 2, std::size_t out = 3)
        : fc1{this, "fc1", static_cast<std::ptrdiff_t>(in), 16},
          fc2{this, "fc2", 16, static_cast<std::ptrdiff_t>(out)} {}
    nn::Linear<T> fc1, fc2;
    std::function<Variable<T>(const Variable<T>&)> between = [](const Variable<T>& x) { return relu(x); };
    std::function<Variable<T>(const Variable<T>&)> after = [](const Variable<T>& x) { return x; };
    Variable<T> forward(const Variable<T>& x) override { return after(fc2(between(fc1(x)))); }
};

Dataset<float> clouds(std::size_t per_class = 60) {
    auto data = blobs<float>({.classes = 3, .per_class = per_class, .spread = 1, .seed = 3});
    return Standardize<float>(data)(data);
}

struct Setup {
    double lr = 0.05;
    std::size_t epochs = 25;
    bool shuffle = true;
    Dataset<float> data = clouds();
    WatchOptions watch = {};
    TrainerOptions<float> trainer = {};
};

// What is said of a run of `net`.
Diagnosis diagnose(Net<float>& net, Setup setup = {}) {
    optim::SGD<float> optimizer(net.named_parameters(), {.lr = setup.lr, .momentum = 0.9});
    setup.trainer.epochs = setup.epochs;
    setup.trainer.progress = Progress::none;
    Trainer<float> trainer(net, optimizer, classification<float>(), setup.trainer);
    trainer.add<Watch>(setup.watch);
    DataLoader<float> batches(setup.data, {.batch_size = 20, .shuffle = setup.shuffle, .seed = 5});
    DataLoader<float> validation(setup.data, {.batch_size = 90});
    trainer.fit(batches, validation);
    return trainer.diagnosis();
}

}    // namespace

BOOST_AUTO_TEST_CASE(a_run_that_learns_is_healthy) {
    seed(1);
    Net<float> net;
    const Diagnosis diagnosis = diagnose(net);
    BOOST_TEST(diagnosis.healthy(), diagnosis.message());
    BOOST_TEST(diagnosis.at("update_ratio").passed());
}

BOOST_AUTO_TEST_CASE(a_rate_that_is_too_low_or_too_high_is_named) {
    seed(1);
    Net<float> slow, fast;
    BOOST_TEST(diagnose(slow, {.lr = 1e-7}).has("learning_rate_too_low"));
    const Diagnosis high = diagnose(fast, {.lr = 1e6});
    BOOST_TEST(high.has("learning_rate_too_high"), high.message());
    BOOST_TEST(high.exit_code() == 2);
}

BOOST_AUTO_TEST_CASE(data_in_the_order_of_their_labels_are_noticed) {
    seed(1);
    Net<float> net;
    BOOST_TEST(diagnose(net, {.epochs = 2, .shuffle = false}).has("batches_sorted"));
}

BOOST_AUTO_TEST_CASE(inputs_of_another_scale_are_noticed) {
    seed(1);
    Net<float> net;
    const auto large = clouds().map_inputs([](const Array<float>& x) { return Array<float>(x * 1000.0F); });
    BOOST_TEST(diagnose(net, {.lr = 1e-6, .epochs = 2, .data = large}).has("inputs_scale"));
}

BOOST_AUTO_TEST_CASE(an_answer_among_the_inputs_is_noticed) {
    seed(1);
    Net<float> net(3);
    const auto data = clouds();
    Array<float> inputs = empty_array<float>({data.size(), 3});
    for (std::size_t i = 0; i < data.size(); ++i) {
        inputs(i, 0) = data.inputs()(i, 0);
        inputs(i, 1) = data.inputs()(i, 1);
        inputs(i, 2) = static_cast<float>(data.labels()(i));
    }
    const Diagnosis diagnosis = diagnose(net, {.epochs = 2, .data = {inputs, data.labels()}});
    BOOST_TEST(diagnosis.at("answer_in_inputs").layer == "feature 2", diagnosis.message());
}

BOOST_AUTO_TEST_CASE(a_layer_that_gets_no_gradient_is_named) {
    seed(1);
    Net<float> net;
    net.between = [](const Variable<float>& x) { return relu(x).detach(); };
    const Diagnosis diagnosis = diagnose(net, {.epochs = 2});
    BOOST_TEST(diagnosis.has("no_gradient"));
    BOOST_TEST(diagnosis.message().find("fc1.weight") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_parameter_that_the_optimizer_lacks_is_named) {
    seed(1);
    Net<float> net;
    optim::SGD<float> optimizer(net.named_parameters().below("fc2."), {.lr = 0.05});
    Trainer<float> trainer(net, optimizer, classification<float>(), {.epochs = 1, .progress = Progress::none});
    trainer.add<Watch>();
    DataLoader<float> batches(clouds(), {.batch_size = 20, .shuffle = true});
    trainer.fit(batches);
    BOOST_TEST(trainer.diagnosis().at("not_optimized").layer == "fc1.weight");
    BOOST_TEST(!trainer.diagnosis().at("not_optimized").passed());
}

BOOST_AUTO_TEST_CASE(rectifiers_that_are_dead_from_the_start_are_a_cause) {
    seed(1);
    Net<float> net;
    net.fc1.bias.update([](Array<float>& b) { b.fill(-100); });
    const Diagnosis diagnosis = diagnose(net);
    BOOST_TEST(diagnosis.at("dead_units").value == 1);
    BOOST_TEST(*diagnosis.at("dead_units").step == 1);
    BOOST_TEST(diagnosis.at("dead_units").layer == "relu(fc1)");
    BOOST_TEST(!diagnosis.at("dead_units").passed(), diagnosis.message());
}

BOOST_AUTO_TEST_CASE(outputs_that_the_loss_squashes_again_are_noticed) {
    seed(1);
    Net<float> net;
    net.after = [](const Variable<float>& x) { return softmax(x, -1); };
    BOOST_TEST(diagnose(net, {.epochs = 2}).has("loss_does_not_fit"));
}

BOOST_AUTO_TEST_CASE(labels_that_are_compared_like_numbers_are_noticed) {
    seed(1);
    Net<float> net;
    optim::SGD<float> optimizer(net.named_parameters(), {.lr = 0.01});
    const Objective<float> by_squares(
        [](const Variable<float>& outputs, const Batch<float>& batch) {
            Array<float> numbers = empty_array<float>(outputs.shape());
            for (std::size_t i = 0; i < numbers.size(); ++i)
                numbers.storage()[i] = static_cast<float>(batch.labels.storage()[i / 3]);
            return nn::mse_loss(outputs, Variable<float>(numbers));
        },
        {accuracy<float>()}, Objective<float>::Kind::classification);
    Trainer<float> trainer(net, optimizer, by_squares, {.epochs = 2, .progress = Progress::none});
    trainer.add<Watch>();
    DataLoader<float> batches(clouds(), {.batch_size = 20, .shuffle = true});
    trainer.fit(batches);
    BOOST_TEST(trainer.diagnosis().has("loss_does_not_fit"));
}

BOOST_AUTO_TEST_CASE(linear_layers_with_nothing_in_between_are_noticed) {
    seed(1);
    Net<float> net;
    net.between = [](const Variable<float>& x) { return x; };
    BOOST_TEST(diagnose(net, {.epochs = 2}).at("no_activation").layer == "fc2");
    BOOST_TEST(diagnose(net, {.epochs = 2}).has("no_activation"));
}

BOOST_AUTO_TEST_CASE(a_layer_left_in_evaluation_is_named) {
    struct Normed : Net<float> {
        nn::BatchNorm<float> norm{this, "norm", 16};
        Normed() {
            between = [this](const Variable<float>& x) {
                norm.eval();
                return relu(norm(x));
            };
        }
    };
    seed(1);
    Normed net;
    BOOST_TEST(diagnose(net, {.epochs = 1}).at("layers_in_evaluation").layer == "norm");
    BOOST_TEST(diagnose(net, {.epochs = 1}).has("layers_in_evaluation"));
}

BOOST_AUTO_TEST_CASE(a_penalty_above_the_data_loss_is_noticed) {
    seed(1);
    Net<float> net;
    TrainerOptions<float> options;
    options.penalty = [&] { return 10 * nn::l2_penalty(net.named_parameters()); };
    BOOST_TEST(diagnose(net, {.lr = 1e-3, .epochs = 2, .trainer = options}).has("penalty_dominates"));
}

BOOST_AUTO_TEST_CASE(gradients_that_are_never_cleared_are_noticed) {
    seed(1);
    Net<float> net;
    auto parameters = net.named_parameters();
    std::vector<Array<float>> sums(parameters.size());
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        sums[i] = Array<float>(parameters[i].parameter.shape(), 0.0F);
        parameters[i].parameter.register_hook([&sum = sums[i]](const Variable<float>& gradient) {
            sum += gradient.value();
            return Variable<float>(Array<float>(sum));
        });
    }
    const Diagnosis diagnosis = diagnose(net);
    BOOST_TEST(diagnosis.has("gradients_accumulate"), diagnosis.at("gradients_accumulate").message);
}

BOOST_AUTO_TEST_CASE(answers_that_do_not_belong_to_their_inputs_are_noticed) {
    seed(1);
    Net<float> net;
    const auto data = clouds();
    Indices labels = data.labels();
    const Indices order = Stream(7).permutation(labels.size());
    for (std::size_t i = 0; i < labels.size(); ++i) labels(i) = data.labels()(static_cast<std::size_t>(order(i)));
    BOOST_TEST(diagnose(net, {.lr = 0.01, .data = {data.inputs(), labels}}).has("not_learning"));
}

BOOST_AUTO_TEST_CASE(the_log_has_the_rules_that_speak) {
    const auto path = std::filesystem::temp_directory_path() / "xtape_watch_log.jsonl";
    seed(1);
    Net<float> net;
    optim::SGD<float> optimizer(net.named_parameters(), {.lr = 0.05});
    Trainer<float> trainer(net, optimizer, classification<float>(), {.epochs = 1, .progress = Progress::none});
    trainer.add<Watch>();
    trainer.add<JsonlLog>({.path = path});
    DataLoader<float> batches(clouds(), {.batch_size = 20});    // in the order of their labels
    trainer.fit(batches);
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    std::filesystem::remove(path);
    BOOST_TEST(line.ends_with(", \"diagnosis\": [\"batches_sorted\"]}"), line);
}

BOOST_AUTO_TEST_CASE(a_rule_can_be_left_out_and_a_misspelt_one_is_refused) {
    seed(1);
    Net<float> net;
    BOOST_TEST(
        !diagnose(net, {.epochs = 2, .shuffle = false, .watch = {.ignore = {"batches_sorted"}}}).has("batches_sorted"));
    BOOST_CHECK_THROW(Watch({.ignore = {"batch_sorted"}}), std::invalid_argument);
    BOOST_CHECK_THROW(Watch({.measure = {.every = 0}}), std::invalid_argument);
    BOOST_CHECK_THROW(Watch({.remember_every = 0}), std::invalid_argument);
}

namespace {

// Takes the logarithm of what is left to a limit.
struct Breaking : Net<float> {
    float limit = 1e9F;
    Variable<float> forward(const Variable<float>& x) override {
        const Variable<float> left(Array<float>{limit - fc1.bias.value()(0)});
        return fc2(relu(fc1(x))) + 0 * log(left);
    }
};

}    // namespace

BOOST_AUTO_TEST_CASE(a_loss_that_is_not_finite_is_traced_to_operation_and_layer_and_the_run_goes_back) {
    seed(1);
    Breaking net;
    optim::SGD<float> optimizer(net.named_parameters(), {.lr = 0.05, .momentum = 0.9});
    Trainer<float> trainer(net, optimizer, classification<float>(), {.epochs = 20, .progress = Progress::none});
    trainer.add<Watch>({.remember_every = 10});
    State at_ten;
    trainer.add<Call>({.after_step = [&](Training& training) {
        if (training.steps() == 10) at_ten = net.state();
        if (training.steps() == 13) net.limit = net.fc1.bias.value()(0) - 1e-6F;
    }});
    DataLoader<float> batches(clouds(), {.batch_size = 20, .shuffle = true, .seed = 5});
    trainer.fit(batches);
    BOOST_TEST(trainer.stopped() == "the loss was not finite in step 14");
    const Diagnosis diagnosis = trainer.diagnosis();
    const Verdict& verdict = diagnosis.at("loss_not_finite");
    BOOST_TEST(*verdict.step == 14);
    BOOST_TEST(verdict.message.find("[log] computed") != std::string::npos, verdict.message);
    BOOST_TEST(verdict.message.find("those of step 10 again") != std::string::npos, verdict.message);
    for (const auto& [name, value] : at_ten) BOOST_TEST(identical(value, net.state().at(name)), name);
}

BOOST_AUTO_TEST_CASE(a_gradient_that_is_not_finite_is_traced_to_its_operation) {
    seed(1);
    Net<float> net;
    // sqrt(0) is 0, its derivative is not finite: parameters are lost one step before the loss is.
    net.between = [](const Variable<float>& x) { return relu(x) + sqrt(x - x.detach()); };
    const Diagnosis diagnosis = diagnose(net);
    const Verdict& verdict = diagnosis.at("loss_not_finite");
    BOOST_TEST(verdict.message.find("It began in step 1, at fc1: [sqrt] its derivative") != std::string::npos,
               verdict.message);
    for (const auto& [name, parameter] : net.named_parameters()) {
        BOOST_TEST(parameter.name().empty());    // names were lent
        for (float value : parameter.value()) BOOST_TEST(std::isfinite(value));
    }
}

BOOST_AUTO_TEST_CASE(a_resumed_run_measures_and_judges_as_if_it_had_never_stopped) {
    const auto path = std::filesystem::temp_directory_path() / "xtape_watch_resume.h5";
    auto train_to = [&](std::int64_t max_steps, bool resume) {
        seed(4);
        Net<float> net;
        optim::SGD<float> optimizer(net.named_parameters(), {.lr = 0.05});
        Trainer<float> trainer(net, optimizer, classification<float>(),
                               {.epochs = 6, .max_steps = max_steps, .progress = Progress::none});
        trainer.add<Watch>({.measure = {.every = 5, .histograms = true}});
        trainer.add<Checkpointing>({.path = path});
        if (resume) trainer.resume(path);
        DataLoader<float> batches(clouds(), {.batch_size = 20, .shuffle = true, .seed = 5});
        trainer.fit(batches);
        return std::pair(trainer.state(), trainer.diagnosis().message());
    };
    const auto whole = train_to(0, false);
    train_to(14, false);    // right before a step that is sampled
    const auto resumed = train_to(0, true);
    std::filesystem::remove(path);
    BOOST_TEST(whole.first.size() == resumed.first.size());
    for (const auto& [name, value] : whole.first) {
        const State::Value* other = resumed.first.find(name);
        BOOST_REQUIRE_MESSAGE(other != nullptr, name);
        BOOST_TEST(identical(value, *other), name);
    }
    BOOST_TEST(whole.second == resumed.second);
}

BOOST_AUTO_TEST_CASE(layers_and_functions_are_measured_under_their_names) {
    seed(1);
    Net<float> net;
    optim::SGD<float> optimizer(net.named_parameters(), {.lr = 0.05});
    Trainer<float> trainer(net, optimizer, classification<float>(), {.epochs = 2, .progress = Progress::none});
    trainer.add<Watch>({.measure = {.every = 3, .histograms = true}});
    DataLoader<float> batches(clouds(), {.batch_size = 20, .shuffle = true});
    trainer.fit(batches);
    const Measurements& m = trainer.measurements();
    BOOST_TEST(m.steps == (std::vector<std::int64_t>{1, 2, 3, 4, 6, 8, 9, 12, 15, 16, 18}),
               boost::test_tools::per_element());
    BOOST_REQUIRE(m.layers.size() == 3u);
    BOOST_TEST(m.layers[0].name == "fc1");
    BOOST_TEST(m.layers[1].name == "relu(fc1)");
    BOOST_TEST(m.layers[2].name == "fc2");
    BOOST_TEST(m.curve.size() == 18u);
    for (const LayerSeries& layer : m.layers)
        for (std::size_t i = 0; i < m.samples(); ++i) {
            BOOST_TEST(layer.deviation.at(i) > 0);
            BOOST_TEST(layer.gradient.at(i) > 0);
            BOOST_TEST(layer.activations.at(i).counts.size() == 40u);
        }
    const ParameterSeries* weight = m.parameter("fc2.weight");
    BOOST_REQUIRE(weight != nullptr);
    BOOST_TEST(weight->kind == "Linear");
    // Plain gradient descent: a step is the rate times the gradient.
    for (std::size_t i = 0; i < m.samples(); ++i)
        BOOST_TEST(weight->update_norm[i] == 0.05 * weight->gradient_norm[i], boost::test_tools::tolerance(1e-3));
    BOOST_TEST(std::isnan(m.gradient_cosine[0]));
    for (std::size_t i = 1; i < m.samples(); ++i) BOOST_TEST(std::abs(m.gradient_cosine[i]) <= 1 + 1e-6);
}

BOOST_AUTO_TEST_CASE(watching_does_not_change_what_is_trained) {
    auto trained = [](bool watched) {
        seed(2);
        struct Dropping : Net<float> {
            nn::Dropout<float> dropout{this, "dropout", 0.2};
            Dropping() {
                between = [this](const Variable<float>& x) { return dropout(tanh(x)); };    // whose value nobody needs
            }
        } net;
        optim::Adam<float> optimizer(net.named_parameters(), {.lr = 0.01});
        Trainer<float> trainer(net, optimizer, classification<float>(), {.epochs = 4, .progress = Progress::none});
        if (watched) trainer.add<Watch>();
        DataLoader<float> batches(clouds(), {.batch_size = 20, .shuffle = true});
        trainer.fit(batches);
        return net.state();
    };
    const State plain = trained(false), watched = trained(true);
    for (const auto& [name, value] : plain) BOOST_TEST(identical(value, watched.at(name)), name);
}

BOOST_AUTO_TEST_SUITE_END()
