#include "runs.hpp"

#include <xtape/train.hpp>
#include <xtape/xtape.hpp>

#include <algorithm>
#include <cmath>
#include <memory>

#include "data.hpp"

namespace xtape::bench {
namespace {

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
        if (plan_.bounded) y = tanh(y);
        if (plan_.across_examples) y = softmax(y, 0);
        return plan_.squash ? softmax(y, -1) : y;
    }

private:
    Plan plan_;
    nn::Dropout<T> dropout_{this, "dropout", plan_.dropout};
    std::vector<std::unique_ptr<nn::Linear<T>>> linear_;
    std::vector<std::unique_ptr<nn::BatchNorm<T>>> norm_;
};

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
    if (plan.loss != Loss::usual)
        return train::Objective<T>(
            [loss = plan.loss](const Variable<T>& outputs, const train::Batch<T>& batch) {
                switch (loss) {
                    case Loss::hinge: return nn::multiclass_hinge_loss(outputs, batch.labels);
                    case Loss::huber: return nn::huber_loss(outputs, batch.targets);
                    case Loss::absolute: return nn::l1_loss(outputs, batch.targets);
                    default: return nn::nll_loss(log_softmax(outputs, -1), batch.labels);
                }
            },
            {plan.data == Data::friedman ? train::r_squared<T>() : train::accuracy<T>()},
            plan.data == Data::friedman ? train::Objective<T>::Kind::regression
                                        : train::Objective<T>::Kind::classification);
    if (plan.summed)
        return train::Objective<T>(
            [regression = plan.data == Data::friedman](const Variable<T>& outputs, const train::Batch<T>& batch) {
                const T count = static_cast<T>(outputs.shape()[0]);
                return count *
                       (regression ? nn::mse_loss(outputs, batch.targets) : nn::cross_entropy(outputs, batch.labels));
            },
            {plan.data == Data::friedman ? train::r_squared<T>() : train::accuracy<T>()},
            plan.data == Data::friedman ? train::Objective<T>::Kind::regression
                                        : train::Objective<T>::Kind::classification);
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

Outcome run(const Setting& setting, const Fault* fault, std::uint64_t number) {
    Plan plan = setting.plan;
    seed(1000 * number + 17 * static_cast<std::uint64_t>(&setting - settings().data()) + 1);
    if (fault == nullptr) {    // healthy runs differ in more than their seeds
        if (number % 2 == 1) plan.norm = plan.hidden < 3;
        if (number % 3 == 1) plan.batch *= 2;
        if (number % 4 == 3) plan.lr *= 0.5;
        if (number % 5 == 4) plan.width *= 2;
        if (number % 7 == 3) plan.dropout = plan.hidden < 3 ? 0.2 : 0;
        if (number % 6 == 5)
            plan.loss = plan.data == Data::friedman ? (number % 4 == 1 ? Loss::huber : Loss::absolute)
                                                    : (number % 4 == 1 ? Loss::hinge : Loss::likelihood);
    } else {
        fault->spoil(plan);
    }
    if (plan.wrong_loss) (plan.data == Data::friedman || number % 2 == 0 ? plan.squash : plan.labels_as_numbers) = true;
    const train::Split<T> parts = make_parts(plan, number);

    const auto in = static_cast<std::ptrdiff_t>(parts.train.inputs().shape()[1]);
    const auto out = parts.train.has_labels() ? static_cast<std::ptrdiff_t>(parts.train.classes()) : 1;
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
        optimizer = std::make_unique<optim::Adam<T>>(
            parameters, optim::AdamOptions{.lr = plan.lr, .eps = plan.epsilon, .weight_decay = plan.weight_decay});
    else
        optimizer = std::make_unique<optim::SGD<T>>(
            parameters, optim::SGDOptions{.lr = plan.lr, .momentum = plan.momentum, .weight_decay = plan.weight_decay});
    const auto middle = static_cast<std::int64_t>(plan.epochs * parts.train.size() / plan.batch / 2);
    train::Trainer<T> trainer(
        net, *optimizer, objective_of(plan),
        {.epochs = plan.epochs,
         .schedule = optim::Schedule([decay = plan.decay, spike = plan.spike, middle](std::int64_t step) {
             return std::max(1e-300, std::pow(decay, static_cast<double>(step))) * (step < middle ? 1 : spike);
         }),
         .penalty = [&] { return plan.penalty * nn::l2_penalty(parameters); },
         .clip_norm = plan.clip,
         .progress = train::Progress::none});
    trainer.add<train::Watch>();
    train::DataLoader<T> batches(parts.train, {.batch_size = plan.batch, .shuffle = !plan.sorted});
    train::DataLoader<T> validation(parts.validation, {.batch_size = 500});
    Outcome outcome;
    if (fault == nullptr)
        outcome.before = train::preflight(net, objective_of(plan), batches, {.optimizer = optimizer.get()});
    trainer.fit(batches, validation);

    outcome.diagnosis = trainer.diagnosis();
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
