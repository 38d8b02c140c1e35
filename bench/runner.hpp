// Times a function: three runs to warm up, then as many as fit into the budget, at least seven.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace bench {

// Whether the command line asks for a case with that name.
bool wanted(const std::string& name);

// Prints "name <tab> median_us <tab> min_us", unless the command line asks for other names, and returns the median.
// With the median of `another` case to compare with, a last column has the ratio of the two.
double run(const std::string& name, const std::function<void()>& f, double budget_seconds = 1.5, double another = 0);

// Runs functions in turn, so that what else the machine does meets all of them, and prints for each "name/its name
// <tab> median_us <tab> min_us <tab> ratio", both of one of its `parts`; the ratio is of the least time to the first
// function's.
void compare(const std::string& name, double parts,
             const std::vector<std::pair<std::string, std::function<void()>>>& functions, double budget_seconds = 10);

// One function for each source file of cases.
void tape();
void operations();
void short_axes();
void products();
void sequences();
void models();
void images();
void optimizers();
void checkpoints();
void file_growth();
void training();

}    // namespace bench
