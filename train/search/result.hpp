// SearchResult: the trials of a search, and what a person wants to know of them.
#pragma once

#include <xtape/train/search/trial.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xtape::train {

struct NarrowOptions {
    double keep = 0.2;    // the part of the trials, the best ones, that the new ranges enclose
};

// A range whose border the best trials stand at.
struct Border {
    std::string name;
    bool high;    // at the upper end?
    double limit;
    std::string advice;    // in words, with the way to widen the range
};

class SearchResult {
public:
    SearchResult(std::shared_ptr<const Space> space, std::vector<Trial> trials, bool maximize, std::string metric,
                 std::vector<std::string> notes);

    // All trials that ended, in the order of their indices.
    const std::vector<Trial>& trials() const { return trials_; }
    const Space& space() const { return *space_; }
    bool maximize() const { return maximize_; }
    const std::string& metric() const { return metric_; }
    // What was mended on the way, in words: a journal's torn last line.
    const std::vector<std::string>& notes() const { return notes_; }

    // The best complete trial. Throws std::out_of_range when none has a value that is a number.
    const Trial& best() const;
    // The best `count` of them, or all there are, the best first.
    std::vector<Trial> best(std::size_t count) const;

    // The space for the next stage: the ranges and choices of the best `keep` of the trials, with a margin of half the
    // mean distance between them. Throws std::invalid_argument for keep outside (0, 1], std::out_of_range as best().
    Space narrowed(NarrowOptions options = {}) const;

    // The ranges whose border the best value stands at: the best trial is in the outer tenth of the range, and the
    // median of the best tenth of the trials (at least five) in the outer quarter on the same side.
    std::vector<Border> borders() const;
    bool at_border(std::string_view name) const;

    // For each hyperparameter the share of the variance of the values that it explains by itself, by functional ANOVA
    // over a forest of regression trees on the values' ranks (so that one diverged trial is not everything). What the
    // shares lack to 1 belongs to interactions and noise. Hutter et al., "An efficient approach for assessing
    // hyperparameter importance", 2014.
    std::map<std::string, double> importance() const;

    // The best trials, the borders and the importance, as text of some lines.
    std::string summary(std::size_t best_trials = 5) const;

private:
    std::vector<const Trial*> ranked() const;    // complete trials with a number, the best first

    std::shared_ptr<const Space> space_;
    std::vector<Trial> trials_;
    bool maximize_;
    std::string metric_;
    std::vector<std::string> notes_;
};

}    // namespace xtape::train
