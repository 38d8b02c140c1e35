#include <xtape/core/random.hpp>
#include <xtape/nn/dropout.hpp>
#include <xtape/nn/linear.hpp>
#include <xtape/nn/normalization.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/rectifier.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/softmax.hpp>
#include <xtape/optim/sgd.hpp>
#include <xtape/train/data/digits.hpp>
#include <xtape/train/data/synthetic.hpp>
#include <xtape/train/diagnosis/preflight.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>

using namespace xtape;
using namespace xtape::train;

BOOST_AUTO_TEST_SUITE(preflight)

namespace {

template <class T>
struct Net : nn::Module<T> {
    explicit Net(std::ptrdiff_t in = 2, std::ptrdiff_t out = 3) : fc1{this, "fc1", in, 24}, fc2{this, "fc2", 24, out} {}
    nn::Linear<T> fc1, fc2;
    std::function<Variable<T>(const Variable<T>&)> between = [](const Variable<T>& x) { return relu(x); };
    std::function<Variable<T>(const Variable<T>&)> after = [](const Variable<T>& x) { return x; };
    Variable<T> forward(const Variable<T>& x) override { return after(fc2(between(fc1(x)))); }
};

// In mixed order, of deviation 1 or so.
template <class T = float>
Dataset<T> clouds() {
    const auto data = blobs<T>({.classes = 3, .per_class = 50, .seed = 3});
    const Indices order = Stream(1).permutation(data.size());
    const auto mixed = data.subset({order.storage().data(), order.size()});
    return mixed.map_inputs([](const Array<T>& x) { return Array<T>(x / T(8)); });
}

template <class T>
Diagnosis examine(Net<T>& net, const Dataset<T>& data = clouds<T>(), const PreflightOptions<T>& options = {}) {
    return train::preflight(net, classification<T>(), data, options);
}

void check_only(const Diagnosis& diagnosis, const std::string& rule) {
    BOOST_TEST(diagnosis.has(rule), diagnosis.message());
}

}    // namespace

BOOST_AUTO_TEST_CASE(a_sound_model_passes_every_check) {
    seed(1);
    Net<float> net;
    const Diagnosis diagnosis = examine(net);
    BOOST_TEST(diagnosis.healthy(), diagnosis.message());
    BOOST_TEST(diagnosis.size() == 28u);
    BOOST_TEST(std::abs(diagnosis.at("initial_loss").value - std::log(3)) < 0.4);
    BOOST_TEST(diagnosis.at("overfits_tiny_subset").value < 0.06);
    seed(1);
    Net<double> fine;
    const Diagnosis in_double = examine(fine);
    BOOST_TEST(in_double.healthy(), in_double.message());
    BOOST_TEST(in_double.at("gradient_check").value < 1e-5);
}

BOOST_AUTO_TEST_CASE(a_regression_passes_every_check) {
    seed(1);
    Net<float> net(4, 1);
    const auto data = linear_regression<float>({.count = 200, .features = 4});
    const Diagnosis diagnosis = train::preflight(net, regression<float>(), data);
    BOOST_TEST(diagnosis.healthy(), diagnosis.message());
}

BOOST_AUTO_TEST_CASE(nothing_is_changed) {
    seed(1);
    struct Full : Net<float> {
        nn::BatchNorm<float> norm{this, "norm", 24};
        nn::Dropout<float> dropout{this, "dropout", 0.3};
        Full() {
            between = [this](const Variable<float>& x) { return dropout(relu(norm(x))); };
        }
    } net;
    net.dropout.eval();
    optim::SGD<float> optimizer(net.named_parameters(), {.lr = 0.1, .momentum = 0.9});
    net.fc1.weight.set_grad(Array<float>(net.fc1.weight.shape(), 0.5F));
    const State model = net.state(), steps = optimizer.state(), random = default_generator().state();
    const auto data = clouds();
    const Array<float> inputs = data.inputs();
    PreflightOptions<float> options;
    options.optimizer = &optimizer;
    const Diagnosis diagnosis = examine(net, data, options);
    BOOST_TEST(diagnosis.healthy(), diagnosis.message());
    for (const auto& [name, value] : model) BOOST_TEST(identical(value, net.state().at(name)), name);
    for (const auto& [name, value] : steps) BOOST_TEST(identical(value, optimizer.state().at(name)), name);
    for (const auto& [name, value] : random) BOOST_TEST(identical(value, default_generator().state().at(name)), name);
    BOOST_TEST(identical(State::Value(share(inputs)), State::Value(data.inputs())));
    BOOST_TEST(net.fc1.weight.grad()(0, 0) == 0.5F);
    BOOST_TEST(!net.fc2.weight.has_grad());
    BOOST_TEST(net.is_training());
    BOOST_TEST(!net.dropout.is_training());
}

