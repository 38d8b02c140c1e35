// preflight: what an experienced person checks before a training.
#pragma once

#include <xtape/nn/module.hpp>
#include <xtape/optim/optimizer.hpp>
#include <xtape/train/data/loader.hpp>
#include <xtape/train/diagnosis/rules.hpp>
#include <xtape/train/loop/objective.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace xtape::train {

template <class T>
struct PreflightOptions {
    std::size_t examples = 256;                        // that the model is shown, evenly spread over the data
    const optim::Optimizer<T>* optimizer = nullptr;    // the one to train with: whether it has every parameter
    Dataset<T> validation = {};                        // held against the training data
    // A penalty of some strength; none: the squares of all weights, nn::l2_penalty.
    std::function<Variable<T>(double strength)> penalty = std::function<Variable<T>(double)>();
    std::vector<double> strengths = {1e-3, 1e-2, 1e-1, 1};
    std::size_t subset = 20;           // examples to be overfitted
    std::size_t subset_steps = 300;    // with Adam, at each of two rates; again, up to five times, while the loss falls
    double subset_loss = 0.05;         // of chance, to be reached
    double loss_ratio = 2;     // the first loss (of a squared error: its root) may be so many times the expected one,
    double loss_excess = 2;    // and that of classes in any case so much above it
    int directions = 3;        // of the gradient check
    double gradient_error = std::is_same_v<T, float> ? 0.05 : 1e-4;    // relative
    std::vector<std::string> ignore = {};                              // names of rules that are not wanted
    InitialScaleOptions initial_scale = {};
    DepthOptions depth = {};
    SaturatedOptions saturated = {};
    InputScaleOptions input_scale = {};
    TargetScaleOptions targets_scale = {};
    StrongDropoutOptions dropout = {};
    LeakOptions leak = {};
};

// Checks model, objective and data before the first step, and leaves all of them, gradients, modes and random streams
// as they were. A verdict for each check, passed or not; rules:
//   data         inputs_scale, targets_scale, labels_in_range, classes_present, labels_sorted, validation_duplicates,
//                answer_in_inputs
//   loss         initial_loss (ln C of a softmax, C - 1 of a hinge, the targets' mean square), penalty_raises_loss,
//                loss_does_not_fit, loss_negative, loss_is_a_sum, overfits_tiny_subset
//   parameters   no_gradient, zero_gradient, not_optimized, initial_weights, gradient_check
//   layers       activations_vanish, activations_explode, gradients_vanish, gradients_explode, saturated_units,
//                no_activation, dropout_too_strong
//   evaluation   examples_independent, evaluation_deterministic, training_differs
// Throws what the model and the objective throw, Error for an empty data set, std::invalid_argument for an unknown
// rule.
template <class T>
Diagnosis preflight(nn::Module<T>& model, const std::type_identity_t<Objective<T>>& objective,
                    const std::type_identity_t<Dataset<T>>& data, const PreflightOptions<T>& options = {});
// With a loader that shuffles, sorted labels do no harm.
template <class T>
Diagnosis preflight(nn::Module<T>& model, const std::type_identity_t<Objective<T>>& objective,
                    const DataLoader<T>& batches, PreflightOptions<T> options = {});

}    // namespace xtape::train
