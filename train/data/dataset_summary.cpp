// What a data set says of itself.
#include <xtape/core/shape.hpp>
#include <xtape/train/data/dataset.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>

namespace xtape::train {
namespace {

// Of all elements that are numbers, and how many are not.
class Range {
public:
    template <class T>
    void add(const Array<T>& x) {
        for (T each : x.storage()) {
            const auto value = static_cast<double>(each);
            missing_ += std::isnan(value);
            low_ = std::fmin(low_, value);
            high_ = std::fmax(high_, value);
        }
        count_ += x.size();
    }
    std::string text() const {
        char text[128];
        if (missing_ == count_) return "no numbers";
        std::snprintf(text, sizeof text, "%g to %g", low_, high_);
        std::string result = text;
        if (missing_ > 0) {
            std::snprintf(text, sizeof text, ", %.2g %% missing",
                          100.0 * static_cast<double>(missing_) / static_cast<double>(count_));
            result += text;
        }
        return result;
    }

private:
    double low_ = std::numeric_limits<double>::infinity(), high_ = -low_;
    std::size_t missing_ = 0, count_ = 0;
};

}    // namespace

template <class T>
std::string Dataset<T>::summary() const {
    Range inputs, targets;
    Shape target_shape;
    std::vector<std::size_t> counts(options_.class_names.size());
    bool has_answers = false, has_classes = false;
    constexpr std::size_t block = 4096;    // for what does not fit into memory
    std::vector<std::int64_t> rows;
    for (std::size_t begin = 0; begin < size(); begin += block) {
        rows.resize(std::min(block, size() - begin));
        std::iota(rows.begin(), rows.end(), static_cast<std::int64_t>(begin));
        const Batch<T> batch = fetch(rows);
        inputs.add(batch.inputs.value());
        if (batch.targets.defined()) {
            has_answers = true;
            target_shape = Shape(batch.targets.shape().begin() + 1, batch.targets.shape().end());
            targets.add(batch.targets.value());
        }
        has_classes = has_classes || batch.labels.size() > 0;
        for (std::int64_t label : batch.labels.storage()) {
            if (label < 0) continue;
            if (static_cast<std::size_t>(label) >= counts.size()) counts.resize(static_cast<std::size_t>(label) + 1);
            ++counts[static_cast<std::size_t>(label)];
        }
    }
    std::string text =
        std::to_string(size()) + " examples of shape " + to_string(example_shape()) + ", " + inputs.text() + "\n";
    if (has_answers) text += "targets of shape " + to_string(target_shape) + ", " + targets.text() + "\n";
    if (!has_classes) return text;
    text += std::to_string(counts.size()) + " classes:";
    for (std::size_t c = 0; c < counts.size(); ++c) {
        char share_text[32];
        std::snprintf(share_text, sizeof share_text, " (%.1f %%)",
                      100.0 * static_cast<double>(counts[c]) / static_cast<double>(size()));
        text += (c == 0 ? " " : ", ") + class_name(static_cast<std::int64_t>(c)) + " " + std::to_string(counts[c]) +
                share_text;
    }
    return text + "\n";
}

template std::string Dataset<float>::summary() const;
template std::string Dataset<double>::summary() const;

}    // namespace xtape::train
