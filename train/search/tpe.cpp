#include <xtape/core/random.hpp>
#include <xtape/train/search/sampler.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace xtape::train {
namespace {

constexpr double not_asked = std::numeric_limits<double>::quiet_NaN();

// Uniform numbers one by one.
class Draws {
public:
    Draws(std::uint64_t seed, std::uint64_t number) : stream_(seed, number) {}
    double uniform() {
        if (next_ == buffer_.size()) {
            stream_.uniform(std::span<double>(buffer_));
            next_ = 0;
        }
        return buffer_[next_++];
    }
    double normal() {
        const double radius = std::sqrt(-2 * std::log(1 - uniform()));
        return radius * std::cos(2 * std::numbers::pi * uniform());
    }

private:
    Stream stream_;
    std::array<double, 256> buffer_{};
    std::size_t next_ = buffer_.size();
};

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

// The probability of [a, b] under a normal distribution.
double normal_mass(double mean, double deviation, double a, double b) {
    // On the side of the tail, where the difference does not cancel.
    if (a > mean) return normal_cdf((mean - a) / deviation) - normal_cdf((mean - b) / deviation);
    return normal_cdf((b - mean) / deviation) - normal_cdf((a - mean) / deviation);
}

// A mixture with one component for each observed trial, and one for the prior, over the unit cube. What a trial was not
// asked for its component takes from the prior.
class Parzen {
public:
    Parzen(const Space& space, const std::vector<const Trial*>& trials) : space_(space), trials_(trials) {
        for (std::size_t i = 0; i < space.size(); ++i) deviations_.push_back(deviations(i));
        const auto count = static_cast<double>(trials.size());
        // Trials longer ago than the last 25 count less.
        for (std::size_t i = 0; i < trials.size(); ++i) {
            const std::size_t old = trials.size() > 25 ? trials.size() - 25 : 0;
            const double ramp = old > 1 ? static_cast<double>(i) / static_cast<double>(old - 1) : 1;
            weights_.push_back(i < old ? 1 / count + (1 - 1 / count) * ramp : 1);
        }
        weights_.push_back(1);
        for (double weight : weights_) total_ += weight;
    }

    std::vector<double> draw(Draws& draws) const {
        double left = draws.uniform() * total_;
        std::size_t k = 0;
        while (k + 1 < weights_.size() && left >= weights_[k]) left -= weights_[k++];
        std::vector<double> values(space_.size(), not_asked);
        for (std::size_t i = 0; i < space_.size(); ++i) {
            if (!space_.is_asked(i, values)) continue;
            const Hyperparameter& h = space_[i];
            if (h.is_choice()) {
                double rest = draws.uniform();
                std::size_t choice = 0;
                while (choice + 1 < h.choices.size() && rest >= choice_mass(k, i, choice))
                    rest -= choice_mass(k, i, choice++);
                values[i] = static_cast<double>(choice);
            } else {
                const auto [mean, deviation] = normal_at(k, i);
                double place = -1;
                while (place < 0 || place > 1) place = mean + deviation * draws.normal();
                values[i] = h.from_unit(place);
            }
        }
        return values;
    }

    double log_density(const std::vector<double>& values) const {
        std::vector<double> logs;
        for (std::size_t k = 0; k < weights_.size(); ++k) {
            double sum = std::log(weights_[k] / total_);
            for (std::size_t i = 0; i < values.size(); ++i)
                if (!std::isnan(values[i])) sum += log_factor(k, i, values[i]);
            logs.push_back(sum);
        }
        const double largest = *std::max_element(logs.begin(), logs.end());
        double sum = 0;
        for (double each : logs) sum += std::exp(each - largest);
        return largest + std::log(sum);
    }

private:
    struct Normal {
        double mean, deviation;
    };

    // Of each component in one dimension: how far it is to the neighbour that is farther away, within limits that keep
    // the mixture from collapsing.
    std::vector<double> deviations(std::size_t i) const {
        std::vector<double> result(trials_.size(), 1);
        if (space_[i].is_choice()) return result;
        std::vector<std::pair<double, std::size_t>> places;
        for (std::size_t k = 0; k < trials_.size(); ++k)
            if (const double value = observed(k, i); !std::isnan(value))
                places.emplace_back(space_[i].to_unit(value), k);
        std::sort(places.begin(), places.end());
        const std::size_t count = places.size();
        const double least = 1 / std::min(100.0, 2 + static_cast<double>(count));
        for (std::size_t p = 0; p < count; ++p) {
            const double before = p > 0 ? places[p].first - places[p - 1].first : count > 1 ? 0 : places[p].first;
            const double after = p + 1 < count ? places[p + 1].first - places[p].first
                                 : count > 1   ? 0
                                               : 1 - places[p].first;
            result[places[p].second] = std::clamp(std::max(before, after), least, 1.0);
        }
        return result;
    }

