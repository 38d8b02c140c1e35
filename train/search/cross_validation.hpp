// Cross-validation as what a search optimises.
#pragma once

#include <xtape/train/data/split.hpp>
#include <xtape/train/search/trial.hpp>

#include <functional>

namespace xtape::train {

// The mean of evaluate(trial, fold) over the folds of the data, which are the same for every trial. After each fold the
// mean so far is reported, its step being the number of the fold, so that successive halving can stop a trial before
// its last one; `evaluate` itself reports nothing. Throws as k_fold.
//
//     random_search(space, options, cross_validated<float>(data, {.folds = 5, .stratified = true},
//                                                          [](Trial& trial, const Split<float>& fold) { ... }));
template <class T>
Evaluate cross_validated(const Dataset<T>& data, const FoldOptions& options,
                         std::function<double(Trial& trial, const Split<T>& fold)> evaluate);

}    // namespace xtape::train
