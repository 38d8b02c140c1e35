#include <xtape/train/search/trial.hpp>

#include <cmath>
#include <stdexcept>

namespace xtape::train {

Trial::Trial(std::shared_ptr<const Space> space, std::size_t index, std::vector<double> values, Decide decide)
    : space_(std::move(space)), index_(index), values_(std::move(values)), decide_(std::move(decide)) {}

bool Trial::has(std::string_view name) const { return !std::isnan(values_[space_->place(name)]); }

double Trial::checked(std::string_view name, const char* wanted, bool (*fits)(const Hyperparameter&)) const {
    const std::size_t i = space_->place(name);
    const Hyperparameter& h = (*space_)[i];
    if (!fits(h))
        throw std::invalid_argument("[Trial] got '" + h.name + "', which is " +
                                    (h.is_choice() ? "a choice" : "a number") + "; wanted " + wanted);
    if (std::isnan(values_[i]))
        throw std::out_of_range("[Trial] got '" + h.name + "', which is asked for only where '" + h.parent + "' is '" +
                                h.parent_value + "'; ask has(\"" + h.name + "\") first");
    return values_[i];
}

double Trial::number(std::string_view name) const {
    return checked(name, "a number", [](const Hyperparameter& h) { return !h.is_choice(); });
}

std::int64_t Trial::integer(std::string_view name) const {
    return static_cast<std::int64_t>(
        checked(name, "an integer", [](const Hyperparameter& h) { return h.is_integer(); }));
}

const std::string& Trial::choice(std::string_view name) const {
    const double value = checked(name, "a choice", [](const Hyperparameter& h) { return h.is_choice(); });
    return (*space_)[space_->place(name)].choices[static_cast<std::size_t>(value)];
}

bool Trial::report(std::int64_t step, double value) {
    if (!reports_.empty() && step <= reports_.back().step)
        throw std::invalid_argument("[Trial] got a report of step " + std::to_string(step) + " after one of step " +
                                    std::to_string(reports_.back().step) + "; wanted steps that grow");
    reports_.push_back({step, value});
    if (decide_ && !decide_(reports_.back())) told_to_stop_ = true;
    return !told_to_stop_;
}

std::string Trial::describe() const {
    std::string text;
    for (std::size_t i = 0; i < values_.size(); ++i)
        if (!std::isnan(values_[i]))
            text += (text.empty() ? "" : ", ") + (*space_)[i].name + ": " + (*space_)[i].text(values_[i]);
    return text;
}

}    // namespace xtape::train
