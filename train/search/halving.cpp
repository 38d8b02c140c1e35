#include <xtape/train/search/halving.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

namespace xtape::train::detail {
namespace {

// The first report at or after a step.
std::optional<double> value_at(const Trial& trial, std::int64_t step) {
    for (const TrialReport& report : trial.reports())
        if (report.step >= step) return report.value;
    return std::nullopt;
}

}    // namespace

bool goes_on(const HalvingOptions& options, bool maximize, const std::map<std::size_t, Trial>& trials,
             std::size_t index) {
    if (options.factor == 0) return true;
    const auto& reports = trials.at(index).reports();
    const std::int64_t now = reports.back().step, before = reports.size() > 1 ? reports[reports.size() - 2].step : 0;
    // The last rung that this report has reached and the one before it had not.
    std::int64_t rung = 0;
    for (std::int64_t step = options.first_step; step <= now; step *= options.factor) {
        if (step > before) rung = step;
        if (step > now / options.factor) break;
    }
    if (rung == 0) return true;
    const double mine = *value_at(trials.at(index), rung);
    if (std::isnan(mine)) return false;
    std::size_t reached = 0, better = 0;
    for (const auto& [other, trial] : trials)
        if (const auto value = value_at(trial, rung)) {
            ++reached;
            better += maximize ? *value > mine : *value < mine;
        }
    return better < std::max<std::size_t>(1, reached / static_cast<std::size_t>(options.factor));
}

}    // namespace xtape::train::detail
