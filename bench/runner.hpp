// Times a function: three runs to warm up, then as many as fit into the budget, at least seven.
#pragma once

#include <functional>
#include <string>

namespace bench {

// Prints "name <tab> median_us <tab> min_us", unless the command line asks for other names.
void run(const std::string& name, const std::function<void()>& f, double budget_seconds = 1.5);

// One function for each source file of cases.
void tape();
void elementwise();
void reductions();
void products();
void models();
void optimizers();
void checkpoints();

}    // namespace bench
