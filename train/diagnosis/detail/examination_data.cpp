// The checks of the data.
#include <xtape/train/diagnosis/detail/examination.hpp>
#include <xtape/train/diagnosis/detail/wording.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string_view>
#include <unordered_map>

namespace xtape::train::detail {

template <class T>
Verdict Examination<T>::labels_in_range() {
    Check check("labels_in_range", static_cast<double>(classes_));
    if (!data_.has_labels() || classes_ < 2 || measured_.task != Task::classification)
        return check.skip("There are no labels to hold against outputs.");
    const Indices labels = data_.labels();
    const auto most = *std::max_element(labels.begin(), labels.end());
    const std::string words = "The largest label is " + std::to_string(most) + ", and the model tells " +
                              std::to_string(classes_) + " classes apart";
    if (most >= static_cast<std::int64_t>(classes_))
        return check.fail(Severity::error, static_cast<double>(most), words + ".",
                          "Give the model an output for each class.");
    return check.pass(static_cast<double>(most), words + ".");
}

template <class T>
Verdict Examination<T>::classes_present() {
    Check check("classes_present", 1);
    if (!data_.has_labels()) return check.skip("There are no labels.");
    const auto counts = data_.class_counts();
    std::vector<std::string> missing;
    std::size_t least = data_.size();
    for (std::size_t c = 0; c < counts.size(); ++c) {
        if (counts[c] == 0) missing.push_back(data_.class_name(static_cast<std::int64_t>(c)));
        least = std::min(least, counts[c]);
    }
    const auto present = static_cast<double>(counts.size() - missing.size());
    if (present < 2)
        return check.fail(Severity::error, present, "All examples are of one class.", "See how labels are read.");
    if (!missing.empty())
        return check.fail(Severity::warning, static_cast<double>(least),
                          "There is no example of " + listed(missing) + ".",
                          "See whether labels begin at 0 and the data are complete; stratify splits.");
    return check.pass(static_cast<double>(least), "Every class has " + std::to_string(least) + " examples or more.");
}

template <class T>
Verdict Examination<T>::labels_sorted() {
    Check check("labels_sorted", 0.9);
    if (!data_.has_labels() || data_.size() < 10) return check.skip("There are no labels, or few.");
    const Indices labels = data_.labels();
    const auto counts = data_.class_counts();
    double chance = 0;    // that two examples have the same label
    for (std::size_t count : counts)
        chance += std::pow(static_cast<double>(count) / static_cast<double>(data_.size()), 2);
    if (chance >= 1) return check.skip("All examples are of one class.");
    std::size_t same = 0;
    for (std::size_t i = 1; i < labels.size(); ++i) same += labels.storage()[i] == labels.storage()[i - 1] ? 1 : 0;
    const double share = static_cast<double>(same) / static_cast<double>(labels.size() - 1);
    const double likeness = (share - chance) / (1 - chance);    // 0 in random order, 1 in blocks
    if (likeness < 0.9) return check.pass(likeness, "Labels come in mixed order.");
    const std::string words = "Labels come in blocks of the same class";
    if (shuffles_) return check.pass(likeness, words + ", and the loader shuffles them.");
    return check.fail(Severity::warning, likeness, words + ".", "Shuffle: DataLoader(data, {.shuffle = true}).");
}

template <class T>
Verdict Examination<T>::validation_duplicates() {
    Check check("validation_duplicates", 0);
    if (options_.validation.size() == 0) return check.skip("No validation data were given.");
    auto rows = [](const Array<T>& inputs) {
        const std::size_t n = inputs.shape()[0], bytes = inputs.size() / std::max<std::size_t>(1, n) * sizeof(T);
        std::vector<std::string_view> result(n);
        for (std::size_t i = 0; i < n; ++i)
            result[i] = {reinterpret_cast<const char*>(inputs.storage().data()) + i * bytes, bytes};
        return result;
    };
    const Array<T> trained = data_.inputs(), held_out = options_.validation.inputs();
    std::unordered_map<std::string_view, std::size_t> known;
    const auto training_rows = rows(trained);
    for (std::size_t i = 0; i < training_rows.size(); ++i) known.emplace(training_rows[i], i);
    std::size_t shared = 0, first = 0;
    for (const auto& row : rows(held_out))
        if (const auto found = known.find(row); found != known.end()) {
            if (shared == 0) first = found->second;
            ++shared;
        }
    const double share = static_cast<double>(shared) / static_cast<double>(options_.validation.size());
    if (shared > 0)
        return check.fail(Severity::warning, share,
                          std::to_string(shared) +
                              " validation examples are also trained with, the first being number " +
                              std::to_string(first) + ".",
                          "Take duplicates out before splitting, or keep them together (SplitOptions::groups).");
    return check.pass(0, "No validation example is trained with.");
}

template Verdict Examination<float>::labels_in_range();
template Verdict Examination<double>::labels_in_range();
template Verdict Examination<float>::classes_present();
template Verdict Examination<double>::classes_present();
template Verdict Examination<float>::labels_sorted();
template Verdict Examination<double>::labels_sorted();
template Verdict Examination<float>::validation_duplicates();
template Verdict Examination<double>::validation_duplicates();

}    // namespace xtape::train::detail
