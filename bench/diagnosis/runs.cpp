#include "runs.hpp"

#include <xtape/train.hpp>
#include <xtape/xtape.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <stdexcept>

namespace xtape::bench {
namespace {

using T = float;

enum class Data { digits, blobs, circles, spirals, moons, friedman };
enum class Activation { relu, tanh, sigmoid };

struct Plan {    // of a run
    Data data = Data::blobs;
    std::size_t count = 600;
    int hidden = 1;    // layers before the last
    std::ptrdiff_t width = 32;
    bool adam = false;
    double lr = 0.1;
    std::size_t epochs = 20;
    std::size_t batch = 30;
    Activation activation = Activation::relu;
    bool norm = false;

    // What may go wrong.
    double weights = 1;    // factor of the initial ones
    double bias = 0;       // of the hidden layers
    bool cut = false, norm_in_evaluation = false, squash = false, labels_as_numbers = false;
    bool sorted = false, shuffled_labels = false, accumulating = false, leak = false;
    bool linear = false, rectified = false, negated = false, omitting = false, missing = false, odd_validation = false;
    double input_scale = 1, penalty = 1e-4, momentum = 0.9, dropout = 0, clip = 0, decay = 1;
};

std::vector<Plan> plans() {
    return {
        {.data = Data::digits, .count = 2000, .width = 32, .lr = 0.05, .epochs = 10},
        {.data = Data::digits, .count = 2000, .hidden = 7, .width = 32, .adam = true, .lr = 2e-3, .epochs = 12},
        {.data = Data::blobs, .count = 600, .lr = 0.02, .epochs = 20},
        {.data = Data::blobs, .count = 600, .hidden = 7, .width = 16, .adam = true, .lr = 3e-3, .epochs = 20},
        {.data = Data::circles, .count = 600, .adam = true, .lr = 1e-2, .epochs = 40},
        {.data = Data::spirals, .count = 600, .width = 64, .adam = true, .lr = 1e-2, .epochs = 80},
        {.data = Data::moons, .count = 600, .lr = 0.1, .epochs = 40, .activation = Activation::tanh},
        {.data = Data::friedman, .count = 800, .width = 32, .adam = true, .lr = 1e-2, .epochs = 40},
    };
}

struct Net : nn::Module<T> {
    Net(std::ptrdiff_t in, std::ptrdiff_t out, const Plan& plan) : plan_(plan) {
        for (int i = 0; i <= plan.hidden; ++i) {
            const bool last = i == plan.hidden;
            linear_.push_back(std::make_unique<nn::Linear<T>>(this, "fc" + std::to_string(i + 1),
                                                              i == 0 ? in : plan.width, last ? out : plan.width));
            nn::Linear<T>& layer = *linear_.back();
            if (plan.activation == Activation::relu && !last)
                nn::init::kaiming_normal(layer.weight, {.nonlinearity = nn::init::Nonlinearity::relu});
            else
                nn::init::xavier_normal(layer.weight);
            layer.weight.update([&](Array<T>& w) { w *= static_cast<T>(plan.weights); });
            layer.bias.update([&](Array<T>& b) { b.fill(last ? T(0) : static_cast<T>(plan.bias)); });
            if (plan.norm && !last)
                norm_.push_back(std::make_unique<nn::BatchNorm<T>>(this, "norm" + std::to_string(i + 1), plan.width));
        }
    }
    Variable<T> forward(const Variable<T>& x) override {
        Variable<T> y = x;
        for (std::size_t i = 0; i < linear_.size(); ++i) {
            y = (*linear_[i])(y);
            if (i + 1 == linear_.size()) break;
            if (plan_.norm) {
                if (plan_.norm_in_evaluation) norm_[i]->eval();
                y = (*norm_[i])(y);
            }
            if (!plan_.linear)
                y = plan_.activation == Activation::relu   ? relu(y)
                    : plan_.activation == Activation::tanh ? tanh(y)
                                                           : sigmoid(y);
            if (plan_.dropout > 0) y = dropout_(y);
            if (plan_.cut && i == 0) y = y.detach();
        }
        if (plan_.rectified) y = relu(y);
        return plan_.squash ? softmax(y, -1) : y;
    }

private:
    Plan plan_;
    nn::Dropout<T> dropout_{this, "dropout", plan_.dropout};
    std::vector<std::unique_ptr<nn::Linear<T>>> linear_;
    std::vector<std::unique_ptr<nn::BatchNorm<T>>> norm_;
};

train::Dataset<T> make_data(const Plan& plan, std::uint64_t seed) {
    switch (plan.data) {
        case Data::digits: return train::digits<T>({.count = plan.count, .seed = seed});
        case Data::blobs:
            return train::blobs<T>({.classes = 4, .per_class = plan.count / 4, .features = 5, .seed = seed});
        case Data::circles: return train::circles<T>({.count = plan.count, .noise = 0.08, .seed = seed});
        case Data::spirals:
            return train::spirals<T>({.classes = 3, .per_class = plan.count / 3, .noise = 0.02, .seed = seed});
        case Data::moons: return train::moons<T>({.count = plan.count, .noise = 0.1, .seed = seed});
        case Data::friedman: return train::friedman<T>({.count = plan.count, .seed = seed});
    }
    throw std::logic_error("no such data");
}

// The same examples with their answers in another order, or all of them in the order of their answers.
train::Dataset<T> with_answers(const train::Dataset<T>& data, const std::vector<std::int64_t>& order) {
    const auto batch = data.fetch(order);
    if (data.has_labels()) return train::Dataset<T>(data.inputs(), batch.labels);
    return train::Dataset<T>(data.inputs(), batch.targets.value());
}

std::vector<std::int64_t> order_of_answers(const train::Dataset<T>& data) {
    std::vector<double> key;
    if (data.has_labels()) {
        const Indices labels = data.labels();
        key.assign(labels.begin(), labels.end());
    } else {
        const Array<T> targets = data.targets();
        key.assign(targets.begin(), targets.end());
    }
    std::vector<std::int64_t> order(data.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
        return key[static_cast<std::size_t>(a)] < key[static_cast<std::size_t>(b)];
    });
    return order;
}

// The same examples with more features.
train::Dataset<T> widened(const train::Dataset<T>& data, const Array<T>& columns) {
    const Array<T> inputs = data.inputs();
    const std::size_t n = data.size(), length = inputs.size() / n, more = columns.size() / n;
    Array<T> wide = empty_array<T>({n, length + more});
    for (std::size_t i = 0; i < n; ++i) {
        std::copy_n(inputs.storage().data() + i * length, length, wide.storage().data() + i * (length + more));
        std::copy_n(columns.storage().data() + i * more, more, wide.storage().data() + i * (length + more) + length);
    }
    if (data.has_labels()) return train::Dataset<T>(std::move(wide), data.labels());
    return train::Dataset<T>(std::move(wide), data.targets());
}

// The answer as one more feature, hardly blurred.
train::Dataset<T> leaking(const train::Dataset<T>& data, Stream& stream) {
    Array<T> answer = stream.normal<T>({data.size(), 1}, 0, 0.01);
    for (std::size_t i = 0; i < data.size(); ++i)
        answer.storage()[i] +=
            data.has_labels() ? static_cast<T>(data.labels().storage()[i]) : data.targets().storage()[i];
    return widened(data, answer);
}

train::Objective<T> objective_of(const Plan& plan) {
    if (plan.negated) {
        if (plan.data == Data::friedman)
            return train::Objective<T>(
                [](const Variable<T>& outputs, const train::Batch<T>& batch) {
                    return -nn::mse_loss(outputs, batch.targets);
                },
                {train::r_squared<T>()}, train::Objective<T>::Kind::regression);
        return train::Objective<T>(
            [](const Variable<T>& outputs, const train::Batch<T>& batch) {
                return -nn::cross_entropy(outputs, batch.labels);
            },
            {train::accuracy<T>()}, train::Objective<T>::Kind::classification);
    }
    if (plan.data == Data::friedman) return train::regression<T>();
    if (!plan.labels_as_numbers) return train::classification<T>();
    return train::Objective<T>(
        [](const Variable<T>& outputs, const train::Batch<T>& batch) {
            Array<T> numbers = empty_array<T>(outputs.shape());
            const std::size_t classes = outputs.shape()[1];
            for (std::size_t i = 0; i < numbers.size(); ++i)
                numbers.storage()[i] = static_cast<T>(batch.labels.storage()[i / classes]);
            return nn::mse_loss(outputs, Variable<T>(numbers));
        },
        {train::accuracy<T>()}, train::Objective<T>::Kind::classification);
}

}    // namespace

