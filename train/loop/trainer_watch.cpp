// What a trainer does for those who watch it: measurements, and the way back to where a value went wrong.
#include <xtape/core/anomaly.hpp>
#include <xtape/core/backward.hpp>
#include <xtape/core/mode.hpp>
#include <xtape/core/random.hpp>
#include <xtape/nn/clip.hpp>
#include <xtape/train/diagnosis/detail/sampler.hpp>
#include <xtape/train/diagnosis/detail/statistics.hpp>
#include <xtape/train/loop/detail/averaging.hpp>
#include <xtape/train/loop/detail/running.hpp>
#include <xtape/train/loop/trainer.hpp>

#include <cmath>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace xtape::train {

template <class T>
Diagnosis Trainer<T>::diagnosis() const {
    Diagnosis all;
    for (const auto& callback : callbacks_) all.add(callback->diagnosis());
    return all;
}

template <class T>
void Trainer<T>::measure(const MeasureOptions& options) {
    if (sampler_) {
        sampler_->also(options);
        return;
    }
    using Kind = typename Objective<T>::Kind;
    measurements_.task = objective_.kind() == Kind::classification ? Task::classification
                         : objective_.kind() == Kind::regression   ? Task::regression
                                                                   : Task::other;
    if (options_.team != nullptr) return;    // no process sees the whole batch
    sampler_ = std::make_unique<detail::Sampler<T>>(model_, &optimizer_, options, measurements_);
    sampler_->load_state(std::exchange(sampler_state_, State()));
}

template <class T>
struct Trainer<T>::Remembered {
    std::int64_t step;
    State model, optimizer, random, loader, average;
};

template <class T>
typename Trainer<T>::Remembered Trainer<T>::everything() const {
    return {steps_,
            model_.state(),
            optimizer_.state(),
            default_generator().state(),
            batches_->state(),
            averaging_->state()};
}

template <class T>
void Trainer<T>::bring_back(const Remembered& was) {
    model_.load_state(was.model);
    optimizer_.load_state(was.optimizer);
    default_generator().load_state(was.random);
    batches_->load_state(was.loader);
    averaging_->load_state(was.average);
}

template <class T>
void Trainer<T>::remember() {
    if (batches_ != nullptr) remembered_ = std::make_shared<const Remembered>(everything());
}

// One step of the optimizer, nothing of it being measured. Whether loss, gradients and parameters stayed finite.
template <class T>
bool Trainer<T>::repeat_step(std::int64_t step) {
    optimizer_.zero_grad();
    for (std::size_t gathered = 0; gathered < options_.accumulate; ++gathered) {
        const Batch<T>* batch = batches_->next();
        if (batch == nullptr && gathered > 0) break;
        if (batch == nullptr) batch = batches_->next();
        Variable<T> loss = whole_loss(objective_(model_, *batch).loss);
        if (!std::isfinite(loss.item())) return false;
        backward(loss);
    }
    auto finite = [](const Array<T>& array) {
        return std::isfinite(detail::norm<T>({array.storage().data(), array.size()}));
    };
    for (const auto& [name, parameter] : parameters_)
        if (parameter.has_grad() && !finite(parameter.grad())) return false;
    if (options_.clip_norm > 0) nn::clip_grad_norm(parameters_, options_.clip_norm);
    if (options_.momentum) optimizer_.set_momentum((*options_.momentum)(step - 1));
    optimizer_.step();
    for (const auto& [name, parameter] : parameters_)
        if (!finite(parameter.value())) return false;
    return true;
}

namespace {

// Gives parameters and the outputs of layers names, for messages, and takes them back.
template <class T>
class Naming {
public:
    explicit Naming(Parameters<T> parameters) : parameters_(std::move(parameters)) {
        for (auto& [name, parameter] : parameters_) {
            before_.push_back(parameter.name());
            parameter.set_name(name);
        }
    }
    Naming(const Naming&) = delete;
    Naming& operator=(const Naming&) = delete;
    ~Naming() {
        for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i].parameter.set_name(before_[i]);
    }

    // The layer that a message is about: that of a parameter which it names, or the last one before the operation.
    std::string layer_in(const std::string& message) const {
        for (const auto& [name, parameter] : parameters_)
            if (message.find(name + " (") != std::string::npos) return name.substr(0, name.rfind('.'));
        const std::string_view number = "value number ";
        const std::size_t found = message.find(number);
        if (found == std::string::npos) return "";
        const std::uint64_t place = std::strtoull(message.c_str() + found + number.size(), nullptr, 10);
        std::string layer;
        for (const auto& [at, path] : layers_)
            if (at <= place) layer = path;
        return layer;
    }

private:
    Parameters<T> parameters_;
    std::vector<std::string> before_;
    std::vector<std::pair<std::uint64_t, std::string>> layers_;    // by their outputs' places under the guard
    nn::OutputWatch<T> watch_{[this](nn::Module<T>& module, const Variable<T>& output) {
        if (module.path().empty()) return;
        layers_.emplace_back(output.id() - xtape::detail::mode.watched_from + 1, module.path());
        if (output.name().empty()) Variable<T>(output).set_name("the output of " + module.path());
    }};
};

}    // namespace

// Repeats the steps that are behind until one goes wrong.
template <class T>
void Trainer<T>::find_anomaly(Anomaly& anomaly) {
    for (anomaly.step = anomaly.went_back_to + 1; anomaly.step <= steps_; ++anomaly.step) {
        const Remembered before = everything();
        if (repeat_step(anomaly.step)) continue;
        bring_back(before);
        const Naming<T> names(parameters_);
        try {
            const AnomalyGuard guard;
            repeat_step(anomaly.step);
            anomaly.operation = "The optimizer's step made a parameter that is not finite of a gradient that was.";
        } catch (const AnomalyError& error) {
            anomaly.operation = error.what();
            anomaly.layer = names.layer_in(anomaly.operation);
        }
        return;
    }
    anomaly.step = steps_;
}

template <class T>
std::optional<Anomaly> Trainer<T>::go_back() {
    if (remembered_ == nullptr || batches_ == nullptr) return std::nullopt;
    const auto good = remembered_;
    const State loader = batches_->state();
    Anomaly anomaly;
    anomaly.went_back_to = good->step;
    auto end = [&] {
        bring_back(*good);
        batches_->load_state(loader);
    };
    try {
        bring_back(*good);
        find_anomaly(anomaly);
    } catch (...) {
        end();
        throw;
    }
    end();
    return anomaly;
}

// The other members are instantiated where they are defined.
template Diagnosis Trainer<float>::diagnosis() const;
template void Trainer<float>::measure(const MeasureOptions&);
template typename Trainer<float>::Remembered Trainer<float>::everything() const;
template void Trainer<float>::bring_back(const Remembered&);
template void Trainer<float>::remember();
template bool Trainer<float>::repeat_step(std::int64_t);
template void Trainer<float>::find_anomaly(Anomaly&);
template std::optional<Anomaly> Trainer<float>::go_back();
template Diagnosis Trainer<double>::diagnosis() const;
template void Trainer<double>::measure(const MeasureOptions&);
template typename Trainer<double>::Remembered Trainer<double>::everything() const;
template void Trainer<double>::bring_back(const Remembered&);
template void Trainer<double>::remember();
template bool Trainer<double>::repeat_step(std::int64_t);
template void Trainer<double>::find_anomaly(Anomaly&);
template std::optional<Anomaly> Trainer<double>::go_back();

}    // namespace xtape::train
