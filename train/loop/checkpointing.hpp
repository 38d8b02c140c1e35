// Checkpointing: saves a run on its way.
#pragma once

#include <xtape/io/rotation.hpp>
#include <xtape/train/loop/callback.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace xtape::train {

struct CheckpointingOptions {
    std::filesystem::path path = {};      // one file, which each checkpoint replaces;
    std::filesystem::path folder = {};    // or a folder, which keeps several
    std::size_t keep_last = 3;            // of the folder's
    std::size_t keep_best = 1;            // and those with the best of these values, beside the last ones
    std::string monitor = "validation.loss";
    std::int64_t every_steps = 0;    // 0: not by steps
    double every_minutes = 0;        // 0: not by time
    bool every_epoch = false;
    bool at_end = true;    // of a training, and where it is interrupted
};

// Saves everything that the run depends on, so that Trainer::resume(path()) goes on to the same bits. A checkpoint in a
// folder is among the best by what was monitored right before it: after an epoch, or an evaluation between epochs.
class Checkpointing : public Callback {
public:
    using Options = CheckpointingOptions;

    // Throws std::invalid_argument unless there is a path or a folder, for a negative interval, or nothing to keep;
    // io::Error when the folder cannot be made or read.
    explicit Checkpointing(Options options);

    std::string name() const override { return "checkpointing"; }
    // Throws std::invalid_argument naming what there is when the best are kept by a quantity that will not be measured.
    void begin(Training& training, const std::vector<std::string>& known) override;
    void after_step(Training& training) override;
    void after_evaluation(Training& training) override;
    void after_epoch(Training& training) override;
    void end(Training& training) override;

    // The newest checkpoint, once there is one.
    std::filesystem::path path() const { return rotation_ ? rotation_->latest() : options_.path; }
    // The best of a folder. Nothing while there is none.
    std::optional<std::filesystem::path> best() const;

private:
    struct Judged {
        std::int64_t step = -1;    // after which
        double value = 0;
    };
    void save(Training& training);
    void judge(const Training& training, const History& rows);

    Options options_;
    std::optional<io::Rotation> rotation_;
    Judged judged_;
    std::int64_t saved_step_ = -1;
    double last_ = 0;    // seconds of the run
};

}    // namespace xtape::train