const std::vector<Setting>& settings() {
    static const std::vector<Setting> all{{"digits, 2 layers, SGD"},   {"digits, 8 layers, Adam"},
                                          {"blobs, 2 layers, SGD"},    {"blobs, 8 layers, Adam"},
                                          {"circles, 2 layers, Adam"}, {"spirals, 2 layers, Adam"},
                                          {"moons, 2 layers, SGD"},    {"friedman, 2 layers, Adam"}};
    return all;
}

const std::vector<Fault>& faults() {
    static const std::vector<Fault> all{
        {"learning rate too low", {"learning_rate_too_low", "parameters_unchanged"}},
        {"learning rate too high", {"learning_rate_too_high", "loss_not_finite", "loss_oscillates"}},
        {"learning rate wildly too high", {"learning_rate_too_high", "loss_not_finite"}},
        {"sorted labels, not shuffled", {"batches_sorted"}},
        {"labels shuffled", {"validation_at_chance", "not_learning"}},
        {"zero_grad forgotten", {"gradients_accumulate"}},
        {"weights all zero", {"initial_weights", "units_alike"}},
        {"weights too small", {"initial_weights"}},
        {"weights too large", {"initial_weights", "initial_loss"}},
        {"dead rectifiers", {"dead_units"}},
        {"saturated sigmoids, 10 layers", {"saturated_units", "gradients_vanish", "initial_weights"}},
        {"inputs of scale 1e3", {"inputs_scale"}},
        {"penalty 1e3 too strong", {"penalty_dominates"}},
        {"wrong loss", {"loss_does_not_fit", "accuracy_at_chance"}},
        {"layer cut off by detach", {"no_gradient"}},
        {"answer in the inputs", {"answer_in_inputs"}},
        {"batch norm in evaluation", {"layers_in_evaluation"}},
        {"too few epochs", {"too_few_epochs"}},
        {"overfitting", {"overfitting"}},
        {"momentum of 0.999", {"learning_rate_too_high", "loss_not_finite", "loss_oscillates"}, true},
        {"dropout of 0.97", {"validation_better_than_training", "underfitting", "plateau", "not_learning"}, true},
        {"validation data not normalised", {"overfitting", "validation_at_chance"}, true},
        {"gradients clipped to 1e-6", {"learning_rate_too_low"}, true},
        {"rectified outputs", {"loss_does_not_fit"}, true},
        {"hidden layers of one unit", {"underfitting", "plateau", "dead_units", "not_learning"}, true},
        {"rate that halves every step",
         {"learning_rate_too_low", "parameters_unchanged", "too_few_epochs", "plateau"},
         true},
        {"missing values", {"inputs_scale", "loss_not_finite"}, true},
        {"inputs all zero", {"inputs_scale"}, true},
        {"loss of the wrong sign",
         {"accuracy_at_chance", "not_learning", "learning_rate_too_high", "validation_at_chance", "loss_not_finite"},
         true},
        {"no activation functions", {"no_activation"}, true},
        {"first layer not in the optimizer", {"not_optimized"}, true},
    };
    return all;
}

