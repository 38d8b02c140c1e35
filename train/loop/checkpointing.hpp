// Checkpointing: saves a run on its way.
#pragma once

#include <xtape/train/loop/callback.hpp>

#include <chrono>
#include <filesystem>

namespace xtape::train {

struct CheckpointingOptions {
    std::filesystem::path path;
    std::int64_t every_steps = 0;    // 0: not by steps
    double every_minutes = 0;        // 0: not by time
    bool every_epoch = false;
    bool at_end = true;    // of a training, and where it is interrupted
};

// Saves everything that the run depends on, so that Trainer::resume goes on to the same bits.
class Checkpointing : public Callback {
public:
    using Options = CheckpointingOptions;

    // Throws std::invalid_argument for an empty path or a negative interval.
    explicit Checkpointing(Options options);

    std::string name() const override { return "checkpointing"; }
    void begin(Training& training, const std::vector<std::string>& known) override;
    void after_step(Training& training) override;
    void after_epoch(Training& training) override;
    void end(Training& training) override;
    const std::filesystem::path& path() const { return options_.path; }

private:
    void save(Training& training);

    Options options_;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}    // namespace xtape::train
