// Finding a learning rate: a range test.
#pragma once

#include <xtape/train/loop/trainer.hpp>

#include <cstddef>
#include <vector>

namespace xtape::train {

struct RateFinderOptions {
    double low = 1e-7, high = 10;
    std::size_t steps = 100;
    double smoothing = 0.98;    // of the loss: an exponential average without bias
    double diverged = 4;        // ends the test when the smoothed loss is so many times the least so far
};

struct RateFinding {
    std::vector<double> rates, losses;    // of each step; the losses smoothed
    double steepest = 0;                  // where the loss falls fastest over the rate's logarithm
    double valley = 0;                    // two thirds into the longest fall, from its start
};

// Trains for some steps with a rate that grows exponentially from `low` to `high`, and puts everything back as it was:
// model, optimizer, loader and random streams, byte for byte. Smith, "Cyclical learning rates", 2017; the rule of the
// valley is fastai's. Throws std::invalid_argument unless 0 < low < high, steps >= 10, 0 <= smoothing < 1, diverged
// > 1.
template <class T>
RateFinding find_learning_rate(Trainer<T>& trainer, DataLoader<T>& batches, RateFinderOptions options = {});

}    // namespace xtape::train
