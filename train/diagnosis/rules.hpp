// The rules of Watch: each a function of what was measured, with its thresholds as options. docs/babysitting.md has a
// paragraph on each, with the reason for its threshold.
#pragma once

#include <xtape/train/diagnosis/measurements.hpp>
#include <xtape/train/diagnosis/verdict.hpp>
#include <xtape/train/loop/history.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace xtape::train {

// What a rule goes by. Losses are compared with chance: the loss of a model that knows the answers' frequencies (their
// mean) and nothing of the inputs. `progress` is the part of it that training has removed.
struct Evidence {
    const Measurements& measured;
    const History& history;
    bool ended = false;                // the training is over: it will not get any better
    std::int64_t steps = 0;            // so far
    std::vector<double> speed = {};    // examples in a second of processor time, by epoch

    // The entropy of the class frequencies, C - 1 of a hinge, the targets' variance of a squared error; of other losses
    // the first one.
    double chance() const;
    bool chance_is_known() const;
    double first_loss() const;    // of step 1
    double last_loss() const;     // the mean of the last tenth of the steps, at most an epoch of them
    double progress() const;      // 1 - last_loss / chance; NaN where losses may be negative
    // The median over samples [from, to) of the median over weight matrices of update norm / weight norm; NaN if none.
    double update_ratio(std::size_t from, std::size_t to) const;
    double update_ratio() const { return update_ratio(0, measured.samples()); }
};

// --- The loss, and the learning rate ---

struct TooHighOptions {
    double update_ratio = 0.25;    // of the weights, that a typical early step changes; an error from
    double wild = 0.5;             // this part on
    double rise = 2;               // the loss, as a multiple of the larger of chance and its first value, ending above
    double bad = 0.5;              // this part of chance
    double deadly = 0.05;          // of the weights, that a typical early step changes, after which
    double died = 0.4;             // of a layer's rectifiers have died
    double restless = 0.1;         // of the weights, that all steps change, while the loss stays bad
};
// Steps that change the weights by a large part of themselves, climb, kill rectifiers, or never settle.
Verdict learning_rate_too_high(const Evidence& evidence, const TooHighOptions& options = {});

struct TooLowOptions {
    double update_ratio = 4e-4;    // of the weights, that a step changes
    double progress = 0.5;         // less than this was achieved
};
// Steps that change no layer's weights by a part worth mentioning, with the loss still high at the end.
Verdict learning_rate_too_low(const Evidence& evidence, const TooLowOptions& options = {});

struct OscillatesOptions {
    double cosine = -0.3;    // between the gradients of consecutive steps, as a median
    double above = 0.3;      // of chance: the loss is still so high
};
// Consecutive gradients that point against each other: steps jump from one side of the minimum to the other.
Verdict loss_oscillates(const Evidence& evidence, const OscillatesOptions& options = {});

struct TooFewEpochsOptions {
    double fall = 0.25;          // of the loss, in the last half of the training (a quarter of that in the last fifth)
    double above = 0.2;          // of chance: the loss is still so high
    std::int64_t steps = 100;    // a shorter training has not begun,
    double short_above = 0.3;    // if its loss is above this part of chance
};
// A loss that is still high and still falling when the training ends.
Verdict too_few_epochs(const Evidence& evidence, const TooFewEpochsOptions& options = {});

struct PlateauOptions {
    double change = 0.05;     // of the loss, from the middle of the training to its end
    double progress = 0.3;    // less than this was achieved
};
// A loss that has stood still, and high, for the second half of the training.
Verdict plateau(const Evidence& evidence, const PlateauOptions& options = {});

struct NotLearningOptions {
    double progress = 0.05;     // less than this was achieved
    std::int64_t steps = 50;    // at the least
};
// A loss that is no better than chance at the end.
Verdict not_learning(const Evidence& evidence, const NotLearningOptions& options = {});

struct InitialLossOptions {
    double ratio = 5;    // of the first loss and what is expected
};
// A first loss far above what outputs around 0 cost (ln C, C - 1, the targets' mean square): a model that is sure of
// what it does not know.
Verdict initial_loss(const Evidence& evidence, const InitialLossOptions& options = {});

struct PenaltyOptions {
    double ratio = 1;    // of the penalty and the data loss, in the first step
};
// A penalty larger than the data loss in the first step.
Verdict penalty_dominates(const Evidence& evidence, const PenaltyOptions& options = {});

