#include <xtape/train/search/detail/forest.hpp>
#include <xtape/train/search/result.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <set>
#include <stdexcept>

namespace xtape::train {
namespace {

constexpr std::size_t least_trials = 8;    // from which a border is judged

template <class... Numbers>
std::string print(const char* format, Numbers... numbers) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), format, numbers...);
    return text.data();
}

}    // namespace

SearchResult::SearchResult(std::shared_ptr<const Space> space, std::vector<Trial> trials, bool maximize,
                           std::string metric, std::vector<std::string> notes)
    : space_(std::move(space)),
      trials_(std::move(trials)),
      maximize_(maximize),
      metric_(std::move(metric)),
      notes_(std::move(notes)) {}

std::vector<const Trial*> SearchResult::ranked() const {
    std::vector<const Trial*> result;
    for (const Trial& trial : trials_)
        if (trial.status() == TrialStatus::complete && !std::isnan(trial.value())) result.push_back(&trial);
    std::stable_sort(result.begin(), result.end(), [&](const Trial* a, const Trial* b) {
        return maximize_ ? a->value() > b->value() : a->value() < b->value();
    });
    return result;
}

const Trial& SearchResult::best() const {
    const auto order = ranked();
    if (order.empty())
        throw std::out_of_range("[SearchResult] none of the " + std::to_string(trials_.size()) +
                                " trials is complete with a number as its value; there is no best one");
    return *order.front();
}

std::vector<Trial> SearchResult::best(std::size_t count) const {
    std::vector<Trial> result;
    for (const Trial* trial : ranked())
        if (result.size() < count) result.push_back(*trial);
    return result;
}

Space SearchResult::narrowed(NarrowOptions options) const {
    if (!(options.keep > 0 && options.keep <= 1))
        throw std::invalid_argument("[narrowed] got keep = " + print("%g", options.keep) + "; wanted 0 < keep <= 1");
    best();    // throws when there is none
    const auto order = ranked();
    const auto kept = std::clamp<std::size_t>(
        static_cast<std::size_t>(std::ceil(options.keep * static_cast<double>(order.size()))), 1, order.size());

    Space result;
    for (std::size_t i = 0; i < space_->size(); ++i) {
        Hyperparameter h = (*space_)[i];
        if (!h.parent.empty()) {
            if (!result.contains(h.parent)) continue;
            const auto& choices = result[result.place(h.parent)].choices;
            if (std::find(choices.begin(), choices.end(), h.parent_value) == choices.end()) continue;
        }
        std::set<double> values;
        for (std::size_t k = 0; k < kept; ++k)
            if (const double value = order[k]->values()[i]; !std::isnan(value)) values.insert(value);
        if (values.empty()) continue;
        if (h.is_choice()) {
            std::vector<std::string> choices;
            for (double value : values) choices.push_back(h.choices[static_cast<std::size_t>(value)]);
            h.choices = std::move(choices);
        } else {
            const double first = h.to_unit(*values.begin()), last = h.to_unit(*values.rbegin());
            const double spread = last > first ? last - first : 0.1;
            const double margin = spread / (2 * static_cast<double>(values.size()));
            const double low = h.from_unit(std::max(0.0, first - margin));
            const double high = h.from_unit(std::min(1.0, last + margin));
            h.low = low;
            h.high = high;
        }
        result.add(std::move(h));
    }
    return result;
}

std::vector<Border> SearchResult::borders() const {
    std::vector<Border> result;
    const auto order = ranked();
    if (order.size() < least_trials) return result;
    const std::size_t count = std::max(least_trials, order.size() / 10);
    for (std::size_t i = 0; i < space_->size(); ++i) {
        const Hyperparameter& h = (*space_)[i];
        const double first = order.front()->values()[i];
        if (h.is_choice() || std::isnan(first)) continue;
        std::vector<double> places;
        for (std::size_t k = 0; k < count; ++k)
            if (const double value = order[k]->values()[i]; !std::isnan(value)) places.push_back(h.to_unit(value));
        std::nth_element(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(places.size() / 2), places.end());
        const double median = places[places.size() / 2], place = h.to_unit(first);
        const bool high = place > 0.85 && median > 0.75, low = place < 0.15 && median < 0.25;
        if (!high && !low) continue;
        const double limit = high ? h.high : h.low;
        std::string wider = h.is_log() ? h.text(high ? limit * 10 : limit / 10)
                                       : h.text(high ? limit + (h.high - h.low) : limit - (h.high - h.low));
        result.push_back({h.name, high, limit,
                          h.name + ": the best trial, " + h.text(first) + ", stands at the " +
                              (high ? "upper" : "lower") + " border of its range, " + h.text(limit) +
                              "; better ones may lie beyond it: widen the range, to " + wider + " say"});
    }
    return result;
}

bool SearchResult::at_border(std::string_view name) const {
    space_->place(name);    // throws when there is no such hyperparameter
    for (const Border& border : borders())
        if (border.name == name) return true;
    return false;
}

std::map<std::string, double> SearchResult::importance() const {
    const auto order = ranked();
    std::vector<std::vector<double>> points;
    std::vector<double> ranks;
    for (std::size_t k = 0; k < order.size(); ++k) {
        std::vector<double> point;
        for (std::size_t i = 0; i < space_->size(); ++i) {
            const double value = order[k]->values()[i];
            point.push_back(std::isnan(value) ? 0.5 : (*space_)[i].to_unit(value));
        }
        points.push_back(std::move(point));
        const bool tied = k > 0 && order[k]->value() == order[k - 1]->value();
        ranks.push_back(tied ? ranks.back() : static_cast<double>(k));
    }
    const auto shares = detail::main_effects(points, ranks, space_->size());
    std::map<std::string, double> result;
    for (std::size_t i = 0; i < space_->size(); ++i) result[(*space_)[i].name] = shares[i];
    return result;
}

std::string SearchResult::summary(std::size_t best_trials) const {
    std::size_t stopped = 0, failed = 0;
    for (const Trial& trial : trials_) {
        stopped += trial.status() == TrialStatus::stopped;
        failed += trial.status() == TrialStatus::failed;
    }
    std::string text = std::to_string(trials_.size()) + " trials";
    if (stopped > 0) text += ", " + std::to_string(stopped) + " of them stopped early";
    if (failed > 0) text += ", " + std::to_string(failed) + " failed";
    text += "; the best:\n";
    for (const Trial& trial : best(best_trials))
        text += "  " + metric_ + ": " + print("%f", trial.value()) + ", " + trial.describe() + "\n";
    for (const Border& border : borders()) text += "Warning: " + border.advice + ".\n";
    std::string shares;
    for (const auto& [name, share] : importance())
        shares += (shares.empty() ? "" : ", ") + name + " " + print("%.0f %%", 100 * share);
    text += "Share of the variance: " + shares + ".\n";
    for (const std::string& note : notes_) text += "Note: " + note + "\n";
    return text;
}

}    // namespace xtape::train
