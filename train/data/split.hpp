// Splitting data into training, validation and test parts.
#pragma once

#include <xtape/train/data/dataset.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace xtape::train {

// What the model is fitted to, what is evaluated along the way, and what is evaluated once, at the end.
template <class T>
struct Split {
    Dataset<T> train, validation, test;
};

struct SplitOptions {
    double validation = 0, test = 0;                     // fractions of the examples, rounded to the nearest count
    std::size_t validation_count = 0, test_count = 0;    // or counts
    bool stratified = false;                             // the same share of every class in each part
    std::vector<std::int64_t> groups = {};               // one number per example: no group in two parts
    std::uint64_t seed = 0;
};

// A random split; each part keeps the order of the examples. With groups, fractions are of the groups. Throws
// std::invalid_argument for fractions or counts that leave nothing to train with, both given for one part, none given,
// stratified data without labels, groups that are stratified as well, or not one group per example.
template <class T>
Split<T> split(const Dataset<T>& data, const SplitOptions& options);

struct FoldOptions {
    std::size_t folds = 5;
    bool stratified = false;
    std::vector<std::int64_t> groups = {};
    std::uint64_t seed = 0;
};

// Splits for cross-validation: each example is in the validation part of one of them. Throws as split(), and for fewer
// than two folds, or more folds than examples (groups).
template <class T>
std::vector<Split<T>> k_fold(const Dataset<T>& data, const FoldOptions& options = {});

}    // namespace xtape::train
