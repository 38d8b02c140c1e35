// Samplers: where the values of the next trial come from.
#pragma once

#include <xtape/train/search/trial.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace xtape::train {

// Gives each trial its values. Values depend on the seed, the trial's index and, for samplers that look at results, on
// the trials that have ended.
class Sampler {
public:
    virtual ~Sampler() = default;
    // The name that a journal keeps: a search is resumed with the sampler that it began with.
    virtual std::string name() const = 0;
    // Values of trial number `index`, in the order of the space, NaN for what is not asked for. `ended` are the trials
    // that are complete, stopped or failed, in the order of their indices, if it looks at results.
    virtual std::vector<double> suggest(std::size_t index, std::span<const Trial> ended) = 0;
    virtual bool looks_at_results() const { return false; }
    // The number of different trials that there are; 0: no limit.
    virtual std::size_t limit() const { return 0; }
};

// Independent draws: Bergstra and Bengio, "Random search for hyper-parameter optimization", 2012.
std::unique_ptr<Sampler> random_sampler(const Space& space, std::uint64_t seed);

// The points of a grid, at most `trials` of them: every choice, and for each number as many values, evenly spaced from
// end to end on its scale, as still fit. The last hyperparameter changes fastest.
std::unique_ptr<Sampler> grid_sampler(const Space& space, std::size_t trials);

// Halton's sequence, its digits permuted at random: even coverage of the space by any number of trials. Owen, "A
// randomized Halton algorithm in R", 2017.
std::unique_ptr<Sampler> quasi_random_sampler(const Space& space, std::uint64_t seed);

struct TpeOptions {
    std::size_t startup = 10;       // trials before the model is used, drawn quasi-randomly
    std::size_t candidates = 48;    // of which the most promising becomes the trial
};

// The multivariate tree-structured Parzen estimator: densities l of the better trials and g of the others; the
// candidate drawn from l with the largest l / g is tried. Bergstra et al., "Algorithms for hyper-parameter
// optimization", 2011; Falkner et al., "BOHB", 2018, for the joint density.
std::unique_ptr<Sampler> tpe_sampler(const Space& space, std::uint64_t seed, bool maximize, TpeOptions options = {});

}    // namespace xtape::train
