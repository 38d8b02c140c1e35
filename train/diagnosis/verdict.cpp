#include <xtape/core/error.hpp>
#include <xtape/train/diagnosis/verdict.hpp>
#include <xtape/train/loop/detail/text.hpp>

#include <algorithm>
#include <stdexcept>

namespace xtape::train {

const char* to_string(Severity severity) {
    switch (severity) {
        case Severity::note: return "note";
        case Severity::warning: return "warning";
        case Severity::error: return "error";
    }
    throw std::invalid_argument("[to_string] got a severity that is none");
}

std::string to_string(const Verdict& verdict) {
    std::string place = verdict.layer;
    if (verdict.step) place += (place.empty() ? "step " : ", step ") + std::to_string(*verdict.step);
    std::string text = std::string(to_string(verdict.severity)) + ": " + verdict.rule;
    if (!place.empty()) text += " (" + place + ")";
    text += ": " + verdict.message;
    return verdict.advice.empty() ? text : text + " " + verdict.advice;
}

void Diagnosis::add(const Diagnosis& other) {
    const std::vector<Verdict> more = other.verdicts_;    // which may be this one's
    verdicts_.insert(verdicts_.end(), more.begin(), more.end());
}

Severity Diagnosis::worst() const {
    Severity result = Severity::note;
    for (const Verdict& verdict : verdicts_) result = std::max(result, verdict.severity);
    return result;
}

bool Diagnosis::has(std::string_view rule) const {
    return std::any_of(verdicts_.begin(), verdicts_.end(),
                       [&](const Verdict& verdict) { return verdict.rule == rule && !verdict.passed(); });
}

const Verdict& Diagnosis::at(std::string_view rule) const {
    const Verdict* found = nullptr;
    for (const Verdict& verdict : verdicts_)
        if (verdict.rule == rule && (found == nullptr || verdict.severity > found->severity)) found = &verdict;
    if (found != nullptr) return *found;
    std::vector<std::string> rules;
    for (const Verdict& verdict : verdicts_)
        if (std::find(rules.begin(), rules.end(), verdict.rule) == rules.end()) rules.push_back(verdict.rule);
    throw std::out_of_range("[Diagnosis] got '" + std::string(rule) + "'; there is " +
                            (rules.empty() ? "no verdict" : detail::join(rules)));
}

std::string Diagnosis::message() const {
    std::string text;
    for (Severity severity : {Severity::error, Severity::warning})
        for (const Verdict& verdict : verdicts_)
            if (verdict.severity == severity) text += (text.empty() ? "" : "\n") + to_string(verdict);
    return text.empty() ? "healthy" : text;
}

State Diagnosis::state() const {
    State state;
    for (std::size_t i = 0; i < verdicts_.size(); ++i) {
        const Verdict& verdict = verdicts_[i];
        const std::string prefix = std::to_string(i) + ".";
        state.add(prefix + "rule", verdict.rule);
        state.add(prefix + "severity", static_cast<std::int64_t>(verdict.severity));
        state.add(prefix + "value", verdict.value);
        state.add(prefix + "limit", verdict.limit);
        state.add(prefix + "step", verdict.step.value_or(-1));
        state.add(prefix + "layer", verdict.layer);
        state.add(prefix + "message", verdict.message);
        state.add(prefix + "advice", verdict.advice);
    }
    return state;
}

void Diagnosis::load_state(const State& state) {
    std::vector<Verdict> loaded;
    for (std::size_t i = 0; state.contains(std::to_string(i) + ".rule"); ++i) {
        const std::string prefix = std::to_string(i) + ".";
        const auto severity = state.get<std::int64_t>(prefix + "severity"),
                   step = state.get<std::int64_t>(prefix + "step");
        if (severity < 0 || severity > 2)
            throw StateError("[Diagnosis] got a severity of " + std::to_string(severity) + "; wanted 0, 1 or 2");
        loaded.push_back({.rule = state.get<std::string>(prefix + "rule"),
                          .severity = static_cast<Severity>(severity),
                          .value = state.get<double>(prefix + "value"),
                          .limit = state.get<double>(prefix + "limit"),
                          .step = step < 0 ? std::nullopt : std::optional(step),
                          .layer = state.get<std::string>(prefix + "layer"),
                          .message = state.get<std::string>(prefix + "message"),
                          .advice = state.get<std::string>(prefix + "advice")});
    }
    verdicts_ = std::move(loaded);
}

}    // namespace xtape::train
