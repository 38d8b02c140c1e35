// What the user sees while the model trains: one line that is rewritten on a terminal, one line an epoch elsewhere.
#pragma once

#include <chrono>
#include <cstddef>

namespace digits {

class Progress {
public:
    Progress(std::size_t epochs, std::size_t first_epoch, std::size_t examples_per_epoch);

    // After a step: its number of examples, summed loss and right answers.
    void step(std::size_t examples, double loss_sum, std::size_t right);
    void end_epoch();

private:
    void print(bool epoch_ended);

    std::size_t epochs_, epoch_, examples_per_epoch_;
    std::size_t seen_ = 0, right_ = 0, seen_in_all_ = 0;
    double loss_sum_ = 0;
    std::chrono::steady_clock::time_point start_, printed_;
    bool on_terminal_;
};

}    // namespace digits
