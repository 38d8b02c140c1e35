#include <xtape/io/error.hpp>
#include <xtape/train/loop/detail/text.hpp>
#include <xtape/train/loop/history.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <stdexcept>

namespace xtape::train {

bool lower_is_better(std::string_view quantity) {
    for (std::string_view ending : {"loss", "penalty", "mae", "rmse", "error", "perplexity"})
        if (quantity.ends_with(ending)) return true;
    return false;
}

void History::add(const Quantities& row) {
    for (const auto& [name, value] : row) {
        auto found = std::find_if(series_.begin(), series_.end(), [&](const auto& s) { return s.first == name; });
        if (found == series_.end())
            found = series_.insert(series_.end(), {name, std::vector<double>(epochs_, std::nan(""))});
        found->second.push_back(value);
    }
    ++epochs_;
    for (auto& [name, values] : series_) values.resize(epochs_, std::nan(""));
}

std::vector<std::string> History::names() const {
    std::vector<std::string> result;
    for (const auto& [name, values] : series_) result.push_back(name);
    return result;
}

bool History::contains(std::string_view name) const {
    return std::any_of(series_.begin(), series_.end(), [&](const auto& s) { return s.first == name; });
}

const std::vector<double>& History::values(std::string_view name) const {
    for (const auto& [known, values] : series_)
        if (known == name) return values;
    throw std::out_of_range("[History] got '" + std::string(name) + "'; there is " +
                            (series_.empty() ? "nothing yet" : detail::join(names())));
}

double History::last(std::string_view name) const { return values(name).back(); }

std::size_t History::best_epoch(std::string_view name) const {
    const auto& all = values(name);
    const bool low = lower_is_better(name);
    std::size_t best = all.size();
    for (std::size_t i = 0; i < all.size(); ++i)
        if (!std::isnan(all[i]) && (best == all.size() || (low ? all[i] < all[best] : all[i] > all[best]))) best = i;
    if (best == all.size()) throw std::out_of_range("[History] no value of '" + std::string(name) + "' is a number");
    return best;
}

void History::write_csv(const std::filesystem::path& path) const {
    std::ofstream file(path);
    file << "epoch";
    for (const auto& [name, values] : series_) file << ',' << name;
    file << '\n';
    for (std::size_t epoch = 0; epoch < epochs_; ++epoch) {
        file << epoch + 1;
        for (const auto& [name, values] : series_) file << ',' << detail::exact(values[epoch]);
        file << '\n';
    }
    file.close();
    if (!file) throw io::Error("[History] cannot write '" + path.string() + "'");
}

State History::state() const {
    State state;
    state.add("epochs", static_cast<std::int64_t>(epochs_));
    for (std::size_t i = 0; i < series_.size(); ++i) {
        Array<double> values = empty_array<double>({epochs_});
        std::copy(series_[i].second.begin(), series_[i].second.end(), values.storage().begin());
        state.add("series." + std::to_string(i) + ".name", series_[i].first);
        state.add("series." + std::to_string(i) + ".values", std::move(values));
    }
    return state;
}

void History::load_state(const State& state) {
    History loaded;
    const std::int64_t epochs = state.get<std::int64_t>("epochs");
    if (epochs < 0) throw StateError("[History] got a state with " + std::to_string(epochs) + " epochs");
    loaded.epochs_ = static_cast<std::size_t>(epochs);
    for (std::size_t i = 0; state.contains("series." + std::to_string(i) + ".name"); ++i) {
        const auto& values = state.get<Array<double>>("series." + std::to_string(i) + ".values");
        if (values.size() != loaded.epochs_)
            throw StateError("[History] got a series of " + std::to_string(values.size()) + " values for " +
                             std::to_string(epochs) + " epochs");
        loaded.series_.emplace_back(state.get<std::string>("series." + std::to_string(i) + ".name"),
                                    std::vector<double>(values.storage().begin(), values.storage().end()));
    }
    *this = std::move(loaded);
}

}    // namespace xtape::train
