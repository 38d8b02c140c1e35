#include <xtape/train/loop/tensorboard.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <type_traits>
#include <variant>

namespace xtape::train {
namespace {

// TensorBoard sorts tags into groups by their slashes.
std::string tag_of(std::string name) {
    std::replace(name.begin(), name.end(), '.', '/');
    return name;
}

}    // namespace

TensorBoard::TensorBoard(Options options) : options_(std::move(options)) {
    if (options_.folder.empty()) throw std::invalid_argument("[TensorBoard] got no folder; wanted one to write to");
    if (options_.every_steps < 0)
        throw std::invalid_argument("[TensorBoard] got every_steps = " + std::to_string(options_.every_steps) +
                                    "; wanted 0 or more");
}

void TensorBoard::begin(Training& training, const std::vector<std::string>&) {
    file_.emplace(options_.folder, training.steps() + 1);
}

void TensorBoard::after_step(Training& training) {
    if (options_.every_steps == 0 || training.steps() % options_.every_steps != 0) return;
    file_->scalar("step/loss", training.steps(), training.step_loss());
    file_->scalar("step/lr", training.steps(), training.lr());
}

void TensorBoard::after_evaluation(Training& training) {
    for (const std::string& name : training.evaluations().names())
        if (name.starts_with("validation."))
            file_->scalar("evaluation/" + tag_of(name.substr(11)), training.steps(), training.evaluations().last(name));
    file_->flush();
}

void TensorBoard::after_epoch(Training& training) {
    for (const std::string& name : training.history().names())
        if (const double value = training.history().last(name); !std::isnan(value) || !name.starts_with("validation."))
            file_->scalar(tag_of(name), training.steps(), value);
    if (options_.histograms_every > 0 && training.epoch() % options_.histograms_every == 0)
        for (const auto& [name, value] : training.model_state())
            std::visit(
                [&]<class V>(const V& array) {
                    if constexpr (std::is_same_v<V, Array<float>> || std::is_same_v<V, Array<double>>)
                        file_->histogram("model/" + tag_of(name), training.steps(), array);
                },
                value);
    if (options_.after_epoch) options_.after_epoch(*file_, training);
    file_->flush();
}

void TensorBoard::end(Training&) { file_.reset(); }

}    // namespace xtape::train
