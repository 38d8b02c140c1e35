#include <xtape/core/error.hpp>
#include <xtape/train/diagnosis/detail/wording.hpp>
#include <xtape/train/diagnosis/watch.hpp>
#include <xtape/train/loop/detail/text.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>

namespace xtape::train {
namespace {

// Mistakes in how a run is set up, a model that begins in a bad state, a decay or a rate that does not suit, what that
// does to the layers, how the run comes out, and what that looks like: what comes later may follow from what comes
// before.
enum class Stage { setup, beginning, decay, rate, effect, outcome, symptom };

struct Rule {
    const char* name;
    Stage stage;
    Verdict (*ask)(const Evidence&, const WatchOptions&);
};

constexpr Rule rules[] = {
    {"inputs_scale", Stage::setup, [](auto& e, auto& o) { return inputs_scale(e, o.input_scale); }},
    {"targets_scale", Stage::setup, [](auto& e, auto& o) { return targets_scale(e, o.targets_scale); }},
    {"batches_sorted", Stage::setup, [](auto& e, auto& o) { return batches_sorted(e, o.sorted); }},
    {"answer_in_inputs", Stage::setup, [](auto& e, auto& o) { return answer_in_inputs(e, o.leak); }},
    {"loss_does_not_fit", Stage::setup, [](auto& e, auto&) { return loss_does_not_fit(e); }},
    {"loss_negative", Stage::setup, [](auto& e, auto&) { return loss_negative(e); }},
    {"dropout_too_strong", Stage::setup, [](auto& e, auto& o) { return dropout_too_strong(e, o.dropout); }},
    {"layers_in_evaluation", Stage::setup, [](auto& e, auto&) { return layers_in_evaluation(e); }},
    {"no_activation", Stage::setup, [](auto& e, auto&) { return no_activation(e); }},
    {"not_optimized", Stage::setup, [](auto& e, auto&) { return not_optimized(e); }},
    {"no_gradient", Stage::setup, [](auto& e, auto&) { return no_gradient(e); }},
    {"initial_weights", Stage::setup, [](auto& e, auto& o) { return initial_weights(e, o.initial_scale); }},
    {"units_alike", Stage::setup, [](auto& e, auto& o) { return units_alike(e, o.units_alike); }},
    {"penalty_dominates", Stage::setup, [](auto& e, auto& o) { return penalty_dominates(e, o.penalty); }},
    {"initial_loss", Stage::beginning, [](auto& e, auto& o) { return initial_loss(e, o.initial_loss); }},
    {"loss_is_a_sum", Stage::beginning, [](auto& e, auto& o) { return loss_is_a_sum(e, o.sum); }},
    {"activations_vanish", Stage::beginning, [](auto& e, auto& o) { return activations_vanish(e, o.depth); }},
    {"activations_explode", Stage::beginning, [](auto& e, auto& o) { return activations_explode(e, o.depth); }},
    {"gradients_accumulate", Stage::beginning, [](auto& e, auto& o) { return gradients_accumulate(e, o.accumulate); }},
    {"weights_collapse", Stage::decay, [](auto& e, auto& o) { return weights_collapse(e, o.collapse); }},
    {"learning_rate_too_high", Stage::rate, [](auto& e, auto& o) { return learning_rate_too_high(e, o.too_high); }},
    {"learning_rate_too_low", Stage::rate, [](auto& e, auto& o) { return learning_rate_too_low(e, o.too_low); }},
    {"parameters_unchanged", Stage::effect, [](auto& e, auto& o) { return parameters_unchanged(e, o.unchanged); }},
    {"dead_units", Stage::effect, [](auto& e, auto& o) { return dead_units(e, o.dead_units); }},
    {"saturated_units", Stage::effect, [](auto& e, auto& o) { return saturated_units(e, o.saturated); }},
    {"gradients_vanish", Stage::effect, [](auto& e, auto& o) { return gradients_vanish(e, o.depth); }},
    {"gradients_explode", Stage::effect, [](auto& e, auto& o) { return gradients_explode(e, o.depth); }},
    {"throughput_falls", Stage::effect, [](auto& e, auto& o) { return throughput_falls(e, o.throughput); }},
    {"update_ratio", Stage::symptom, [](auto& e, auto& o) { return update_ratio(e, o.update_band); }},
    {"zero_gradient", Stage::outcome, [](auto& e, auto&) { return zero_gradient(e); }},
    {"outputs_constant", Stage::outcome, [](auto& e, auto& o) { return outputs_constant(e, o.constant_outputs); }},
    {"not_learning", Stage::outcome, [](auto& e, auto& o) { return not_learning(e, o.not_learning); }},
    {"accuracy_at_chance", Stage::outcome,
     [](auto& e, auto& o) { return accuracy_at_chance(e, o.accuracy_at_chance); }},
    {"validation_at_chance", Stage::outcome,
     [](auto& e, auto& o) { return validation_at_chance(e, o.validation_at_chance); }},
    {"loss_oscillates", Stage::outcome, [](auto& e, auto& o) { return loss_oscillates(e, o.oscillates); }},
    {"underfitting", Stage::symptom, [](auto& e, auto& o) { return underfitting(e, o.underfitting); }},
    {"plateau", Stage::symptom, [](auto& e, auto& o) { return plateau(e, o.plateau); }},
    {"too_few_epochs", Stage::symptom, [](auto& e, auto& o) { return too_few_epochs(e, o.too_few_epochs); }},
    {"overfitting", Stage::outcome, [](auto& e, auto& o) { return overfitting(e, o.overfitting); }},
    {"validation_better_than_training", Stage::outcome,
     [](auto& e, auto& o) { return validation_better_than_training(e, o.validation_better); }},
};

// A layer that was in that state before any step is a cause and no effect.
Stage stage_of(const Rule& rule, const Verdict& verdict) {
    return rule.stage == Stage::effect && verdict.step == std::int64_t{1} ? Stage::beginning : rule.stage;
}

}    // namespace

Diagnosis judge(const Evidence& evidence, const WatchOptions& options) {
    std::vector<std::pair<Stage, Verdict>> verdicts;
    const std::pair<Stage, Verdict>* cause = nullptr;
    for (const Rule& rule : rules) {
        if (std::find(options.ignore.begin(), options.ignore.end(), rule.name) != options.ignore.end()) continue;
        Verdict verdict = rule.ask(evidence, options);
        const Stage stage = stage_of(rule, verdict);
        verdicts.emplace_back(stage, std::move(verdict));
    }
    std::stable_sort(verdicts.begin(), verdicts.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    Diagnosis diagnosis;
    for (auto& each : verdicts) {
        auto& [stage, verdict] = each;
        if (!verdict.passed() && cause != nullptr && stage > cause->first) {
            verdict.severity = Severity::note;
            verdict.message += " This may follow from " + cause->second.rule + ".";
        } else if (!verdict.passed() && cause == nullptr) {
            cause = &each;
        }
        diagnosis.add(verdict);
    }
    return diagnosis;
}

Watch::Watch(Options options) : options_(std::move(options)) {
    if (options_.measure.every < 1)
        throw std::invalid_argument("[Watch] got measure.every = " + std::to_string(options_.measure.every) +
                                    "; wanted 1 or more");
    if (options_.remember_every < 1)
        throw std::invalid_argument("[Watch] got remember_every = " + std::to_string(options_.remember_every) +
                                    "; wanted 1 or more");
    for (const std::string& name : options_.ignore) {
        std::vector<std::string> known;
        for (const Rule& rule : rules) known.emplace_back(rule.name);
        if (std::find(known.begin(), known.end(), name) == known.end())
            throw std::invalid_argument("[Watch] got a rule to ignore, '" + name + "'; there is " +
                                        detail::join(known));
    }
}

void Watch::begin(Training& training, const std::vector<std::string>&) {
    training.measure(options_.measure);
    training.remember();
    if (!training.measurements().empty())    // of a resumed run, which may be over
        judge(training, !training.stopped().empty() || training.steps() >= training.total_steps());
    epoch_began_ = std::clock();
}

void Watch::after_step(Training& training) {
    if (!std::isfinite(training.step_loss())) {
        if (!not_finite_.has("loss_not_finite")) meet_not_finite(training);
        return;
    }
    if (training.steps() % options_.remember_every != 0) return;
    // What is not finite is no state to go back to.
    for (const ParameterSeries& parameter : training.measurements().parameters)
        if (!parameter.norm.empty() && !std::isfinite(parameter.norm.back())) return;
    training.remember();
}

void Watch::meet_not_finite(Training& training) {
    detail::Check check("loss_not_finite", 0);
    check.at(training.steps());
    std::string message =
        "The loss of step " + std::to_string(training.steps()) + " is " + detail::number(training.step_loss()) + ".";
    std::string advice = "Try a lower learning rate, clip_norm, or functions that are safe at their borders.";
    if (options_.stop_when_not_finite) {
        if (const auto anomaly = training.go_back()) {
            if (!anomaly->operation.empty())
                message += " It began in step " + std::to_string(anomaly->step) +
                           (anomaly->layer.empty() ? "" : ", at " + anomaly->layer) + ": " + anomaly->operation + ".";
            message += " Model and optimizer are those of step " + std::to_string(anomaly->went_back_to) + " again.";
            check.at(anomaly->layer);
        }
        training.stop("the loss was not finite in step " + std::to_string(training.steps()));
    }
    not_finite_.add(check.fail(Severity::error, training.step_loss(), std::move(message), std::move(advice)));
}

void Watch::after_epoch(Training& training) {
    const double seconds = static_cast<double>(std::clock() - epoch_began_) / CLOCKS_PER_SEC;
    if (seconds > 0.1)    // shorter ones cannot be timed
        speed_.push_back(static_cast<double>(training.steps_per_epoch()) *
                         static_cast<double>(training.examples_per_step()) / seconds);
    judge(training, false);
    epoch_began_ = std::clock();
}

void Watch::end(Training& training) { judge(training, !training.interrupted()); }

void Watch::judge(Training& training, bool ended) {
    const Evidence evidence{training.measurements(), training.history(), ended, training.steps(), speed_};
    diagnosis_ = not_finite_;
    diagnosis_.add(train::judge(evidence, options_));
}

State Watch::state() const {
    State state;
    state.add("not_finite", not_finite_.state());    // the rest follows from the measurements
    return state;
}

void Watch::load_state(const State& state) {
    not_finite_.load_state(state.child("not_finite"));
    diagnosis_ = not_finite_;
    speed_.clear();
}

}    // namespace xtape::train
