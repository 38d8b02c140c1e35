// What a search and its workers say to each other, line by line: see worker.hpp.
#pragma once

#include <xtape/train/search/trial.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xtape::train::detail {

// For the search: the line that begins a trial, and what a worker's line means; nothing: it is no such line.
std::string trial_line(const Trial& trial);
struct WorkerLine {
    std::optional<TrialReport> report = {};
    TrialOutcome outcome = {};    // unless it is a report
};
std::optional<WorkerLine> read_worker_line(std::string_view line);

// For the worker: the trial that it is given. Throws std::exceptions for what is no such line.
Trial read_trial_line(const Space& space, std::string_view line);
// Evaluates the trial, and says how it goes through a pair of files that are open.
void serve(const Trial& trial, const Evaluate& evaluate, int in, int out);

// A line without its end, read byte by byte; nothing at the end of the file.
std::optional<std::string> read_line(int file);

}    // namespace xtape::train::detail