struct SumOptions {
    double ratio = 5;              // of the first loss and what is expected, at least,
    std::size_t examples = 8;      // in a batch, at least
    double low = 0.4, high = 4;    // and that, as a part of the number of examples in a batch
};
// A first loss as many times the expected one as a batch has examples.
Verdict loss_is_a_sum(const Evidence& evidence, const SumOptions& options = {});

// A loss below 0 of a kind that never is.
Verdict loss_negative(const Evidence& evidence);

struct CollapseOptions {
    double left = 0.1;        // of the weights' norm, at the end,
    double progress = 0.3;    // with less than this achieved
};
// Weights that have shrunk to a small part of what they were, with nothing learnt.
Verdict weights_collapse(const Evidence& evidence, const CollapseOptions& options = {});

struct ThroughputOptions {
    double ratio = 0.5;    // of the speed in the last third of the epochs and that in the first
    std::size_t epochs = 9;
};
// Epochs that take more and more processor time.
Verdict throughput_falls(const Evidence& evidence, const ThroughputOptions& options = {});

// --- Training and validation ---

struct OverfittingOptions {
    double rise = 0.2;        // of the validation loss above its best value, as a part of chance
    double gap = 0.2;         // of the accuracies (R^2) in training and validation
    double progress = 0.7;    // at least that of the training set
};
// A validation loss that rises, or an accuracy far below that in training, while the training loss falls.
Verdict overfitting(const Evidence& evidence, const OverfittingOptions& options = {});

struct UnderfittingOptions {
    double progress = 0.3;    // less than this was achieved, in training and in validation
    double change = 0.05;     // of the loss, from the middle of the training to its end
};
// Training and validation losses that stand still, side by side, little below chance.
Verdict underfitting(const Evidence& evidence, const UnderfittingOptions& options = {});

struct ValidationAtChanceOptions {
    double part = 0.95;    // of chance, that the best validation loss reached
    std::int64_t steps = 50;
};
// A validation loss that never was better than chance.
Verdict validation_at_chance(const Evidence& evidence, const ValidationAtChanceOptions& options = {});

struct AccuracyAtChanceOptions {
    double above = 0.05;    // of the way from always saying the most frequent class to being right: no more was reached
    double fall = 0.2;      // of the loss's first value, by which it has fallen all the same,
    double progress = 0.2;      // with less than this achieved
    std::int64_t steps = 50;    // at the least
};
// An accuracy in training that is no better than chance though the loss falls: the loss is about something else.
Verdict accuracy_at_chance(const Evidence& evidence, const AccuracyAtChanceOptions& options = {});

struct ValidationBetterOptions {
    double gap = 0.1;            // of the accuracies, in the last epochs
    double gap_dropout = 0.3;    // for models with dropout, which training measures with units missing
};
// An accuracy (R^2) in validation above that in training by more than dropout explains.
Verdict validation_better_than_training(const Evidence& evidence, const ValidationBetterOptions& options = {});

// --- The layers ---

// Parameters that backward never reached.
Verdict no_gradient(const Evidence& evidence);
// Parameters whose gradient was 0 in every sample.
Verdict zero_gradient(const Evidence& evidence);
// Parameters that require a gradient and that the optimizer does not have.
Verdict not_optimized(const Evidence& evidence);
struct UnchangedOptions {
    std::size_t samples = 2;    // at the least
};
// Parameters that no step changes though they get gradients.
Verdict parameters_unchanged(const Evidence& evidence, const UnchangedOptions& options = {});

struct InitialScaleOptions {
    // Of a weight matrix: deviation times the root of the fan-in, which carries the variance through the layer when it
    // is 1 (tanh) to 1.4 (relu).
    double low = 0.1, high = 5;
};
// Weight matrices that are 0, or that let signals grow or fade by their scale, before the first step.
Verdict initial_weights(const Evidence& evidence, const InitialScaleOptions& options = {});

struct UnitsAlikeOptions {
    double share = 0.9;    // of a layer's units that are the first one's twins
};
// Units of a layer with the same weights, at first and at the end: they will never differ.
Verdict units_alike(const Evidence& evidence, const UnitsAlikeOptions& options = {});

