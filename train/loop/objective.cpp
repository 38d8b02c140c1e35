#include <xtape/nn/classification_loss.hpp>
#include <xtape/nn/regression_loss.hpp>
#include <xtape/train/loop/objective.hpp>

namespace xtape::train {

template <class T>
typename Objective<T>::Result Objective<T>::operator()(nn::Module<T>& model, const Batch<T>& batch) const {
    if (loss_) return {loss_(model, batch), {}};
    Variable<T> outputs = model(batch.inputs);
    Variable<T> loss = output_loss_(outputs, batch);
    return {std::move(loss), std::move(outputs)};
}

template <class T>
Objective<T> classification(Metrics<T> more) {
    more.insert(more.begin(), accuracy<T>());
    return Objective<T>(
        [](const Variable<T>& outputs, const Batch<T>& batch) {
            if (batch.labels.size() == 0)
                throw Error("[classification] got examples without labels; wanted a data set with integer labels");
            return nn::cross_entropy(outputs, batch.labels);
        },
        std::move(more), Objective<T>::Kind::classification);
}

template <class T>
Objective<T> regression(Metrics<T> more) {
    more.insert(more.begin(), {mean_absolute_error<T>(), r_squared<T>()});
    return Objective<T>(
        [](const Variable<T>& outputs, const Batch<T>& batch) {
            if (!batch.targets.defined())
                throw Error("[regression] got examples without targets; wanted a data set with numbers as targets");
            return nn::mse_loss(outputs, batch.targets);
        },
        std::move(more), Objective<T>::Kind::regression);
}

template class Objective<float>;
template class Objective<double>;
template Objective<float> classification(Metrics<float>);
template Objective<double> classification(Metrics<double>);
template Objective<float> regression(Metrics<float>);
template Objective<double> regression(Metrics<double>);

}    // namespace xtape::train
