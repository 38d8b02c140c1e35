// Training and testing the classifier.
#pragma once

#include <xtape/mpi.hpp>
#include <xtape/train.hpp>

#include "classifier.hpp"
#include "options.hpp"

namespace digits {

// MNIST's digits, or ones that the library draws: `train` and `test`.
xtape::train::Split<float> load(const Options& options);

// Trains on all ranks together, writing and resuming from the checkpoint that the options name. Throws
// xtape::StateError for a checkpoint of a run with other options.
void fit(xtape::train::World& world, Classifier& net, const xtape::train::Dataset<float>& digits,
         const Options& options);

// The share of digits that are read right.
double accuracy(Classifier& net, const xtape::train::Dataset<float>& digits);

}    // namespace digits
