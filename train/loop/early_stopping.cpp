#include <xtape/core/error.hpp>
#include <xtape/train/loop/detail/text.hpp>
#include <xtape/train/loop/early_stopping.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace xtape::train {

EarlyStopping::EarlyStopping(Options options) : options_(std::move(options)) {
    if (options_.patience == 0) throw std::invalid_argument("[EarlyStopping] got patience = 0; wanted 1 or more");
    if (!(options_.min_delta >= 0))
        throw std::invalid_argument("[EarlyStopping] got min_delta = " + detail::exact(options_.min_delta) +
                                    "; wanted 0 or more");
}

void EarlyStopping::begin(Training& training, const std::vector<std::string>& known) {
    if (options_.by_evaluation &&
        (!training.evaluates_between_epochs() || !options_.monitor.starts_with("validation.")))
        throw std::invalid_argument("[EarlyStopping] got by_evaluation for '" + options_.monitor +
                                    "'; wanted a quantity of the validation, and a run with evaluate_every_steps");
    if (std::find(known.begin(), known.end(), options_.monitor) == known.end())
        throw std::invalid_argument("[EarlyStopping] got monitor = '" + options_.monitor + "'; this run measures " +
                                    detail::join(known));
}

void EarlyStopping::after_epoch(Training& training) {
    if (!options_.by_evaluation) judge(training, training.history());
}

void EarlyStopping::after_evaluation(Training& training) {
    if (options_.by_evaluation) judge(training, training.evaluations());
}

void EarlyStopping::judge(Training& training, const History& rows) {
    const double value = rows.last(options_.monitor);
    const double gain = lower_is_better(options_.monitor) ? best_ - value : value - best_;
    if (!std::isnan(value) && (std::isnan(best_) || gain > options_.min_delta)) {
        best_ = value;
        best_epoch_ = training.epoch();
        best_step_ = training.steps();
        waited_ = 0;
        if (options_.restore_best) best_model_ = training.model_state();
        return;
    }
    if (++waited_ >= options_.patience)
        training.stop(options_.monitor + " has not improved on " + detail::exact(best_) + " for " +
                      std::to_string(options_.patience) + (options_.by_evaluation ? " evaluations" : " epochs"));
}

void EarlyStopping::end(Training& training) {
    // The best model may be the one that is there.
    if (options_.restore_best && !training.interrupted() && !best_model_.empty() && best_step_ != training.steps())
        training.load_model_state(best_model_);
}

State EarlyStopping::state() const {
    State state;
    state.add("best", best_);
    state.add("best_epoch", static_cast<std::int64_t>(best_epoch_));
    state.add("best_step", best_step_);
    state.add("waited", static_cast<std::int64_t>(waited_));
    if (!best_model_.empty()) state.add("best_model", best_model_);
    return state;
}

void EarlyStopping::load_state(const State& state) {
    const double best = state.get<double>("best");
    const auto best_epoch = state.get<std::int64_t>("best_epoch"), waited = state.get<std::int64_t>("waited");
    const auto best_step = state.get<std::int64_t>("best_step");
    if (best_epoch < 0 || best_step < 0 || waited < 0)
        throw StateError("[EarlyStopping] got a state with negative counts");
    best_ = best;
    best_epoch_ = static_cast<std::size_t>(best_epoch);
    best_step_ = best_step;
    waited_ = static_cast<std::size_t>(waited);
    best_model_ = state.child("best_model");
}

}    // namespace xtape::train
