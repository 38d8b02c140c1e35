// Searches for hyperparameters: random, grid, quasi-random and model-based, behind one call.
#pragma once

#include <xtape/train/search/halving.hpp>
#include <xtape/train/search/result.hpp>
#include <xtape/train/search/sampler.hpp>
#include <xtape/train/search/space.hpp>
#include <xtape/train/search/trial.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace xtape::train {

struct SearchOptions {
    std::size_t trials = 20;
    std::uint64_t seed = 0;
    bool maximize = false;
    std::string metric = "value";          // what the value is called in lines and in the report
    std::filesystem::path journal = {};    // a search with a journal goes on where it was when it is called again
    HalvingOptions halving = {};
    // Processes that trials run in; 0: in the caller's own, one after another. A process of its own (a fork of the
    // caller) computes with `threads` threads; when it throws, crashes or takes longer than `trial_seconds`, its trial
    // has failed and the search goes on. Fork before the program starts threads of its own.
    std::size_t workers = 0;
    // What workers run in place of `evaluate`: a program and its arguments, one process a trial, which speaks as
    // run_worker (worker.hpp) does. It needs no fork before threads.
    std::vector<std::string> command = {};
    int threads = 1;
    double trial_seconds = 0;    // 0: no limit
    double seconds = 0;          // no trial is begun after this time; 0: no limit
    bool quiet = false;          // no line per trial
};

// Runs `options.trials` trials and returns all of them. The same seed gives the same trials however many workers there
// are and however often the search was interrupted, unless the sampler looks at results (tpe_search). With a journal,
// several processes may run the same search at the same time: they share its trials, and each returns all of them.
// Trials that a dead process was working on are run again with the same values. In the caller's own process an
// exception of `evaluate` reaches the caller, the journal being as it was before the trial. Throws
// std::invalid_argument for options out of their range, an empty space, both a command and an `evaluate` or neither, or
// the journal of another search; io::Error for a damaged journal.
SearchResult random_search(const Space& space, const SearchOptions& options, const Evaluate& evaluate = {});
// At most `options.trials` points of a grid: see grid_sampler.
SearchResult grid_search(const Space& space, const SearchOptions& options, const Evaluate& evaluate = {});
SearchResult quasi_random_search(const Space& space, const SearchOptions& options, const Evaluate& evaluate = {});
SearchResult tpe_search(const Space& space, const SearchOptions& options, const Evaluate& evaluate = {});
// With a sampler of the caller's own.
SearchResult search(const Space& space, Sampler& sampler, const SearchOptions& options, const Evaluate& evaluate = {});

}    // namespace xtape::train
