#include <xtape/train/loop/checkpointing.hpp>
#include <xtape/train/loop/detail/text.hpp>

#include <stdexcept>

namespace xtape::train {

Checkpointing::Checkpointing(Options options) : options_(std::move(options)) {
    if (options_.path.empty()) throw std::invalid_argument("[Checkpointing] got an empty path; wanted a file to write");
    if (options_.every_steps < 0)
        throw std::invalid_argument("[Checkpointing] got every_steps = " + std::to_string(options_.every_steps) +
                                    "; wanted 0 or more");
    if (!(options_.every_minutes >= 0))
        throw std::invalid_argument("[Checkpointing] got every_minutes = " + detail::exact(options_.every_minutes) +
                                    "; wanted 0 or more");
}

void Checkpointing::begin(Training&, const std::vector<std::string>&) { last_ = std::chrono::steady_clock::now(); }

void Checkpointing::save(Training& training) {
    training.save_later(options_.path);
    last_ = std::chrono::steady_clock::now();
}

void Checkpointing::after_step(Training& training) {
    const bool by_steps = options_.every_steps > 0 && training.steps() % options_.every_steps == 0;
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - last_;
    if (by_steps || (options_.every_minutes > 0 && passed.count() >= 60 * options_.every_minutes)) save(training);
}

void Checkpointing::after_epoch(Training& training) {
    if (options_.every_epoch) save(training);
}

void Checkpointing::end(Training& training) {
    if (options_.at_end) save(training);
}

}    // namespace xtape::train