    double observed(std::size_t k, std::size_t i) const {
        return k < trials_.size() ? trials_[k]->values()[i] : not_asked;
    }
    Normal normal_at(std::size_t k, std::size_t i) const {
        const double value = observed(k, i);
        return std::isnan(value) ? Normal{0.5, 1} : Normal{space_[i].to_unit(value), deviations_[i][k]};
    }
    double choice_mass(std::size_t k, std::size_t i, std::size_t choice) const {
        const auto choices = static_cast<double>(space_[i].choices.size());
        const double value = observed(k, i), prior = 1 / static_cast<double>(weights_.size());
        if (std::isnan(value)) return 1 / choices;
        return (prior + (value == static_cast<double>(choice) ? 1 : 0)) / (prior * choices + 1);
    }
    double log_factor(std::size_t k, std::size_t i, double value) const {
        const Hyperparameter& h = space_[i];
        if (h.is_choice()) return std::log(choice_mass(k, i, static_cast<std::size_t>(value)));
        const auto [mean, deviation] = normal_at(k, i);
        const double all = std::log(normal_mass(mean, deviation, 0, 1));
        if (h.is_integer()) {    // the mass of its share of the interval
            const double mass = normal_mass(mean, deviation, h.to_unit(value - 0.5), h.to_unit(value + 0.5));
            return std::log(std::max(mass, std::numeric_limits<double>::min())) - all;
        }
        const double z = (h.to_unit(value) - mean) / deviation;
        return -z * z / 2 - std::log(deviation) - all;
    }

    const Space& space_;
    const std::vector<const Trial*>& trials_;
    std::vector<std::vector<double>> deviations_;    // by dimension and component
    std::vector<double> weights_;
    double total_ = 0;
};

class TpeSampler final : public Sampler {
public:
    TpeSampler(const Space& space, std::uint64_t seed, bool maximize, TpeOptions options)
        : space_(space),
          seed_(seed),
          maximize_(maximize),
          options_(options),
          startup_(quasi_random_sampler(space, seed)) {}
    std::string name() const override { return "tpe"; }
    bool looks_at_results() const override { return true; }

    std::vector<double> suggest(std::size_t index, std::span<const Trial> ended) override {
        if (ended.size() < options_.startup) return startup_->suggest(index, ended);
        std::vector<const Trial*> better, others;
        split(ended, better, others);
        const Parzen l(space_, better), g(space_, others);
        Draws draws(seed_, index);
        std::vector<double> best;
        double best_score = -std::numeric_limits<double>::infinity();
        for (std::size_t c = 0; c < options_.candidates; ++c) {
            std::vector<double> values = l.draw(draws);
            const double score = l.log_density(values) - g.log_density(values);
            if (best.empty() || score > best_score) {
                best = std::move(values);
                best_score = score;
            }
        }
        return best;
    }

private:
    // Complete trials by their values, then stopped ones by how far they came; failed ones are the worst.
    bool better(const Trial& a, const Trial& b) const {
        auto rank = [](const Trial& t) {
            return std::isnan(t.value()) ? 2 : t.status() == TrialStatus::complete ? 0 : 1;
        };
        auto step = [](const Trial& t) { return t.reports().empty() ? 0 : t.reports().back().step; };
        if (rank(a) != rank(b)) return rank(a) < rank(b);
        if (rank(a) == 2) return false;
        if (rank(a) == 1 && step(a) != step(b)) return step(a) > step(b);
        return maximize_ ? a.value() > b.value() : a.value() < b.value();
    }
    void split(std::span<const Trial> ended, std::vector<const Trial*>& best, std::vector<const Trial*>& others) const {
        std::vector<const Trial*> ranked;
        for (const Trial& trial : ended) ranked.push_back(&trial);
        std::stable_sort(ranked.begin(), ranked.end(), [&](const Trial* a, const Trial* b) { return better(*a, *b); });
        const auto count = std::min<std::size_t>(25, (ranked.size() + 6) / 7);    // the best seventh
        best.assign(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(count));
        others.assign(ranked.begin() + static_cast<std::ptrdiff_t>(count), ranked.end());
        auto earlier = [](const Trial* a, const Trial* b) { return a->index() < b->index(); };
        std::sort(best.begin(), best.end(), earlier);
        std::sort(others.begin(), others.end(), earlier);
    }

    Space space_;
    std::uint64_t seed_;
    bool maximize_;
    TpeOptions options_;
    std::unique_ptr<Sampler> startup_;
};

}    // namespace

std::unique_ptr<Sampler> tpe_sampler(const Space& space, std::uint64_t seed, bool maximize, TpeOptions options) {
    return std::make_unique<TpeSampler>(space, seed, maximize, options);
}

}    // namespace xtape::train
