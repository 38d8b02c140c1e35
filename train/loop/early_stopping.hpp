// EarlyStopping: ends a training that no longer gets better.
#pragma once

#include <xtape/train/loop/callback.hpp>

#include <limits>

namespace xtape::train {

struct EarlyStoppingOptions {
    std::string monitor = "validation.loss";
    std::size_t patience = 10;     // epochs without an improvement after which the training ends
    double min_delta = 0;          // an improvement is larger than this
    bool restore_best = false;     // give the model the best epoch's weights when training ends, however it ends
    bool by_evaluation = false;    // counts the evaluations between epochs (evaluate_every_steps) instead of epochs
};

// Stops after `patience` epochs in a row that did not improve on the best. NaN never improves. Whether less is better
// follows from the quantity's name: see lower_is_better.
class EarlyStopping : public Callback {
public:
    using Options = EarlyStoppingOptions;
    static constexpr bool has_open_layout = true;

    // Throws std::invalid_argument for a negative min_delta, or patience 0.
    explicit EarlyStopping(Options options = {});

    std::string name() const override { return "early_stopping"; }
    // Throws std::invalid_argument naming what there is when the monitored quantity will not be measured.
    void begin(Training& training, const std::vector<std::string>& known) override;
    void after_epoch(Training& training) override;
    void after_evaluation(Training& training) override;
    void end(Training& training) override;
    State state() const override;
    void load_state(const State& state) override;

    double best() const { return best_; }                     // NaN before the first value that is a number
    std::size_t best_epoch() const { return best_epoch_; }    // complete ones, when it came
    std::int64_t best_step() const { return best_step_; }

private:
    void judge(Training& training, const History& rows);

    Options options_;
    double best_ = std::numeric_limits<double>::quiet_NaN();
    std::size_t best_epoch_ = 0;
    std::int64_t best_step_ = 0;
    std::size_t waited_ = 0;
    State best_model_;
};

}    // namespace xtape::train
