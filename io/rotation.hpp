// A folder of checkpoints: the last ones, the best ones, and a `latest` that always loads.
#pragma once

#include <xtape/io/checkpoint.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace xtape::io {

struct RotationOptions {
    std::size_t keep_last = 3;
    std::size_t keep_best = 1;
    bool larger_is_better = false;      // of the metric: false for a loss, true for an accuracy
    std::string name = "checkpoint";    // of the files: checkpoint-000000042.h5, checkpoint-latest.h5
    SaveOptions save = {};
};

// Saves checkpoints under rising step numbers and removes those that are neither among the last nor among the best. A
// metric that is NaN (or not given) is never among the best. Which files there are is read from the folder, so that a
// resumed run goes on where the old one stopped.
class Rotation {
public:
    // Makes the folder if needed. Throws io::Error, and std::invalid_argument for options that keep nothing.
    explicit Rotation(std::filesystem::path folder, RotationOptions options = {});

    // Saves, points `latest` to it, then removes what is not kept; returns the new file. Throws io::Error.
    std::filesystem::path save(const std::vector<Entry>& entries, std::int64_t step, std::optional<double> metric = {});

    // The link to the newest checkpoint, which exists once one has been saved.
    std::filesystem::path latest() const { return folder_ / (options_.name + "-latest.h5"); }
    // The file of the best metric. Nothing while no metric was a number.
    std::optional<std::filesystem::path> best() const;

    struct Kept {
        std::filesystem::path path;
        std::int64_t step;
        std::optional<double> metric;
    };
    // In the order of their steps.
    const std::vector<Kept>& checkpoints() const { return kept_; }

private:
    std::vector<std::size_t> by_metric() const;
    void point_latest_to(const std::filesystem::path& file) const;
    void remove_others();

    std::filesystem::path folder_;
    RotationOptions options_;
    std::vector<Kept> kept_;
};

}    // namespace xtape::io
