// Measurements: what is seen inside a model while it trains, as plain series with the steps at which they were taken.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/core/state.hpp>
#include <xtape/train/diagnosis/data_facts.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace xtape::train {

// How often what is measured.
struct MeasureOptions {
    // Steps between two samples. Besides them steps 1, 2, 4, 8, 16 and 32 are sampled. When there are 256 samples every
    // second one is dropped and the interval doubles, so that a long run costs and keeps no more.
    std::int64_t every = 50;
    bool histograms = false;    // of weights, gradients and activations
};

// How often values fell into bins of equal width between `low` and `high`, their least and greatest.
struct Histogram {
    double low = 0, high = 0;
    std::vector<std::int64_t> counts = {};    // none: not measured
};

// A parameter that requires a gradient; one number per sample. Norms are Euclidean, over all elements.
struct ParameterSeries {
    std::string name;         // "fc1.weight"
    std::string kind = {};    // of the module that has it: "Linear"
    Shape shape;
    bool optimized = true;                     // whether the optimizer has it
    std::vector<double> norm = {};             // of the parameter, before the step
    std::vector<double> gradient_norm = {};    // NaN where it got no gradient
    std::vector<double> update_norm = {};      // of what the step changed
    std::vector<double> alike = {};            // matrices: share of the rows, units, that equal the first one
    std::vector<Histogram> weights = {}, gradients = {};

    // update_norm / norm of sample i; NaN for a parameter of zeros.
    double update_ratio(std::size_t i) const;
};

// A layer's output, or that of an activation function that was called without a layer; one number per sample.
struct LayerSeries {
    std::string name;                                 // "fc1"; "relu(fc1)" where a function was called
    std::string operation;                            // that computed it: "relu"
    std::size_t units = 0;                            // elements per example
    std::vector<double> mean = {}, deviation = {};    // of the activations
    std::vector<double> spread = {};                  // their deviation over the examples, a unit's own mean left out
    std::vector<double> gradient = {};     // root mean square of the loss's derivative by them; NaN without one
    std::vector<double> dead = {};         // rectifiers: share of units that were 0 for all of the last 200 examples
    std::vector<double> saturated = {};    // sigmoid and tanh: share of activations where the slope is below 5 %
    std::vector<Histogram> activations = {};
    double silent_at_first = 0;               // rectifiers: share of units that were 0 for all of the first batch
    std::vector<std::int64_t> silent = {};    // rectifiers, by unit: examples that were looked at since it was not 0
};

// What the run's objective says that it is.
enum class Task { other, classification, regression };

struct Measurements {
    static constexpr bool has_open_layout = true;

    std::vector<std::int64_t> steps;     // of each sample, counted from 1
    std::vector<double> loss = {};       // the data loss of that step's batch
    std::vector<double> penalty = {};    // 0 without one
    std::vector<double> lr = {};
    // cos of the angle between the step's gradient and the one before, over all parameters; NaN for the first step.
    std::vector<double> gradient_cosine = {};
    std::vector<double> never_negative;         // whether none of the model's outputs was, 1 or 0
    std::vector<ParameterSeries> parameters;    // in the model's order
    std::vector<LayerSeries> layers;            // in the order of the computation
    // The training data: answers of the first epoch, inputs of its samples.
    DataFacts data;
    Task task = Task::other;
    std::string output_operation;                // that made the model's outputs, in the first sample
    std::vector<std::string> loss_operations;    // that made the loss of them
    std::vector<std::string> bare_layers;        // linear layers that follow another with nothing in between
    double dropped = 0;                          // the greatest share of values that a dropout set to 0
    // Layers of normalisation and dropout that were seen in evaluation while the model was trained.
    std::vector<std::string> in_evaluation;

    std::size_t samples() const { return steps.size(); }
    bool empty() const { return steps.empty(); }
    // The data loss of all steps: element i is the mean over the `curve_stride` steps from i * curve_stride + 1 on.
    std::vector<double> curve = {};
    std::int64_t curve_stride = 1;

    // nullptr when there is none of that name.
    const ParameterSeries* parameter(std::string_view name) const;
    const LayerSeries* layer(std::string_view name) const;
    // Drops every second sample.
    void thin();
    // Adds the loss of a step to the curve, whose stride doubles when it has 1024 elements.
    void add_loss(std::int64_t step, double value);

    State state() const;
    // Throws StateError, having changed nothing, when the state is not that of measurements.
    void load_state(const State& state);
};

}    // namespace xtape::train
