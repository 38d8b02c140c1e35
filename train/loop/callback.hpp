// Callback: what a run calls on its way; Training: the run as callbacks see it.
#pragma once

#include <xtape/core/stateful.hpp>
#include <xtape/train/diagnosis/measurements.hpp>
#include <xtape/train/diagnosis/verdict.hpp>
#include <xtape/train/loop/answers.hpp>
#include <xtape/train/loop/history.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace xtape::train {

// Where the first value came up that is not finite.
struct Anomaly {
    std::int64_t step = 0;            // in which it did
    std::int64_t went_back_to = 0;    // the step after which the run was remembered
    std::string layer;                // the layer or parameter; "" when it cannot be told
    std::string operation;            // the message: "[log] computed ..."; "" when it did not happen again
};

// A training run, whatever its numbers' type.
class Training {
public:
    virtual ~Training() = default;

    std::int64_t steps() const { return steps_; }    // optimizer steps, over all epochs and resumed runs
    std::size_t epoch() const { return epoch_; }     // epochs that are complete
    const History& history() const { return history_; }
    // The validations between epochs, where the run is asked for them (evaluate_every_steps): a row each, with the
    // "step" that it followed.
    const History& evaluations() const { return evaluations_; }
    double step_loss() const { return step_loss_; }    // the data loss of the last step
    double seconds() const { return seconds_; }    // from the beginning of fit to the last step; a team has one clock
    virtual double lr() const = 0;                 // of its first group
    virtual std::int64_t steps_per_epoch() const = 0;
    virtual std::int64_t total_steps() const = 0;    // that the run will have, if nothing ends it early
    virtual std::size_t examples_per_step() const = 0;
    virtual bool evaluates_between_epochs() const = 0;

    // Ends the training, for good: what follows its last step takes place (best weights), unlike an interruption, after
    // which the run can go on.
    void stop(std::string reason) { stopped_ = std::move(reason); }
    // Why it was stopped; empty: it was not.
    const std::string& stopped() const { return stopped_; }
    // Whether the run ended by max_steps, a time limit or a signal, and is not finished.
    bool interrupted() const { return interrupted_; }

    // Has the inside of the model measured, as often as the most demanding of several callers wants. For begin().
    virtual void measure(const MeasureOptions& options) = 0;
    const Measurements& measurements() const { return measurements_; }
    // What the callbacks have found so far.
    virtual Diagnosis diagnosis() const = 0;

    // Has what the model says at validations kept, with so many of the worst mistakes. For begin().
    void keep_answers(std::size_t worst) { kept_mistakes_ = worst; }
    // Of the last validation at the end of an epoch; without examples before it.
    const Answers& answers() const { return answers_; }
    // How it is done, for people: "optimizer" and "SGD: lr 0.05, momentum 0.9", ...; and the model as a table.
    virtual std::vector<std::pair<std::string, std::string>> describe() const = 0;
    virtual std::string model_summary() const = 0;

    // Keeps model, optimizer, random streams and place in the data as they are, to go back to.
    virtual void remember() = 0;
    // Repeats what followed until a step goes wrong, and that step under an AnomalyGuard, which says where; then gives
    // model, optimizer and random streams their remembered values. Nothing without remember().
    virtual std::optional<Anomaly> go_back() = 0;

    // The model's parameters and buffers as they are validated (averaged, where the run averages).
    virtual State model_state() const = 0;
    virtual void load_model_state(const State& state) = 0;
    // Whether a callback has loaded another model since the last step.
    bool restored() const { return restored_; }
    // Saves entries and says where: see save_later.
    using Save = std::function<std::filesystem::path(const std::vector<Entry>& entries)>;
    // Has everything that the run depends on saved to a file, or as `save` does it, when all callbacks have been called
    // for this moment.
    virtual void save_later(Save save) = 0;
    void save_later(const std::filesystem::path& path);

protected:
    std::int64_t steps_ = 0;
    std::size_t epoch_ = 0;
    History history_, evaluations_;
    Measurements measurements_;
    std::optional<std::size_t> kept_mistakes_;    // none: answers are not kept
    Answers answers_;
    double step_loss_ = 0, seconds_ = 0;
    std::string stopped_;
    bool interrupted_ = false, restored_ = false;
};

// Stateful: what it has to remember goes into the checkpoint under its name. All functions may do nothing.
class Callback {
public:
    virtual ~Callback() = default;
    virtual std::string name() const = 0;
    // Before the first step of a fit: `known` are the names of the quantities that each epoch will have. Throws
    // std::invalid_argument when it cannot do its work.
    virtual void begin(Training&, const std::vector<std::string>& known) { static_cast<void>(known); }
    virtual void after_step(Training&) {}
    virtual void after_evaluation(Training&) {}    // between epochs: its row is in the evaluations
    virtual void after_epoch(Training&) {}         // the epoch's row is in the history
    virtual void end(Training&) {}                 // training has ended, or was interrupted
    // What it has found out about the run, for the trainer's diagnosis().
    virtual Diagnosis diagnosis() const { return {}; }
    virtual State state() const { return {}; }
    virtual void load_state(const State&) {}
    // Where it writes for people and their programs, if it does: a finished run says so.
    virtual std::filesystem::path log() const { return {}; }
};

}    // namespace xtape::train
