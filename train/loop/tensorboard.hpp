// TensorBoard: a run in event files.
#pragma once

#include <xtape/train/loop/callback.hpp>
#include <xtape/train/loop/event_file.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

namespace xtape::train {

struct TensorBoardOptions {
    std::filesystem::path folder;
    std::int64_t every_steps = 10;       // the loss and the rate of a step, "step/loss" and "step/lr"; 0: never
    std::size_t histograms_every = 1;    // epochs between two histograms of each parameter and buffer; 0: never
    // What else is to be written after each epoch: pictures, say.
    std::function<void(EventFile& file, Training& training)> after_epoch = {};
};

// Writes the history ("train/loss", "validation/accuracy"), the evaluations between epochs ("evaluation/loss") and the
// model's arrays, as they are validated ("model/fc1/weight"), under the numbers of steps. A resumed run goes on in a
// new file of the folder; what was written beyond its checkpoint no longer counts.
//
//     tensorboard --logdir FOLDER
class TensorBoard : public Callback {
public:
    using Options = TensorBoardOptions;

    // Throws std::invalid_argument for no folder, or every_steps below 0.
    explicit TensorBoard(Options options);

    std::string name() const override { return "tensorboard"; }
    // Throw io::Error.
    void begin(Training& training, const std::vector<std::string>& known) override;
    void after_step(Training& training) override;
    void after_evaluation(Training& training) override;
    void after_epoch(Training& training) override;
    void end(Training& training) override;
    std::filesystem::path log() const override { return options_.folder; }

private:
    Options options_;
    std::optional<EventFile> file_;    // while a run fits
};

}    // namespace xtape::train
