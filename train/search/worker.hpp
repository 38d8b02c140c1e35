// Workers: programs of their own that evaluate trials for a search.
#pragma once

#include <xtape/train/search/trial.hpp>

namespace xtape::train {

// The main function of a program that SearchOptions::command names: evaluates one trial of a search of this space, and
// returns the program's exit code.
//
//     int main() { return train::run_worker(space(), evaluate); }
//
// It speaks through its standard input and output, one JSON object a line, so that programs in other languages can do
// it, too. It is given
//
//     {"trial": 3, "values": {"lr": 0.001, "optimizer": "adam"}}
//
// and says {"step": 1, "value": 0.7} for a report, which is answered by true (go on) or false (stop); at last
// {"value": 0.4}, with "stopped": true if it was told to stop; or {"error": "..."}. Other lines mean nothing. What
// `evaluate` prints goes to the standard error.
int run_worker(const Space& space, const Evaluate& evaluate);

}    // namespace xtape::train
