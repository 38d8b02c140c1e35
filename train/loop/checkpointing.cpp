#include <xtape/train/loop/checkpointing.hpp>
#include <xtape/train/loop/detail/text.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace xtape::train {

Checkpointing::Checkpointing(Options options) : options_(std::move(options)) {
    auto refuse = [](const std::string& got, const char* wanted) {
        throw std::invalid_argument("[Checkpointing] got " + got + "; wanted " + wanted);
    };
    if (options_.path.empty() == options_.folder.empty())
        refuse(options_.path.empty() ? "an empty path" : "a path and a folder",
               "a file to write (path), or a folder for several (folder)");
    if (options_.every_steps < 0) refuse("every_steps = " + std::to_string(options_.every_steps), "0 or more");
    if (!(options_.every_minutes >= 0)) refuse("every_minutes = " + detail::exact(options_.every_minutes), "0 or more");
    if (options_.folder.empty()) return;
    if (options_.keep_last == 0) refuse("keep_last = 0", "1 or more, for the last one is what resumes the run");
    rotation_.emplace(options_.folder, io::RotationOptions{.keep_last = options_.keep_last,
                                                           .keep_best = options_.keep_best,
                                                           .larger_is_better = !lower_is_better(options_.monitor)});
}

void Checkpointing::begin(Training&, const std::vector<std::string>& known) {
    if (rotation_ && options_.keep_best > 0 && std::find(known.begin(), known.end(), options_.monitor) == known.end())
        throw std::invalid_argument("[Checkpointing] got monitor = '" + options_.monitor + "'; this run measures " +
                                    detail::join(known) + "; keep_best = 0 keeps only the last ones");
    last_ = 0;
}

std::optional<std::filesystem::path> Checkpointing::best() const {
    return rotation_ ? rotation_->best() : std::nullopt;
}

void Checkpointing::judge(const Training& training, const History& rows) {
    if (!rows.contains(options_.monitor)) return;
    if (const double value = rows.last(options_.monitor); !std::isnan(value)) judged_ = {training.steps(), value};
}

void Checkpointing::save(Training& training) {
    last_ = training.seconds();
    saved_step_ = training.steps();
    if (!rotation_) return training.save_later(options_.path);
    training.save_later([this, step = training.steps()](const std::vector<Entry>& entries) {
        const bool judged = judged_.step == step;
        return rotation_->save(entries, step, judged ? std::optional(judged_.value) : std::nullopt);
    });
}

void Checkpointing::after_step(Training& training) {
    const bool by_steps = options_.every_steps > 0 && training.steps() % options_.every_steps == 0;
    const bool by_time = options_.every_minutes > 0 && training.seconds() - last_ >= 60 * options_.every_minutes;
    if (by_steps || by_time) save(training);
}

void Checkpointing::after_evaluation(Training& training) { judge(training, training.evaluations()); }

void Checkpointing::after_epoch(Training& training) {
    judge(training, training.history());
    // What was saved in the epoch's last step has become older than its row.
    if (options_.every_epoch || saved_step_ == training.steps()) save(training);
}

void Checkpointing::end(Training& training) {
    if (training.restored()) judged_ = {};    // the model is no longer the one that was judged
    if (options_.at_end) save(training);
}

}    // namespace xtape::train
