// Runs of training, sick and healthy, that show how good the diagnosis is: see docs/babysitting.md.
#pragma once

#include <xtape/train/diagnosis/verdict.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "plan.hpp"

namespace xtape::bench {

// A model, its data and an optimizer that suit each other.
struct Setting {
    std::string name;
    Plan plan;
};

// Something that is wrong with a run, and the rules that say so.
struct Fault {
    std::string name;
    std::vector<std::string> rules;
    void (*spoil)(Plan& plan);
    bool met_late = false;    // when rules and thresholds stood
};

const std::vector<Setting>& settings();
const std::vector<Fault>& faults();

struct Outcome {
    train::Diagnosis before;    // preflight's, of healthy runs
    train::Diagnosis diagnosis;
    double first_loss = 0, last_loss = 0, chance = 0;
    double goodness = 0;    // the last accuracy, or R^2, in validation
    double train_goodness = 0;
};

// Whether the fault makes sense there.
bool applies(const Setting& setting, const Fault& fault);
// Trains one of settings() with a fault, or without.
Outcome run(const Setting& setting, const Fault* fault, std::uint64_t seed);

}    // namespace xtape::bench
