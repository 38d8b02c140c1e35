// The loss of a classifier, fused with its softmax.
#pragma once

#include <xtape/core/indices.hpp>
#include <xtape/core/variable.hpp>

#include <cstddef>
#include <cstdint>

namespace xtape {

struct CrossEntropyOptions {
    std::ptrdiff_t axis = -1;            // of the classes
    std::int64_t ignore_index = -100;    // rows with this target have loss and gradient 0
    double label_smoothing = 0;          // e of the target, spread evenly over all classes
};

// One loss per row, -sum_c q_c log softmax(logits)_c, where the target distribution q is 1 - e at `targets` plus e / n
// everywhere, for n classes and e = label_smoothing; dlogits = g (softmax(logits) - q). For the mean over a batch:
// mean(softmax_cross_entropy(logits, targets)). Finite for any finite logits. Shapes (..., n), (...) -> (...), with the
// classes on `axis`. Throws ShapeError for others, std::out_of_range for a target that is neither 0 to n - 1 nor
// ignore_index, std::invalid_argument for e outside [0, 1].
template <class T>
Variable<T> softmax_cross_entropy(const Variable<T>& logits, const IntegerArray& targets,
                                  CrossEntropyOptions options = {});

// One loss per row, -sum_c q_c log softmax(logits)_c; dlogits = g (sum(q) softmax(logits) - q), dq = -g log
// softmax(logits). The rows of q need not add up to 1: they may carry class weights. Shapes (..., n), (..., n) ->
// (...), with the classes on `axis`. Throws ShapeError for others.
template <class T>
Variable<T> softmax_cross_entropy(const Variable<T>& logits, const Variable<T>& q, std::ptrdiff_t axis = -1);

}    // namespace xtape
