// Trial: one set of hyperparameters, on its way and afterwards.
#pragma once

#include <xtape/train/search/space.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xtape::train {

enum class TrialStatus {
    running,
    complete,
    stopped,    // others were better at the same step
    failed      // threw, crashed, or took too long, in a process of its own
};

// How a trial ended.
struct TrialOutcome {
    TrialStatus status = TrialStatus::running;
    double value = std::numeric_limits<double>::quiet_NaN();    // what the evaluation returned; NaN when it failed
    double seconds = 0;
    std::string error = {};    // why it failed
};

struct TrialReport {
    std::int64_t step;
    double value;
};

class Trial {
public:
    // Whether the search may go on with this trial, having seen a report; none: it may.
    using Decide = std::function<bool(const TrialReport&)>;

    Trial(std::shared_ptr<const Space> space, std::size_t index, std::vector<double> values, Decide decide = {});

    std::size_t index() const { return index_; }
    // The value of a hyperparameter; an integer is a number too. Throw std::out_of_range for a name that is not in the
    // space, or is not asked for under this trial's choices (see has()), std::invalid_argument for one of another kind.
    double number(std::string_view name) const;
    std::int64_t integer(std::string_view name) const;
    const std::string& choice(std::string_view name) const;
    // Whether it is asked for in this trial. Throws std::out_of_range for a name that is not in the space.
    bool has(std::string_view name) const;

    // Says how good the trial is after `step` (epochs, or whatever grows); false: others were better, so stop and
    // return the value as it is. Throws std::invalid_argument when the step does not grow.
    bool report(std::int64_t step, double value);

    double value() const { return outcome_.value; }
    TrialStatus status() const { return outcome_.status; }
    const TrialOutcome& outcome() const { return outcome_; }
    const std::vector<TrialReport>& reports() const { return reports_; }

    const Space& space() const { return *space_; }
    const std::vector<double>& values() const { return values_; }    // in the order of the space; NaN: not asked for
    // "lr: 1.405206e-04, hidden: 64, activation: relu"
    std::string describe() const;

    // For the search: whether report() has answered false, and how the trial ended.
    bool told_to_stop() const { return told_to_stop_; }
    void finish(TrialOutcome outcome) { outcome_ = std::move(outcome); }

private:
    // The value, if the kind of the hyperparameter fits what was asked for.
    double checked(std::string_view name, const char* wanted, bool (*fits)(const Hyperparameter&)) const;

    std::shared_ptr<const Space> space_;
    std::size_t index_;
    std::vector<double> values_;
    Decide decide_;
    std::vector<TrialReport> reports_;
    bool told_to_stop_ = false;
    TrialOutcome outcome_;
};

// What a search optimises: the value of a trial, less being better unless told otherwise.
using Evaluate = std::function<double(Trial&)>;

}    // namespace xtape::train
