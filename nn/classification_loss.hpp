// Losses of classifiers. Scores are (N, C), (N, C, ...) or (C,), with the classes on axis 1 (or 0), labels (N), (N,
// ...) or (). Throw ShapeError for others and for an empty batch, std::out_of_range naming the index of a label that is
// no class, std::invalid_argument naming the index where a target is NaN, and for options out of range.
#pragma once

#include <xtape/core/indices.hpp>
#include <xtape/core/variable.hpp>
#include <xtape/nn/reduction.hpp>

#include <cstdint>
#include <vector>

namespace xtape::nn {

struct CrossEntropyLossOptions {
    std::vector<double> weight = {};     // one per class; the mean is then divided by the weights of the labels
    std::int64_t ignore_index = -100;    // labels that do not count
    double label_smoothing = 0;          // e of the target, spread evenly over all classes
    Reduction reduction = Reduction::mean;
};

// -log softmax(scores)_label, fused: see softmax_cross_entropy; softmax(scores) - onehot(label). With weights and
// smoothing e over C classes: -(1 - e) w_label log p_label - (e / C) sum_c w_c log p_c. The mean is over labels that
// are not ignored, and throws std::invalid_argument when all are.
template <class T>
Variable<T> cross_entropy(const Variable<T>& scores, const IntegerArray& labels,
                          const CrossEntropyLossOptions& options = {});
// -sum_c w_c q_c log softmax(scores)_c for probabilities q of the shape of the scores, smoothed by e; the mean is over
// examples, whatever the weights.
template <class T>
Variable<T> cross_entropy(const Variable<T>& scores, const Variable<T>& probabilities,
                          const CrossEntropyLossOptions& options = {});

struct NllOptions {
    std::vector<double> weight = {};
    std::int64_t ignore_index = -100;
    Reduction reduction = Reduction::mean;
};
// -w_label x_label for x the logarithms of probabilities; the mean is divided by the weights of the labels.
template <class T>
Variable<T> nll_loss(const Variable<T>& log_probabilities, const IntegerArray& labels, const NllOptions& options = {});

struct BinaryCrossEntropyOptions {
    double pos_weight = 1;    // of the positive examples
    Reduction reduction = Reduction::mean;
};
// -(w t log s(x) + (1 - t) log(1 - s(x))), s the sigmoid, for targets between 0 and 1 of the scores' shape; with w = 1
// s(x) - t. Finite for any finite x.
template <class T>
Variable<T> binary_cross_entropy_with_logits(const Variable<T>& scores, const Variable<T>& target,
                                             BinaryCrossEntropyOptions options = {});

struct FocalOptions {
    double alpha = 0.25;    // weight of the positive examples, 1 - alpha of the others; negative: none
    double gamma = 2;       // focus on what is classified badly; 0: none
    Reduction reduction = Reduction::mean;
};
// (1 - p_t)^gamma times the binary cross-entropy, p_t = p t + (1 - p)(1 - t), p = sigmoid(x), times alpha t +
// (1 - alpha)(1 - t). Lin et al., "Focal loss for dense object detection", 2017.
template <class T>
Variable<T> focal_loss(const Variable<T>& scores, const Variable<T>& target, FocalOptions options = {});

struct HingeOptions {
    double margin = 1;
    bool squared = false;
    Reduction reduction = Reduction::mean;
};
// sum over classes j other than the label y of max(0, x_j - x_y + margin), or of its square: the loss of a support
// vector machine, CS231n's. (PyTorch's multi_margin_loss also divides by the number of classes.) Scores (N, C) only.
template <class T>
Variable<T> multiclass_hinge_loss(const Variable<T>& scores, const IntegerArray& labels, HingeOptions options = {});
// max(0, margin - t x), or its square, for targets -1 and 1.
template <class T>
Variable<T> hinge_loss(const Variable<T>& scores, const Variable<T>& target, HingeOptions options = {});

}    // namespace xtape::nn
