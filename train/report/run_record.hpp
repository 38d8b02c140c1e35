// RunRecord: all that a report of a training run shows.
#pragma once

#include <xtape/train/diagnosis/measurements.hpp>
#include <xtape/train/diagnosis/verdict.hpp>
#include <xtape/train/loop/answers.hpp>
#include <xtape/train/loop/history.hpp>
#include <xtape/train/report/document.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace xtape::train {

// What is empty is left out of the report.
struct RunRecord {
    std::string title = "Training report";
    History history = {};
    Measurements measurements = {};
    Diagnosis diagnosis = {};
    Answers answers = Answers();     // on the validation set, or the training set without one
    std::string first_layer = {};    // the parameter that is shown in pictures
    // It, as first_layer_pictures gives it.
    Array<double> before = empty_array<double>({0}), after = empty_array<double>({0});
    Shape image = {};    // how mistakes are looked at: (height, width) or (channels, h, w)
    std::vector<std::pair<std::string, std::string>> settings = {};    // hyperparameters, seeds, versions, machine
    std::string model_summary = {};
    std::int64_t steps = 0;
    double seconds = 0;
    std::string ending = {};    // "complete", "interrupted after step 101", "under way"
};

// The report of a run as a page, to which more can be added.
Document document(const RunRecord& run);

// Replaces the file as a whole. Throws io::Error.
void write_report(const std::filesystem::path& path, const RunRecord& run);

}    // namespace xtape::train
