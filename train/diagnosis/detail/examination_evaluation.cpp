// The checks of how the model behaves in evaluation.
#include <xtape/train/diagnosis/detail/examination.hpp>
#include <xtape/train/diagnosis/detail/statistics.hpp>
#include <xtape/train/diagnosis/detail/wording.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace xtape::train::detail {
namespace {

// The largest difference between two arrays, as a part of the larger one's norm.
template <class T>
double difference(const Array<T>& a, const Array<T>& b) {
    if (a.shape() != b.shape()) return 1;
    const std::span<const T> x(a.storage().data(), a.size()), y(b.storage().data(), b.size());
    const double size = std::max(norm(x), norm(y));
    return size > 0 ? distance(x, y) / size : 0;
}

template <class T>
Variable<T> first_rows(const Variable<T>& x, std::size_t rows) {
    Shape shape = x.shape();
    shape[0] = rows;
    Array<T> part = empty_array<T>(shape);
    std::copy_n(x.value().storage().begin(), part.size(), part.storage().begin());
    return Variable<T>(std::move(part));
}

}    // namespace

// The derivative of the first example's output by another's input is 0: the others are replaced by copies of the first.
template <class T>
Verdict Examination<T>::examples_independent() {
    Check check("examples_independent", 1e-4);
    if (classes_ == 0 || batch_.size() < 2) return check.skip("The outputs of single examples are not known.");
    const nn::EvalGuard guard(model_);
    const std::size_t count = std::min<std::size_t>(8, batch_.size());
    const Variable<T> inputs = first_rows(batch_.inputs, count);
    Array<T> changed(inputs.value());
    const std::size_t length = changed.size() / count;
    for (std::size_t i = 1; i < count; ++i)
        std::copy_n(inputs.value().storage().begin(), length,
                    changed.storage().begin() + static_cast<std::ptrdiff_t>(i * length));
    const Array<T> before = outputs_of(inputs), after = outputs_of(Variable<T>(changed));
    if (before.dimension() == 0 || before.shape()[0] != count)
        return check.skip("Outputs have no row for each example.");
    const double moved =
        difference(first_rows(Variable<T>(before), 1).value(), first_rows(Variable<T>(after), 1).value());
    if (moved > 1e-4)
        return check.fail(
            Severity::error, moved,
            "In evaluation an example's output changes by " + percent(moved) + " when the others in its batch do.",
            "See which operation mixes the first axis: a reduction, a reshape, statistics of the batch.");
    return check.pass(moved, "In evaluation an example's output does not depend on the others.");
}

template <class T>
Verdict Examination<T>::evaluation_deterministic() {
    Check check("evaluation_deterministic", 0);
    const nn::EvalGuard guard(model_);
    rewind();
    const NoGrad no_grad;
    const double first = static_cast<double>(objective_(model_, batch_).loss.item());
    const double second = static_cast<double>(objective_(model_, batch_).loss.item());    // streams have gone on
    const double apart = std::abs(first - second);
    put_back_.load_values();
    if (apart > 0)
        return check.fail(Severity::warning, apart,
                          "In evaluation the same examples cost " + number(first) + ", then " + number(second) + ".",
                          "Draw random numbers in training only: if (is_training()) ...");
    return check.pass(apart, "In evaluation the same examples give the same loss.");
}

template <class T>
Verdict Examination<T>::training_differs() {
    Check check("training_differs", 1e-4);
    if (classes_ == 0) return check.skip("The model's outputs are not known.");
    std::vector<std::string> layers;    // that may make a difference
    for (const auto& [name, module] : model_.named_modules()) {
        const std::string kind = module->kind();
        for (const char* word : {"Drop", "BatchNorm", "InstanceNorm"})
            if (kind.find(word) != std::string::npos) layers.push_back(name);
    }
    const Array<T> trained = outputs_of(batch_.inputs);
    put_back_.load_values();
    const nn::EvalGuard guard(model_);
    const double apart = difference(trained, outputs_of(batch_.inputs));
    if (apart > 1e-4 && layers.empty())
        return check.fail(Severity::warning, apart,
                          "Outputs in training and evaluation differ by " + percent(apart) +
                              ", with neither dropout nor batch normalisation.",
                          "See what the model does with is_training().");
    return check.pass(apart, layers.empty() ? "Training and evaluation give the same outputs."
                                            : "Training and evaluation differ by " + listed(layers) + " alone.");
}

// A mean does not change when every example comes twice.
template <class T>
Verdict Examination<T>::loss_is_a_sum() {
    Check check("loss_is_a_sum", 1.5);
    const nn::EvalGuard guard(model_);
    std::vector<std::int64_t> rows = rows_of(std::min<std::size_t>(32, options_.examples));
    const double once = loss_of(data_.fetch(rows));
    const std::size_t count = rows.size();
    rows.reserve(2 * count);
    std::copy_n(rows.begin(), count, std::back_inserter(rows));
    const double ratio = loss_of(data_.fetch(rows)) / once;
    put_back_.load_values();
    const std::string words = "With every example twice the loss is " + number(ratio) + " times as large";
    if (ratio > 1.5)
        return check.fail(
            Severity::warning, ratio, words + ": it is a sum over the batch.",
            "Take the mean over the examples: rates, clipping and penalties then do not depend on the batch.");
    return check.pass(ratio, words + ".");
}

template Verdict Examination<float>::loss_is_a_sum();
template Verdict Examination<double>::loss_is_a_sum();
template Verdict Examination<float>::examples_independent();
template Verdict Examination<double>::examples_independent();
template Verdict Examination<float>::evaluation_deterministic();
template Verdict Examination<double>::evaluation_deterministic();
template Verdict Examination<float>::training_differs();
template Verdict Examination<double>::training_differs();

}    // namespace xtape::train::detail
