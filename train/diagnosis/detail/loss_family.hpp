// What kind of loss a run minimises, by the operations that the tape has between outputs and loss: a user's own
// spelling counts as well as nn's function.
#pragma once

#include <xtape/train/diagnosis/measurements.hpp>

#include <algorithm>
#include <initializer_list>
#include <string>

namespace xtape::train::detail {

enum class LossFamily {
    other,
    cross_entropy,    // a softmax and its logarithm
    logistic,         // a sigmoid and its logarithm
    hinge,            // of several classes: scores less the right one's, rectified
    squared_error,
    absolute_error,
};

LossFamily loss_family(const Measurements& measured);

// Whether one of the operations is between outputs and loss.
inline bool loss_uses(const Measurements& measured, std::initializer_list<const char*> operations) {
    const auto& all = measured.loss_operations;
    return std::any_of(operations.begin(), operations.end(), [&](const char* operation) {
        return std::find(all.begin(), all.end(), operation) != all.end();
    });
}

// What the loss is where nothing of the inputs is known: the entropy of the class frequencies, C - 1 of a hinge, the
// targets' variance of a squared error; NaN where that cannot be said.
double loss_of_knowing_nothing(const Measurements& measured);

}    // namespace xtape::train::detail