struct DeadUnitsOptions {
    double share = 0.5;       // of a layer's rectifiers,
    double progress = 0.8;    // with less than this achieved;
    double most = 0.9;        // or so many, whatever was achieved
};
// Rectifiers that were 0 for all of the last 200 examples that were looked at.
Verdict dead_units(const Evidence& evidence, const DeadUnitsOptions& options = {});

struct SaturatedOptions {
    double share = 0.75;    // of a layer's activations, in most samples
};
// Activations of sigmoids and tanhs where the slope is less than 5 % of the steepest.
Verdict saturated_units(const Evidence& evidence, const SaturatedOptions& options = {});

struct DepthOptions {
    double ratio = 1e-3;       // of the smallest and the largest relative gradient, |g| / |w|, of the weight matrices
    std::size_t layers = 3;    // at the least
    double progress = 0.3;     // activations: with less than this achieved
};
// A layer whose signal, its deviation over the examples, is far smaller than that of the inputs at first.
Verdict activations_vanish(const Evidence& evidence, const DepthOptions& options = {});
// A layer whose signal is far larger than that of the inputs at first.
Verdict activations_explode(const Evidence& evidence, const DepthOptions& options = {});
// A first layer whose gradient, as a part of its weights, is far smaller than the last one's.
Verdict gradients_vanish(const Evidence& evidence, const DepthOptions& options = {});
// A first layer whose gradient, as a part of its weights, is far larger than the last one's.
Verdict gradients_explode(const Evidence& evidence, const DepthOptions& options = {});

struct UpdateBandOptions {
    double low = 1e-6, high = 0.1;    // around 1e-3; warns where a layer's median is outside
    bool warn = false;                // else it is a note
};
// The part of each layer's weights that a step changes, against the 1e-3 of CS231n.
Verdict update_ratio(const Evidence& evidence, const UpdateBandOptions& options = {});

struct ConstantOutputsOptions {
    double ratio = 1e-3;    // of the outputs' deviation over the examples and their root mean square
};
// A model that says the same for every example.
Verdict outputs_constant(const Evidence& evidence, const ConstantOutputsOptions& options = {});

struct AccumulateOptions {
    double growth = 2;      // of the gradient's norm since the first step, as a median over the samples, while the
    double cosine = 0.9;    // median cosine between consecutive gradients is above this;
    double calm = 0.5;      // unless a typical early step changes more than this part of the weights
};
// Gradients that are the sum of all so far, as when zero_grad() is forgotten.
Verdict gradients_accumulate(const Evidence& evidence, const AccumulateOptions& options = {});

// --- Data, modes and the loss function ---

struct InputScaleOptions {
    double high = 30;    // root mean square
    double low = 1e-3;
    double spread = 1e3;    // of the deviations of two features
};
// Inputs that are not finite, or far from a scale of 1, or whose features differ much in scale.
Verdict inputs_scale(const Evidence& evidence, const InputScaleOptions& options = {});

struct TargetScaleOptions {
    double high = 100;    // root mean square, about 0
    double low = 1e-3;
};
// Targets of a regression far from a scale of 1, or from 0.
Verdict targets_scale(const Evidence& evidence, const TargetScaleOptions& options = {});

struct SortedOptions {
    double likeness = 0.3;    // of the answers within a batch; 0 by chance, 1: all the same
};
// Batches whose answers are more alike than those of a random draw.
Verdict batches_sorted(const Evidence& evidence, const SortedOptions& options = {});

struct LeakOptions {
    double share = 0.998;    // of the answer's variance, that a single feature explains
    std::size_t examples = 100;
};
// A feature that says all of the answer by itself.
Verdict answer_in_inputs(const Evidence& evidence, const LeakOptions& options = {});

// A loss that takes outputs, or answers, for what they are not: probabilities for logits, classes for numbers.
Verdict loss_does_not_fit(const Evidence& evidence);
struct StrongDropoutOptions {
    double share = 0.85;      // of the values,
    double progress = 0.7;    // with less than this achieved
};
// Dropout that leaves too little to learn from.
Verdict dropout_too_strong(const Evidence& evidence, const StrongDropoutOptions& options = {});
// Dropout or batch normalisation in evaluation while the model is trained.
Verdict layers_in_evaluation(const Evidence& evidence);
// Linear layers that follow one another with nothing in between.
Verdict no_activation(const Evidence& evidence);

}    // namespace xtape::train
