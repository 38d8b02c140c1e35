// Training and testing the classifier.
#pragma once

#include "classifier.hpp"
#include "data.hpp"
#include "options.hpp"

namespace digits {

// Trains a new classifier on the training digits, or goes on from the options' checkpoint, and prints how it goes.
// Throws xtape::io::Error when the checkpoint cannot be read or belongs to a run with other options.
void train(Classifier& net, const Digits& data, const Options& options);

// The share of the test digits that it reads right.
double test_accuracy(Classifier& net, const Digits& data);

}    // namespace digits
