// Logs: the quantities of each epoch in files that other programs read.
#pragma once

#include <xtape/train/loop/callback.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

namespace xtape::train {

struct LogOptions {
    std::filesystem::path path;
};

// A CSV file with a line per epoch, written anew after each: a resumed run's file is that of the whole run.
class CsvLog : public Callback {
public:
    using Options = LogOptions;
    explicit CsvLog(Options options) : options_(std::move(options)) {}
    std::string name() const override { return "csv_log"; }
    void after_epoch(Training& training) override { training.history().write_csv(options_.path); }
    std::filesystem::path log() const override { return options_.path; }

private:
    Options options_;
};

// One JSON object a line, after each epoch: {"epoch": 1, "step": 15, "train.loss": 0.9, ...}; NaN and infinities are
// null. After a Watch that was added before it, "diagnosis" has the rules that gave a warning or an error. What an
// interrupted run wrote beyond its checkpoint is taken away when it is resumed.
class JsonlLog : public Callback {
public:
    using Options = LogOptions;
    explicit JsonlLog(Options options) : options_(std::move(options)) {}
    std::string name() const override { return "jsonl_log"; }
    void begin(Training& training, const std::vector<std::string>& known) override;
    // Throws io::Error.
    void after_epoch(Training& training) override;
    std::filesystem::path log() const override { return options_.path; }

private:
    Options options_;
};

// Functions in place of a class; those that are empty do nothing.
struct CallbackFunctions {
    std::function<void(Training&)> after_step = {};
    std::function<void(Training&)> after_epoch = {};
    std::function<void(Training&)> end = {};
};
class Call : public Callback {
public:
    using Options = CallbackFunctions;
    explicit Call(Options functions) : functions_(std::move(functions)) {}
    std::string name() const override { return "call"; }
    void after_step(Training& training) override {
        if (functions_.after_step) functions_.after_step(training);
    }
    void after_epoch(Training& training) override {
        if (functions_.after_epoch) functions_.after_epoch(training);
    }
    void end(Training& training) override {
        if (functions_.end) functions_.end(training);
    }

private:
    Options functions_;
};

}    // namespace xtape::train
