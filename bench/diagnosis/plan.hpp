// What a run of training consists of, and what may go wrong with it.
#pragma once

#include <cstddef>

namespace xtape::bench {

enum class Data { digits, blobs, circles, spirals, moons, friedman };
enum class Activation { relu, tanh, sigmoid };
enum class Loss { usual, likelihood, hinge, huber, absolute };

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
    Loss loss = Loss::usual;

    // What may go wrong.
    double weights = 1;    // factor of the initial ones
    double bias = 0;       // of the hidden layers
    bool cut = false, norm_in_evaluation = false, squash = false, labels_as_numbers = false;
    bool sorted = false, shuffled_labels = false, accumulating = false, leak = false;
    bool noise = false, wrong_loss = false;
    bool linear = false, rectified = false, negated = false, omitting = false, missing = false, odd_validation = false;
    bool summed = false, foreign_answers = false, across_examples = false;
    bool bounded = false;
    double target_scale = 1, target_offset = 0, weight_decay = 0, epsilon = 1e-8, spike = 1;
    double input_scale = 1, penalty = 1e-4, momentum = 0.9, dropout = 0, clip = 0, decay = 1;
};

}    // namespace xtape::bench
