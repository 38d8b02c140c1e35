// Sampler<T>: looks into a model at some of its training steps, once for all who want to know.
#pragma once

#include <xtape/nn/module.hpp>
#include <xtape/optim/optimizer.hpp>
#include <xtape/train/diagnosis/measurements.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace xtape::train::detail {

// A step that is due is measured on its way: begin_step, the forward pass with its watch alive, after_forward, the
// sweep, before_update, the optimizer's step, after_update. Model and `into` must outlive it.
template <class T>
class Sampler {
public:
    // Without an optimizer all parameters count as being in it.
    Sampler(nn::Module<T>& model, const optim::Optimizer<T>* optimizer, const MeasureOptions& options,
            Measurements& into);

    // Measures what either asks for, at the smaller interval.
    void also(const MeasureOptions& options);

    // Steps are counted from 1; in the first epoch the data are new.
    void begin_step(std::int64_t step, bool first_epoch);
    // Null in a step that is not due.
    std::unique_ptr<nn::OutputWatch<T>> watch_forward();
    // Outputs of the model, if they are known, and the loss.
    void after_forward(const Batch<T>& batch, const Variable<T>& outputs, const Variable<T>& loss);
    void before_update(double loss, double penalty, double lr);
    void after_update();

    // What the next sample needs and the measurements do not have.
    State state() const;
    void load_state(const State& state);

private:
    struct Seen {    // a layer's output in the step under way
        std::string name;
        Variable<T> output;
        std::size_t place = 0;    // in the measurements
    };

    static constexpr std::size_t most_layers = 512;    // that a sample describes: recurrent models call theirs often

    bool is_due(std::int64_t step) const;
    void see_modes();
    void find_activations(const Variable<T>& last);
    void see_operations(const Variable<T>& outputs, const Variable<T>& loss);
    void see_dropout(const Variable<T>& before, const Variable<T>& after);
    std::size_t place_of(const Seen& layer);
    void measure_layer(Seen& layer);
    void measure_parameters();
    double cosine();

    nn::Module<T>& model_;
    Parameters<T> parameters_;
    MeasureOptions options_;
    Measurements& into_;
    std::int64_t step_ = 0;
    bool due_ = false, next_due_ = false, first_epoch_ = false, forward_seen_ = false;
    bool never_negative_ = false;
    std::vector<Seen> seen_;
    std::shared_ptr<std::vector<double>> gradients_of_layers_ = std::make_shared<std::vector<double>>();
    std::vector<Array<T>> values_before_;       // of this step's parameters
    std::vector<Array<T>> gradients_before_;    // of the step before, if this one is due
};

extern template class Sampler<float>;
extern template class Sampler<double>;

}    // namespace xtape::train::detail
