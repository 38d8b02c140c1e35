// The loss of sequences of labels without an alignment.
#pragma once

#include <xtape/core/indices.hpp>
#include <xtape/core/variable.hpp>
#include <xtape/nn/reduction.hpp>

#include <cstdint>

namespace xtape::nn {

struct CtcOptions {
    std::int64_t blank = 0;
    Reduction reduction = Reduction::mean;
    bool zero_infinity = false;    // examples whose labels need more steps than there are count as 0
};

// The losses of ctc (ops/ctc.hpp), which says what shapes they take and what they throw; the mean divides each by its
// number of labels (at least 1) and then by the number of examples, as PyTorch's. Takes logarithms of probabilities
// (time, batch, classes), from log_softmax.
template <class T>
Variable<T> ctc_loss(const Variable<T>& log_probabilities, const IntegerArray& targets,
                     const IntegerArray& input_lengths, const IntegerArray& target_lengths, CtcOptions options = {});

}    // namespace xtape::nn
