#include <xtape/optim/detail/options.hpp>
#include <xtape/optim/plateau.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

namespace xtape::optim {
namespace {

using Mode = PlateauOptions::Mode;
using Threshold = PlateauOptions::Threshold;
constexpr std::array<std::pair<Mode, const char*>, 2> modes{{{Mode::min, "min"}, {Mode::max, "max"}}};
constexpr std::array<std::pair<Threshold, const char*>, 2> threshold_modes{
    {{Threshold::relative, "relative"}, {Threshold::absolute, "absolute"}}};

void visit_options(auto& o, const auto& visit) {
    visit("mode", o.mode, modes);
    visit("factor", o.factor, below_one);
    visit("patience", o.patience, not_negative);
    visit("threshold", o.threshold, not_negative);
    visit("threshold_mode", o.threshold_mode, threshold_modes);
    visit("cooldown", o.cooldown, not_negative);
    visit("min", o.min, not_negative);
    visit("eps", o.eps, not_negative);
}

}    // namespace

Plateau::Plateau(PlateauOptions options)
    : options_(options), best_(options.mode == Mode::min ? detail::infinity : -detail::infinity) {
    visit_options(options_, detail::CheckOption{"Plateau"});
}

bool Plateau::improves(double value) const {
    double margin = options_.threshold;
    if (options_.threshold_mode == Threshold::relative) margin *= std::isinf(best_) ? 1 : std::abs(best_);
    return options_.mode == Mode::min ? value < best_ - margin : value > best_ + margin;
}

double Plateau::step(double value) {
    if (improves(value)) {
        best_ = value;
        bad_steps_ = 0;
    } else {
        ++bad_steps_;
    }
    if (cooldown_left_ > 0) {
        --cooldown_left_;
        bad_steps_ = 0;
    }
    if (bad_steps_ > options_.patience) {
        const double lower = std::max(multiplier_ * options_.factor, options_.min);
        if (multiplier_ - lower > options_.eps) multiplier_ = lower;
        cooldown_left_ = options_.cooldown;
        bad_steps_ = 0;
    }
    return multiplier_;
}

State Plateau::state() const {
    State state;
    visit_options(options_, detail::WriteOption{state, ""});
    state.add("multiplier", multiplier_);
    state.add("best", best_);
    state.add("bad_steps", bad_steps_);
    state.add("cooldown_left", cooldown_left_);
    return state;
}

void Plateau::load_state(const State& state) {
    const StateMismatch mismatch = compare_layout(this->state(), state);
    if (!mismatch.empty()) throw StateError("[Plateau] got a state that does not match\n" + mismatch.message());
    PlateauOptions options;
    visit_options(options, detail::ReadOption{state, ""});
    try {
        Plateau loaded(options);
        loaded.multiplier_ = state.get<double>("multiplier");
        loaded.best_ = state.get<double>("best");
        loaded.bad_steps_ = state.get<std::int64_t>("bad_steps");
        loaded.cooldown_left_ = state.get<std::int64_t>("cooldown_left");
        const detail::CheckOption check{"Plateau"};
        check("multiplier", loaded.multiplier_, not_negative);
        check("bad_steps", loaded.bad_steps_, not_negative);
        check("cooldown_left", loaded.cooldown_left_, not_negative);
        *this = loaded;
    } catch (const std::invalid_argument& error) {
        throw StateError(error.what());
    }
}

}    // namespace xtape::optim
