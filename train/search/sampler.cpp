#include <xtape/core/random.hpp>
#include <xtape/train/search/sampler.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xtape::train {
namespace {

constexpr double not_asked = std::numeric_limits<double>::quiet_NaN();

std::vector<double> from_units(const Space& space, const std::vector<double>& units) {
    std::vector<double> values(space.size(), not_asked);
    for (std::size_t i = 0; i < space.size(); ++i)
        if (space.is_asked(i, values)) values[i] = space[i].from_unit(units[i]);
    return values;
}

class RandomSampler final : public Sampler {
public:
    RandomSampler(const Space& space, std::uint64_t seed) : space_(space), seed_(seed) {}
    std::string name() const override { return "random"; }
    std::vector<double> suggest(std::size_t index, std::span<const Trial>) override {
        std::vector<double> units(space_.size());
        Stream(seed_, index).uniform(std::span<double>(units));
        return from_units(space_, units);
    }

private:
    Space space_;
    std::uint64_t seed_;
};

class GridSampler final : public Sampler {
public:
    GridSampler(const Space& space, std::size_t trials) : space_(space), points_(space.size(), 1) {
        std::size_t room = trials, numbers = 0;
        for (std::size_t i = 0; i < space.size(); ++i)
            if (space[i].is_choice()) {
                points_[i] = space[i].choices.size();
                room /= points_[i];
            } else {
                ++numbers;
            }
        // One more point for one hyperparameter after another, as long as the grid is not too large.
        for (bool grown = numbers > 0; grown;) {
            grown = false;
            for (std::size_t i = 0; i < space.size(); ++i) {
                if (space[i].is_choice() ||
                    (space[i].is_integer() && static_cast<double>(points_[i]) > space[i].high - space[i].low))
                    continue;
                ++points_[i];
                if (size() > trials) {
                    --points_[i];
                } else {
                    grown = true;
                }
            }
        }
    }
    std::string name() const override { return "grid"; }
    std::size_t limit() const override { return size(); }
    std::vector<double> suggest(std::size_t index, std::span<const Trial>) override {
        std::vector<double> values(space_.size(), not_asked), places(space_.size());
        for (std::size_t i = space_.size(); i-- > 0; index /= points_[i])
            places[i] = static_cast<double>(index % points_[i]);
        for (std::size_t i = 0; i < space_.size(); ++i)
            if (space_.is_asked(i, values)) values[i] = value(space_[i], places[i], static_cast<double>(points_[i]));
        return values;
    }

private:
    static double value(const Hyperparameter& h, double place, double points) {
        if (h.is_choice()) return place;
        const double part = points > 1 ? place / (points - 1) : 0.5;
        return h.from_unit(h.to_unit(h.low) + part * (h.to_unit(h.high) - h.to_unit(h.low)));
    }
    std::size_t size() const {
        std::size_t count = 1;
        for (std::size_t points : points_) count *= points;
        return count;
    }

    Space space_;
    std::vector<std::size_t> points_;
};

class QuasiRandomSampler final : public Sampler {
public:
    QuasiRandomSampler(const Space& space, std::uint64_t seed) : space_(space), seed_(seed) {
        for (unsigned candidate = 2; primes_.size() < space.size(); ++candidate)
            if (std::none_of(primes_.begin(), primes_.end(), [&](unsigned p) { return candidate % p == 0; }))
                primes_.push_back(candidate);
    }
    std::string name() const override { return "quasi_random"; }
    std::vector<double> suggest(std::size_t index, std::span<const Trial>) override {
        std::vector<double> units(space_.size());
        for (std::size_t i = 0; i < units.size(); ++i) units[i] = radical_inverse(i, index);
        return from_units(space_, units);
    }

private:
    // The digits of `index` behind the point, each permuted by a permutation of its own; all digits that a double has.
    double radical_inverse(std::size_t dimension, std::size_t index) const {
        const unsigned base = primes_[dimension];
        double result = 0, scale = 1;
        for (std::uint64_t digit = 0; scale > 0x1p-53; ++digit, index /= base) {
            scale /= base;
            const Indices order = Stream(seed_, dimension << 32 | digit).permutation(base);
            result += static_cast<double>(order.storage()[index % base]) * scale;
        }
        return std::min(result, 1 - 0x1p-53);
    }

    Space space_;
    std::uint64_t seed_;
    std::vector<unsigned> primes_;
};

}    // namespace

std::unique_ptr<Sampler> random_sampler(const Space& space, std::uint64_t seed) {
    return std::make_unique<RandomSampler>(space, seed);
}

std::unique_ptr<Sampler> grid_sampler(const Space& space, std::size_t trials) {
    return std::make_unique<GridSampler>(space, trials);
}

std::unique_ptr<Sampler> quasi_random_sampler(const Space& space, std::uint64_t seed) {
    return std::make_unique<QuasiRandomSampler>(space, seed);
}

}    // namespace xtape::train
