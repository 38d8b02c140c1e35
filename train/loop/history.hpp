// History: the quantities of a run, epoch by epoch.
#pragma once

#include <xtape/core/state.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xtape::train {

using Quantities = std::vector<std::pair<std::string, double>>;    // "validation.accuracy" and what it is

// Whether less is better: of losses, penalties and errors; of everything else more is.
bool lower_is_better(std::string_view quantity);

// One row per epoch, one series per quantity; NaN where an epoch did not measure it.
class History {
public:
    static constexpr bool has_open_layout = true;

    void add(const Quantities& row);

    std::size_t epochs() const { return epochs_; }
    std::vector<std::string> names() const;
    bool contains(std::string_view name) const;
    // A series / its last value / its best one, of all that are not NaN, and the epoch that had it, counted from 0.
    // Throw std::out_of_range naming what there is; best and best_epoch also when no value is a number.
    const std::vector<double>& values(std::string_view name) const;
    double last(std::string_view name) const;
    double best(std::string_view name) const { return values(name)[best_epoch(name)]; }
    std::size_t best_epoch(std::string_view name) const;

    // The header `epoch,train.loss,...` and a line per epoch, epochs counted from 1. Throws io::Error.
    void write_csv(const std::filesystem::path& path) const;

    State state() const;
    // Throws StateError, having changed nothing, when the state is not a history's.
    void load_state(const State& state);

private:
    std::size_t epochs_ = 0;
    std::vector<std::pair<std::string, std::vector<double>>> series_;
};

}    // namespace xtape::train