namespace {

void spoil(Plan& plan, const std::string& fault) {
    if (fault == "learning rate too low") plan.lr *= 1e-4;
    if (fault == "learning rate too high") plan.lr *= 40;
    if (fault == "learning rate wildly too high") plan.lr *= 1e5;
    if (fault == "sorted labels, not shuffled") plan.sorted = true;
    if (fault == "labels shuffled") plan.shuffled_labels = true;
    if (fault == "zero_grad forgotten") plan.accumulating = true;
    if (fault == "weights all zero") plan.weights = 0;
    if (fault == "weights too small") plan.weights = 1e-3;
    if (fault == "weights too large") plan.weights = 20;
    if (fault == "dead rectifiers") plan.bias = -100;
    if (fault == "saturated sigmoids, 10 layers") {
        plan.hidden = 9;
        plan.activation = Activation::sigmoid;
        plan.weights = 10;
    }
    if (fault == "inputs of scale 1e3") plan.input_scale = 1e3;
    if (fault == "penalty 1e3 too strong") plan.penalty *= 1e3 * 10;
    if (fault == "layer cut off by detach") plan.cut = true;
    if (fault == "answer in the inputs") plan.leak = true;
    if (fault == "batch norm in evaluation") plan.norm = plan.norm_in_evaluation = true;
    if (fault == "too few epochs")
        plan.epochs = std::max<std::size_t>(1, plan.epochs / 15), plan.lr /= plan.adam ? 3 : 3;
    if (fault == "momentum of 0.999") plan.momentum = 0.999;
    if (fault == "dropout of 0.97") plan.dropout = 0.97;
    if (fault == "validation data not normalised") plan.odd_validation = true;
    if (fault == "gradients clipped to 1e-6") plan.clip = 1e-6;
    if (fault == "rectified outputs") plan.rectified = true;
    if (fault == "hidden layers of one unit") plan.width = 1;
    if (fault == "rate that halves every step") plan.decay = 0.5;
    if (fault == "missing values") plan.missing = true;
    if (fault == "inputs all zero") plan.input_scale = 0;
    if (fault == "loss of the wrong sign") plan.negated = true;
    if (fault == "no activation functions") plan.linear = true;
    if (fault == "first layer not in the optimizer") plan.omitting = true;
    if (fault == "overfitting") {
        plan.count = 120;
        plan.width = 256;
        plan.hidden = 2;
        plan.epochs = 120;
        plan.adam = true;
        plan.lr = 3e-3;
        plan.batch = 10;
    }
}

}    // namespace

