#include "progress.hpp"

#include <unistd.h>

#include <cstdio>

namespace digits {
namespace {

using Clock = std::chrono::steady_clock;
double seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

}    // namespace

Progress::Progress(std::size_t epochs, std::size_t first_epoch, std::size_t examples_per_epoch)
    : epochs_(epochs),
      epoch_(first_epoch),
      examples_per_epoch_(examples_per_epoch),
      start_(Clock::now()),
      printed_(start_),
      on_terminal_(isatty(STDOUT_FILENO) != 0) {}

void Progress::step(std::size_t examples, double loss_sum, std::size_t right) {
    seen_ += examples;
    seen_in_all_ += examples;
    right_ += right;
    loss_sum_ += loss_sum;
    if (on_terminal_ && seconds(Clock::now() - printed_) > 0.2) print(false);
}

void Progress::end_epoch() {
    print(true);
    ++epoch_;
    seen_ = right_ = 0;
    loss_sum_ = 0;
}

void Progress::print(bool epoch_ended) {
    printed_ = Clock::now();
    double rate = static_cast<double>(seen_in_all_) / seconds(printed_ - start_);
    auto remaining = static_cast<double>((epochs_ - epoch_) * examples_per_epoch_ - seen_);
    auto seen = static_cast<double>(seen_);
    std::printf("%sepoch %zu/%zu  loss %.4f  accuracy %.4f  %.0f examples/s  %.0f s left  %s", on_terminal_ ? "\r" : "",
                epoch_ + 1, epochs_, loss_sum_ / seen, static_cast<double>(right_) / seen, rate, remaining / rate,
                epoch_ended ? "\n" : "");
    std::fflush(stdout);
}

}    // namespace digits
