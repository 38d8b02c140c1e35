// Runs of training, sick and healthy, that show how good the diagnosis is: see docs/babysitting.md.
#pragma once

#include <xtape/train/diagnosis/verdict.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace xtape::bench {

// A model, its data and an optimizer that suit each other.
struct Setting {
    std::string name;
};

// Something that is wrong with a run, and the rules that say so.
struct Fault {
    std::string name;
    std::vector<std::string> rules;
    bool met_late = false;    // when rules and thresholds stood
};

const std::vector<Setting>& settings();
const std::vector<Fault>& faults();

struct Outcome {
    train::Diagnosis diagnosis;
    double first_loss = 0, last_loss = 0, chance = 0;
    double goodness = 0;    // the last accuracy, or R^2, in validation
    double train_goodness = 0;
};

// Trains a setting with a fault (by their places in the lists), or without for -1. False when the fault makes no sense
// there.
bool applies(std::size_t setting, int fault);
Outcome run(std::size_t setting, int fault, std::uint64_t seed);

}    // namespace xtape::bench
