#include <xtape/train/loop/answers.hpp>

#include <algorithm>
#include <cmath>

namespace xtape::train {
namespace {

constexpr std::size_t most_classes = 200, most_numbers = 2000;

}    // namespace

template <class T>
void Answers::add(const Array<T>& outputs, const Batch<T>& batch) {
    if (outputs.dimension() == 0) return;
    const std::size_t count = outputs.shape()[0];
    examples_ += count;
    const auto& labels = batch.labels.storage();
    if (outputs.dimension() == 2 && outputs.shape()[0] == count && labels.size() == count && outputs.shape()[1] > 1) {
        const std::size_t classes = outputs.shape()[1],
                          size = count == 0 || !batch.inputs.defined() ? 0 : batch.inputs.size() / count;
        if (confusion_.size() == 0 && classes <= most_classes) {
            confusion_ = empty_array<std::int64_t>({classes, classes});
            confusion_.fill(0);
        }
        for (std::size_t i = 0; i < count; ++i) {
            const T* row = outputs.storage().data() + i * classes;
            const auto is = static_cast<std::size_t>(labels[i]);
            const auto said = static_cast<std::size_t>(std::max_element(row, row + classes) - row);
            if (is >= classes) continue;
            double sum = 0;
            for (std::size_t c = 0; c < classes; ++c) sum += std::exp(static_cast<double>(row[c] - row[said]));
            const double confidence = 1 / sum, regret = static_cast<double>(row[said] - row[is]) + std::log(sum);
            if (confusion_.size() == classes * classes) ++confusion_(is, said);
            if (std::isfinite(confidence)) {
                Confident& tenth = confidence_[std::min<std::size_t>(9, static_cast<std::size_t>(confidence * 10))];
                ++tenth.count;
                tenth.confidence += confidence;
                tenth.right += said == is;
            }
            if (said == is || worst_ == 0 || std::isnan(regret) || size == 0) continue;
            const auto place = std::upper_bound(regrets_.begin(), regrets_.end(), regret, std::greater<>());
            if (place == regrets_.end() && regrets_.size() == worst_) continue;
            Shape shape(batch.inputs.shape().begin() + 1, batch.inputs.shape().end());
            Mistake mistake{empty_array<double>(shape), labels[i], static_cast<std::int64_t>(said), confidence};
            const T* input = batch.inputs.value().storage().data() + i * size;
            std::copy(input, input + size, mistake.input.storage().begin());
            mistakes_.insert(mistakes_.begin() + (place - regrets_.begin()), std::move(mistake));
            regrets_.insert(place, regret);
            if (regrets_.size() > worst_) {
                regrets_.pop_back();
                mistakes_.pop_back();
            }
        }
    } else if (batch.targets.defined() && batch.targets.size() == outputs.size()) {
        const auto& targets = batch.targets.value().storage();
        for (std::size_t i = 0; i < targets.size() && predicted_.size() < most_numbers; ++i) {
            predicted_.push_back(static_cast<double>(outputs.storage()[i]));
            actual_.push_back(static_cast<double>(targets[i]));
        }
    }
}

double Answers::calibration_error() const {
    double sum = 0, count = 0;
    for (const Confident& tenth : confidence_) {
        sum += std::abs(tenth.confidence - tenth.right);
        count += tenth.count;
    }
    return sum / count;
}

std::string Answers::class_name(std::int64_t label) const {
    const auto i = static_cast<std::size_t>(label);
    return i < class_names.size() ? class_names[i] : std::to_string(label);
}

template void Answers::add(const Array<float>&, const Batch<float>&);
template void Answers::add(const Array<double>&, const Batch<double>&);

}    // namespace xtape::train
