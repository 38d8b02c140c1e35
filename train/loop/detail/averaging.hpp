// The average of a run's weights: what it validates, and its result.
#pragma once

#include <xtape/core/state.hpp>
#include <xtape/nn/module.hpp>
#include <xtape/optim/average.hpp>
#include <xtape/train/data/loader.hpp>

#include <cstddef>
#include <memory>
#include <optional>

namespace xtape::train::detail {

// EMA (after each step) or SWA (after each epoch from `swa_from` on, counted from 1), or neither. SWA comes with the
// running statistics that batch normalisation has under the averaged weights: means over an epoch of the training data.
template <class T>
class Averaging {
public:
    Averaging(nn::Module<T>& model, const std::optional<optim::EMAOptions>& ema, std::optional<std::size_t> swa_from);

    void after_step();
    // `epoch` of them are complete. The loader is at the end of an epoch, and stays there.
    void after_epoch(std::size_t epoch, DataLoader<T>& batches);

    // While it lives, the model is the averaged one; null when nothing has been averaged yet.
    class Applied {
    public:
        explicit Applied(const Averaging& averaging);
        Applied(const Applied&) = delete;
        Applied& operator=(const Applied&) = delete;
        ~Applied();

    private:
        nn::Module<T>& model_;
        State own_;
    };
    std::unique_ptr<Applied> apply() const;
    // Makes the model the averaged one for good.
    void copy_to_model() const;

    State state() const;
    // Throws StateError, having changed nothing.
    void load_state(const State& state);

private:
    const optim::ParameterAverage<T>* average() const;
    void renew_statistics(DataLoader<T>& batches);

    nn::Module<T>& model_;
    std::optional<optim::EMA<T>> ema_;
    std::optional<optim::SWA<T>> swa_;
    std::size_t swa_from_ = 0;
    State statistics_;    // buffers of the averaged model, where they are not the model's own
};

extern template class Averaging<float>;
extern template class Averaging<double>;

}    // namespace xtape::train::detail
