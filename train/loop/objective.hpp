// Objective<T>: what is minimised, and what else is measured.
#pragma once

#include <xtape/nn/module.hpp>
#include <xtape/train/loop/metrics.hpp>

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

namespace xtape::train {

// A function of a model and a batch whose value, a single element, is the loss; without the penalty, which a Trainer
// keeps apart. One that says how the loss follows from the model's outputs can be measured as well.
template <class T>
class Objective {
public:
    using Loss = std::function<Variable<T>(nn::Module<T>& model, const Batch<T>& batch)>;
    using OutputLoss = std::function<Variable<T>(const Variable<T>& outputs, const Batch<T>& batch)>;
    enum class Kind { other, classification, regression };
    struct Result {
        Variable<T> loss;
        Variable<T> outputs;    // not defined() for a function of the model as a whole
    };

    // Any function of a model and a batch.
    template <class F>
    requires std::is_invocable_r_v < Variable<T>,
    const F&, nn::Module<T>&, const Batch<T>& > explicit Objective(F loss) : loss_(std::move(loss)) {}
    // outputs = model(batch.inputs); loss(outputs, batch); and metrics of the outputs.
    Objective(OutputLoss loss, Metrics<T> metrics, Kind kind = Kind::other)
        : output_loss_(std::move(loss)), metrics_(std::move(metrics)), kind_(kind) {}

    Result operator()(nn::Module<T>& model, const Batch<T>& batch) const;
    const Metrics<T>& metrics() const { return metrics_; }
    Kind kind() const { return kind_; }

private:
    Loss loss_;
    OutputLoss output_loss_;
    Metrics<T> metrics_;
    Kind kind_ = Kind::other;
};

// The mean cross entropy of outputs (n, classes) and labels; measures the accuracy, and what is given.
template <class T>
Objective<T> classification(Metrics<T> more = {});

// The mean squared error of outputs and targets of the same shape; measures the mean absolute error and R^2, and what
// is given.
template <class T>
Objective<T> regression(Metrics<T> more = {});

extern template class Objective<float>;
extern template class Objective<double>;

}    // namespace xtape::train
