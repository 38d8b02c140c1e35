// What a run prints: a bar on a terminal, lines elsewhere.
#pragma once

#include <xtape/train/loop/history.hpp>
#include <xtape/train/loop/progress.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

namespace xtape::train::detail {

// "3:07", "1:02:03".
std::string duration(double seconds);

class ProgressBar {
public:
    ProgressBar(Progress kind, std::size_t epochs, std::int64_t steps_per_epoch, std::FILE* out = stdout);
    ~ProgressBar();

    // After a step; and whether the bar is to be redrawn, which is at most ten times a second.
    void count(std::size_t examples);
    bool is_due() const;
    struct Moment {
        std::size_t epoch;
        std::int64_t step_of_epoch;
        double loss, lr;
        Quantities metrics;    // of the epoch so far; the first one is shown
    };
    // On narrow terminals what matters less is left out, and the line is never longer than a line.
    void draw(const Moment& moment);
    void epoch(std::size_t epoch, const Quantities& row);
    // What a finished run says.
    void end(const std::string& text);
    double seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }
    double examples_per_second() const;

private:
    using Clock = std::chrono::steady_clock;
    void clear();

    Progress kind_;
    std::size_t epochs_;
    std::int64_t steps_per_epoch_;
    std::FILE* out_;
    Clock::time_point begin_ = Clock::now();
    Clock::time_point drawn_ = begin_;
    std::int64_t steps_ = 0;
    std::size_t examples_ = 0;
    bool drawn_any_ = false;
};

}    // namespace xtape::train::detail
