// Training with a learning rate that rises once and falls once.
#pragma once

#include <xtape/optim/schedule.hpp>
#include <xtape/train/loop/trainer.hpp>

namespace xtape::train {

struct FitOneCycleOptions {
    double max_lr = 0;    // the highest rate, of all groups; 0: the optimizer's own
    double pct_start = 0.3;
    optim::Anneal anneal = optim::Anneal::cosine;
    bool three_phase = false;
    double div_factor = 25;
    double final_div_factor = 1e4;
    bool cycle_momentum = true;    // falls while the rate rises, if the optimizer has momentum
    double base_momentum = 0.85;
    double max_momentum = 0.95;
};

// Fits with optim::one_cycle over all steps of the training, in place of the trainer's schedules; called again after
// resume(), it goes on in the same cycle. Smith, "A disciplined approach to neural network hyper-parameters", 2018;
// the name is fastai's. Throws as fit(), and std::invalid_argument for options out of their range.
template <class T>
const History& fit_one_cycle(Trainer<T>& trainer, DataLoader<T>& batches, FitOneCycleOptions options = {});
template <class T>
const History& fit_one_cycle(Trainer<T>& trainer, DataLoader<T>& batches, DataLoader<T>& validation,
                             FitOneCycleOptions options = {});

}    // namespace xtape::train