bool applies(std::size_t setting, int fault) {
    if (fault < 0) return true;
    const Plan plan = plans().at(setting);
    const std::string& name = faults().at(static_cast<std::size_t>(fault)).name;
    if (name == "dead rectifiers") return plan.activation == Activation::relu;
    if (name == "momentum of 0.999" || name == "gradients clipped to 1e-6") return !plan.adam;    // Adam divides it out
    return true;
}

Outcome run(std::size_t setting, int fault, std::uint64_t number) {
    Plan plan = plans().at(setting);
    const std::string wrong = fault < 0 ? "" : faults().at(static_cast<std::size_t>(fault)).name;
    seed(1000 * number + 17 * setting + 1);
    Stream& stream = default_generator().stream("faults");
    if (fault < 0) {    // healthy runs differ in more than their seeds
        if (number % 2 == 1) plan.norm = plan.hidden < 3;
        if (number % 3 == 1) plan.batch *= 2;
        if (number % 4 == 3) plan.lr *= 0.5;
        if (number % 5 == 4) plan.width *= 2;
    }
    spoil(plan, wrong);
    if (wrong == "wrong loss") {
        if (plan.data == Data::friedman)
            plan.squash = true;
        else
            (number % 2 == 0 ? plan.squash : plan.labels_as_numbers) = true;
    }
    train::Dataset<T> data = make_data(plan, number);
    if (wrong == "overfitting") {    // noise is all that there is to be learnt by heart
        std::vector<std::int64_t> order(data.size());
        std::iota(order.begin(), order.end(), 0);
        for (std::size_t i = 0; i + 1 < order.size(); i += 8)
            std::swap(order[i],
                      order[static_cast<std::size_t>(stream.integer(static_cast<std::int64_t>(order.size())))]);
        data = with_answers(data, order);
        if (plan.data != Data::digits) data = widened(data, stream.normal<T>({data.size(), 20}));
    }
    if (plan.shuffled_labels) {
        const Indices order = stream.permutation(data.size());
        data = with_answers(data, {order.begin(), order.end()});
    }
    if (plan.leak) data = leaking(data, stream);
    auto parts = train::split(data, {.validation = 0.25, .seed = number});
    if (plan.data != Data::digits) {
        const train::Standardize<T> standardize(parts.train);
        parts.train = standardize(parts.train);
        parts.validation = standardize(parts.validation);
    }
    if (plan.data == Data::friedman) {    // targets of mean 0 and deviation 1, about
        auto scaled = [](const train::Dataset<T>& set) {
            return train::Dataset<T>(set.inputs(), Array<T>((set.targets() - T(14.4)) / T(5)));
        };
        parts.train = scaled(parts.train);
        parts.validation = scaled(parts.validation);
    }
    if (plan.input_scale != 1) {
        auto scale = [&](const Array<T>& x) { return Array<T>(x * static_cast<T>(plan.input_scale)); };
        parts.train = parts.train.map_inputs(scale);
        parts.validation = parts.validation.map_inputs(scale);
    }
    if (plan.odd_validation)
        parts.validation = parts.validation.map_inputs([](const Array<T>& x) { return Array<T>(x * T(20) + T(30)); });
    if (plan.missing)
        parts.train = parts.train.map_inputs([](const Array<T>& x) {
            Array<T> holes(x);
            holes.storage()[holes.size() / 2] = std::numeric_limits<T>::quiet_NaN();
            return holes;
        });
    if (plan.sorted) parts.train = parts.train.subset(order_of_answers(parts.train));

    const auto in = static_cast<std::ptrdiff_t>(parts.train.inputs().shape()[1]);
    const auto out = parts.train.has_labels() ? static_cast<std::ptrdiff_t>(data.classes()) : 1;
    Net net(in, out, plan);
    auto parameters = net.named_parameters();
    std::vector<Array<T>> sums(parameters.size());
    if (plan.accumulating)
        for (std::size_t i = 0; i < parameters.size(); ++i)
            parameters[i].parameter.register_hook([&sum = sums[i]](const Variable<T>& gradient) {
                sum = sum.size() == gradient.size() && sum.dimension() > 0 ? Array<T>(sum + gradient.value())
                                                                           : Array<T>(gradient.value());
                return Variable<T>(Array<T>(sum));
            });
    if (plan.omitting)
        parameters = parameters.filter([](const std::string& name, const auto&) { return !name.starts_with("fc1."); });
    std::unique_ptr<optim::Optimizer<T>> optimizer;
    if (plan.adam)
        optimizer = std::make_unique<optim::Adam<T>>(parameters, optim::AdamOptions{.lr = plan.lr});
    else
        optimizer =
            std::make_unique<optim::SGD<T>>(parameters, optim::SGDOptions{.lr = plan.lr, .momentum = plan.momentum});
    train::Trainer<T> trainer(net, *optimizer, objective_of(plan),
                              {.epochs = plan.epochs,
                               .schedule = optim::Schedule([decay = plan.decay](std::int64_t step) {
                                   return std::max(1e-300, std::pow(decay, static_cast<double>(step)));
                               }),
                               .penalty = [&] { return plan.penalty * nn::l2_penalty(parameters); },
                               .clip_norm = plan.clip,
                               .progress = train::Progress::none});
    trainer.add<train::Watch>();
    train::DataLoader<T> batches(parts.train, {.batch_size = plan.batch, .shuffle = !plan.sorted});
    train::DataLoader<T> validation(parts.validation, {.batch_size = 500});
    trainer.fit(batches, validation);

    Outcome outcome{trainer.diagnosis()};
    const auto& m = trainer.measurements();
    const train::Evidence evidence{m, trainer.history(), true, trainer.steps()};
    outcome.first_loss = evidence.first_loss();
    outcome.last_loss = evidence.last_loss();
    outcome.chance = evidence.chance();
    for (const char* name : {"accuracy", "r2"})
        if (trainer.history().contains(std::string("validation.") + name)) {
            outcome.goodness = trainer.history().last(std::string("validation.") + name);
            outcome.train_goodness = trainer.history().last(std::string("train.") + name);
        }
    return outcome;
}

}    // namespace xtape::bench