BOOST_AUTO_TEST_CASE(a_gradient_that_is_cut_off_is_found_twice) {
    seed(1);
    Net<float> net;
    net.between = [](const Variable<float>& x) { return relu(x).detach(); };
    const Diagnosis diagnosis = examine(net);
    check_only(diagnosis, "no_gradient");
    check_only(diagnosis, "gradient_check");
    BOOST_TEST(diagnosis.message().find("fc1.weight") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_model_that_trains_nothing_at_all_is_told_so) {
    seed(1);
    Net<float> net;
    net.after = [](const Variable<float>& x) { return x.detach(); };
    const Diagnosis diagnosis = examine(net);
    check_only(diagnosis, "no_gradient");
    check_only(diagnosis, "overfits_tiny_subset");
}

BOOST_AUTO_TEST_CASE(a_wrong_derivative_is_found) {
    seed(1);
    Net<float> net;
    // The value of relu, and twice its derivative.
    net.between = [](const Variable<float>& x) { return 2 * relu(x) - relu(x).detach(); };
    check_only(examine(net), "gradient_check");
}

BOOST_AUTO_TEST_CASE(examples_that_are_mixed_up_are_found) {
    seed(1);
    Net<float> net;
    net.after = [](const Variable<float>& x) { return x - mean(x, {0}); };
    check_only(examine(net), "examples_independent");
}

BOOST_AUTO_TEST_CASE(random_numbers_in_evaluation_are_found) {
    seed(1);
    Net<float> net;
    net.after = [](const Variable<float>& x) {
        return x + Variable<float>(default_generator().general().normal<float>(x.shape(), 0, 0.1));
    };
    check_only(examine(net), "evaluation_deterministic");
}

BOOST_AUTO_TEST_CASE(another_answer_in_evaluation_without_a_reason_is_found) {
    seed(1);
    Net<float> net;
    net.after = [&](const Variable<float>& x) { return net.is_training() ? x : 2 * x; };
    check_only(examine(net), "training_differs");
}

BOOST_AUTO_TEST_CASE(a_first_loss_that_is_far_off_is_found) {
    seed(1);
    Net<float> net;
    net.fc2.weight.update([](Array<float>& w) { w *= 100.0F; });
    const Diagnosis diagnosis = examine(net);
    check_only(diagnosis, "initial_loss");
    check_only(diagnosis, "initial_weights");
}

BOOST_AUTO_TEST_CASE(weights_of_zero_are_found) {
    seed(1);
    Net<float> net;
    for (auto& [name, parameter] : net.named_parameters()) parameter.update([](Array<float>& w) { w.fill(0); });
    const Diagnosis diagnosis = examine(net);
    check_only(diagnosis, "initial_weights");
    check_only(diagnosis, "overfits_tiny_subset");
    check_only(diagnosis, "penalty_raises_loss");
    check_only(diagnosis, "zero_gradient");
}

BOOST_AUTO_TEST_CASE(signals_that_fade_are_found) {
    seed(1);
    Net<float> net;
    net.fc1.weight.update([](Array<float>& w) { w *= 1e-6F; });
    check_only(examine(net), "activations_vanish");
    net.fc1.weight.update([](Array<float>& w) { w *= 1e12F; });
    check_only(examine(net), "activations_explode");
}

BOOST_AUTO_TEST_CASE(a_penalty_with_the_wrong_sign_is_found) {
    seed(1);
    Net<float> net;
    PreflightOptions<float> options;
    options.penalty = [&](double strength) {
        return static_cast<float>(-strength) * sum(net.fc1.weight * net.fc1.weight);
    };
    check_only(examine(net, clouds(), options), "penalty_raises_loss");
}

BOOST_AUTO_TEST_CASE(a_parameter_that_the_optimizer_lacks_is_found) {
    seed(1);
    Net<float> net;
    const optim::SGD<float> optimizer(net.named_parameters().below("fc1."), {.lr = 0.1});
    PreflightOptions<float> options;
    options.optimizer = &optimizer;
    const Diagnosis diagnosis = examine(net, clouds(), options);
    check_only(diagnosis, "not_optimized");
    BOOST_TEST(diagnosis.at("not_optimized").layer == "fc2.weight");
}

BOOST_AUTO_TEST_CASE(faults_of_the_data_are_found) {
    seed(1);
    Net<float> net, narrow(2, 3);
    const auto data = clouds();
    const auto sorted =
        blobs<float>({.classes = 3, .per_class = 50, .spread = 0.1, .seed = 3}).map_inputs([](const Array<float>& x) {
            return Array<float>(x / 8.0F);
        });
    check_only(examine(net, sorted), "labels_sorted");
    const DataLoader<float> shuffling(sorted, {.batch_size = 10, .shuffle = true});
    BOOST_TEST(!train::preflight(net, classification<float>(), shuffling).has("labels_sorted"));

    Array<float> holes = data.inputs();
    holes(3, 1) = std::nanf("");
    check_only(examine(net, {holes, data.labels()}), "inputs_scale");
    check_only(examine(net, data.map_inputs([](const Array<float>& x) { return Array<float>(x * 1e3F); })),
               "inputs_scale");

    Indices labels = data.labels();
    for (auto& label : labels) label = label == 1 ? 2 : label;
    check_only(examine(net, {data.inputs(), labels}), "classes_present");

    PreflightOptions<float> options;
    const std::vector<std::int64_t> some{4, 9};
    options.validation = data.subset(some);
    const Diagnosis shared = examine(net, data, options);
    check_only(shared, "validation_duplicates");
    BOOST_TEST(shared.at("validation_duplicates").message.find("2 validation examples") == 0u);
}

BOOST_AUTO_TEST_CASE(a_check_can_be_left_out_and_a_misspelt_one_is_refused) {
    seed(1);
    Net<float> net;
    PreflightOptions<float> options;
    options.ignore = {"labels_sorted"};
    BOOST_CHECK_THROW(examine(net, clouds(), options).at("labels_sorted"), std::out_of_range);
    options.ignore = {"sorted_labels"};
    BOOST_CHECK_THROW(examine(net, clouds(), options), std::invalid_argument);
    BOOST_CHECK_THROW(examine(net, Dataset<float>()), Error);
}

BOOST_AUTO_TEST_SUITE_END()
