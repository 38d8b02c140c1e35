// Asynchronous successive halving: trials that report on their way are stopped early when others are better.
#pragma once

#include <xtape/train/search/trial.hpp>

#include <cstdint>
#include <map>

namespace xtape::train {

// At the steps first_step, first_step factor, first_step factor^2, ... a trial goes on only if it is among the best
// 1 / factor of the trials that have come so far. Li et al., "A system for massively parallel hyperparameter tuning",
// 2020, in its variant that stops instead of pausing.
struct HalvingOptions {
    std::int64_t factor = 0;    // 2 or more; 0: no trial is stopped
    std::int64_t first_step = 1;
};

namespace detail {

// Whether trial number `index`, whose last report is in `trials`, may go on.
bool goes_on(const HalvingOptions& options, bool maximize, const std::map<std::size_t, Trial>& trials,
             std::size_t index);

}    // namespace detail
}    // namespace xtape::train
