// Plateau: lowers the learning rate when a measured quantity no longer improves.
#pragma once

#include <xtape/core/state.hpp>

#include <cstdint>

namespace xtape::optim {

struct PlateauOptions {
    enum class Mode { min, max };
    enum class Threshold { relative, absolute };

    Mode mode = Mode::min;    // which values are better, the smaller or the larger?
    double factor = 0.1;      // below 1
    std::int64_t patience = 10;
    double threshold = 1e-4;
    Threshold threshold_mode = Threshold::relative;
    std::int64_t cooldown = 0;
    double min = 0;       // the least multiplier
    double eps = 1e-8;    // a smaller change is not made
};

// Multiplies the learning rate's multiplier by `factor` when more than `patience` values in a row did not improve on
// the best one, and then ignores `cooldown` values. A value improves on the best when it is better by
// more than threshold |best| (relative) or threshold (absolute); NaN never does. The one schedule with a memory.
class Plateau {
public:
    // Throws std::invalid_argument naming the option and its value.
    explicit Plateau(PlateauOptions options = {});

    // Takes the next value; returns the multiplier so far. An optimizer that was given set_plateau() does this in
    // observe().
    double step(double value);

    double multiplier() const { return multiplier_; }
    double best() const { return best_; }    // at first infinity, or -infinity for Mode::max
    std::int64_t bad_steps() const { return bad_steps_; }
    const PlateauOptions& options() const { return options_; }

    State state() const;
    // Throws StateError, having changed nothing, when the state does not fit.
    void load_state(const State& state);

private:
    bool improves(double value) const;

    PlateauOptions options_;
    double multiplier_ = 1;
    double best_;
    std::int64_t bad_steps_ = 0;
    std::int64_t cooldown_left_ = 0;
};

}    // namespace xtape::optim
