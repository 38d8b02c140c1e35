// Watch: looks after a run as an experienced person would, and says what is wrong with it.
#pragma once

#include <xtape/train/diagnosis/rules.hpp>
#include <xtape/train/loop/callback.hpp>

#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

namespace xtape::train {

struct WatchOptions {
    MeasureOptions measure = {};
    bool stop_when_not_finite = true;        // and go back to the last good state; else it is only told
    std::int64_t remember_every = 100;       // steps between two states to go back to
    std::vector<std::string> ignore = {};    // names of rules that are not wanted
    TooHighOptions too_high = {};
    TooLowOptions too_low = {};
    OscillatesOptions oscillates = {};
    TooFewEpochsOptions too_few_epochs = {};
    PlateauOptions plateau = {};
    NotLearningOptions not_learning = {};
    InitialLossOptions initial_loss = {};
    PenaltyOptions penalty = {};
    CollapseOptions collapse = {};
    ThroughputOptions throughput = {};
    OverfittingOptions overfitting = {};
    UnderfittingOptions underfitting = {};
    ValidationAtChanceOptions validation_at_chance = {};
    AccuracyAtChanceOptions accuracy_at_chance = {};
    ValidationBetterOptions validation_better = {};
    UnchangedOptions unchanged = {};
    InitialScaleOptions initial_scale = {};
    UnitsAlikeOptions units_alike = {};
    DeadUnitsOptions dead_units = {};
    SaturatedOptions saturated = {};
    DepthOptions depth = {};
    UpdateBandOptions update_band = {};
    ConstantOutputsOptions constant_outputs = {};
    AccumulateOptions accumulate = {};
    InputScaleOptions input_scale = {};
    TargetScaleOptions targets_scale = {};
    SumOptions sum = {};
    StrongDropoutOptions dropout = {};
    SortedOptions sorted = {};
    LeakOptions leak = {};
};

// Asks every rule after each epoch and at the end; the trainer's diagnosis() has what they say. What follows from
// something else that is wrong is a note: mend the cause first. When the loss is not finite it takes model and
// optimizer back to the last good state, finds the operation and the layer where it began, and stops the training.
class Watch : public Callback {
public:
    using Options = WatchOptions;
    static constexpr bool has_open_layout = true;

    // Throws std::invalid_argument for an interval below 1, or a rule to ignore that there is none of.
    explicit Watch(Options options = {});

    std::string name() const override { return "watch"; }
    void begin(Training& training, const std::vector<std::string>& known) override;
    void after_step(Training& training) override;
    void after_epoch(Training& training) override;
    void end(Training& training) override;
    Diagnosis diagnosis() const override { return diagnosis_; }
    State state() const override;
    void load_state(const State& state) override;

private:
    void meet_not_finite(Training& training);
    void judge(Training& training, bool ended);

    Options options_;
    Diagnosis diagnosis_;
    Diagnosis not_finite_;    // what was found when the loss was not finite
    std::vector<double> speed_;
    std::clock_t epoch_began_ = 0;    // processor time: what other programs take is no fault of the run
};

// What all rules say, those of causes first; what follows from them has become notes.
Diagnosis judge(const Evidence& evidence, const WatchOptions& options = {});

}    // namespace xtape::train
