#include <xtape/core/detail/number.hpp>
#include <xtape/nn/classification_loss.hpp>
#include <xtape/nn/detail/loss.hpp>
#include <xtape/ops/activation.hpp>
#include <xtape/ops/cross_entropy.hpp>
#include <xtape/ops/detail/pair_losses.hpp>
#include <xtape/ops/index.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/rectifier.hpp>
#include <xtape/ops/shape.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace xtape::nn {
namespace {

// Scores as (batch, classes, inner).
struct Classes {
    std::size_t axis, count, inner = 1;
    Shape labels;

    Classes(const char* name, const Shape& scores) {
        if (scores.empty())
            throw ShapeError("[" + std::string(name) + "] got scores of the shape (); wanted (N, C, ...) or (C,)");
        axis = scores.size() == 1 ? 0 : 1;
        count = scores[axis];
        for (std::size_t d = 0; d < scores.size(); ++d)
            if (d != axis) labels.push_back(scores[d]);
        for (std::size_t d = axis + 1; d < scores.size(); ++d) inner *= scores[d];
    }
    // The place of class c's score for label i.
    std::size_t place(std::size_t i, std::size_t c) const { return (i / inner * count + c) * inner + i % inner; }
};

void check_weight(const char* name, const std::vector<double>& weight, std::size_t classes) {
    if (!weight.empty() && weight.size() != classes)
        refuse_loss(name,
                    std::to_string(weight.size()) + " class weights; wanted one per class, " + std::to_string(classes));
    for (std::size_t c = 0; c < weight.size(); ++c)
        if (!(weight[c] >= 0))
            refuse_loss(name, "the weight " + std::to_string(weight[c]) + " for class " + std::to_string(c) +
                                  "; wanted 0 or more");
}

void check_labels(const char* name, const Indices& labels, const Classes& classes,
                  std::optional<std::int64_t> ignored) {
    if (!same_shape(labels.shape(), classes.labels))
        throw ShapeError("[" + std::string(name) + "] got labels of the shape " + to_string(labels.shape()) +
                         "; wanted one for each example, " + to_string(classes.labels));
    require_labels(name, labels, classes.count, ignored);
}

void check_smoothing(double e) {
    if (!(e >= 0 && e <= 1))
        refuse_loss("cross_entropy", "label_smoothing = " + xtape::detail::to_text(e) + "; wanted 0 to 1");
}

// The weighted and smoothed distributions that labels stand for, of the scores' shape; zeros for ignored ones.
template <class T>
Array<T> distributions(const Shape& shape, const Indices& labels, const Classes& classes, std::int64_t ignored,
                       const std::vector<double>& weight, double e) {
    Array<T> q(shape, T(0));
    T* out = q.storage().data();
    auto w = [&](std::size_t c) { return weight.empty() ? 1.0 : weight[c]; };
    for (std::size_t i = 0; i < labels.size(); ++i) {
        std::int64_t label = labels.storage()[i];
        if (label == ignored) continue;
        if (e > 0)
            for (std::size_t c = 0; c < classes.count; ++c)
                out[classes.place(i, c)] = static_cast<T>(e / static_cast<double>(classes.count) * w(c));
        auto c = static_cast<std::size_t>(label);
        out[classes.place(i, c)] += static_cast<T>((1 - e) * w(c));
    }
    return q;
}

// The mean over labels, weighted; ignored ones do not count.
template <class T>
Variable<T> labelled_mean(const char* name, const Variable<T>& losses, const Indices& labels, std::int64_t ignored,
                          const std::vector<double>& weight) {
    require_examples(name, losses.shape());
    const auto& all = labels.storage();
    const std::size_t counted = labels.size() - static_cast<std::size_t>(std::count(all.begin(), all.end(), ignored));
    if (counted == 0)
        refuse_loss(name, "only labels that are ignored, " + std::to_string(ignored) +
                              "; wanted at least one other to take the mean of");
    if (counted == labels.size() && weight.empty()) return mean(losses);
    double total = weight.empty() ? static_cast<double>(counted) : 0;
    for (std::size_t i = 0; !weight.empty() && i < labels.size(); ++i)
        if (all[i] != ignored) total += weight[static_cast<std::size_t>(all[i])];
    return sum(losses) / total;
}

template <class T>
void check_targets(const char* name, const Variable<T>& scores, const Variable<T>& target, double low) {
    require_same(name, scores.shape(), target.shape());
    require_numbers(name, target);
    const Array<T>& values = target.value();
    auto check = [&](const char* wanted, auto allowed) {
        if (std::size_t i = first_refused(values, allowed); i < values.size())
            refuse_loss(name, "the target " + xtape::detail::to_text(values.storage()[i]) + " at index " +
                                  place_of(i, values.shape()) + "; wanted " + wanted);
    };
    if (low < 0)
        check("-1 or 1", [](T t) { return t == 1 || t == -1; });
    else
        check("0 to 1", [](T t) { return t >= 0 && t <= 1; });
}

}    // namespace

template <class T>
Variable<T> cross_entropy(const Variable<T>& scores, const IntegerArray& labels,
                          const CrossEntropyLossOptions& options) {
    constexpr auto name = "cross_entropy";
    const Classes classes(name, scores.shape());
    check_labels(name, labels, classes, options.ignore_index);
    check_weight(name, options.weight, classes.count);
    check_smoothing(options.label_smoothing);
    auto axis = static_cast<std::ptrdiff_t>(classes.axis);
    Variable<T> losses;
    if (options.weight.empty())
        losses = softmax_cross_entropy(scores, labels, {axis, options.ignore_index, options.label_smoothing});
    else
        losses =
            softmax_cross_entropy(scores,
                                  Variable<T>(distributions<T>(scores.shape(), labels, classes, options.ignore_index,
                                                               options.weight, options.label_smoothing)),
                                  axis);
    if (options.reduction != Reduction::mean) return reduced(name, losses, options.reduction);
    return labelled_mean(name, losses, labels, options.ignore_index, options.weight);
}

template <class T>
Variable<T> cross_entropy(const Variable<T>& scores, const Variable<T>& probabilities,
                          const CrossEntropyLossOptions& options) {
    constexpr auto name = "cross_entropy";
    const Classes classes(name, scores.shape());
    require_same(name, scores.shape(), probabilities.shape());
    require_numbers(name, probabilities);
    check_weight(name, options.weight, classes.count);
    check_smoothing(options.label_smoothing);
    Variable<T> q = probabilities;
    if (double e = options.label_smoothing; e > 0) q = (1 - e) * q + e / static_cast<double>(classes.count);
    if (!options.weight.empty()) {
        Shape shape(scores.dimension(), 1);
        shape[classes.axis] = classes.count;
        Array<T> weight = empty_array<T>(shape);
        for (std::size_t c = 0; c < classes.count; ++c) weight.storage()[c] = static_cast<T>(options.weight[c]);
        q = q * Variable<T>(std::move(weight));
    }
    auto losses = softmax_cross_entropy(scores, q, static_cast<std::ptrdiff_t>(classes.axis));
    if (options.reduction != Reduction::mean) return reduced(name, losses, options.reduction);
    require_examples(name, losses.shape());
    return sum(losses) / (scores.dimension() == 1 ? 1.0 : static_cast<double>(losses.size()));
}

template <class T>
Variable<T> nll_loss(const Variable<T>& x, const IntegerArray& labels, const NllOptions& options) {
    constexpr auto name = "nll_loss";
    const Classes classes(name, x.shape());
    check_labels(name, labels, classes, options.ignore_index);
    check_weight(name, options.weight, classes.count);
    auto q = distributions<T>(x.shape(), labels, classes, options.ignore_index, options.weight, 0);
    Variable<T> losses = -sum(x * Variable<T>(std::move(q)), static_cast<std::ptrdiff_t>(classes.axis));
    if (options.reduction != Reduction::mean) return reduced(name, losses, options.reduction);
    return labelled_mean(name, losses, labels, options.ignore_index, options.weight);
}

template <class T>
Variable<T> binary_cross_entropy_with_logits(const Variable<T>& scores, const Variable<T>& target,
                                             BinaryCrossEntropyOptions options) {
    constexpr auto name = "binary_cross_entropy_with_logits";
    check_targets(name, scores, target, 0);
    if (!(options.pos_weight >= 0))
        refuse_loss(name, "pos_weight = " + std::to_string(options.pos_weight) + "; wanted 0 or more");
    return reduced(name, xtape::detail::logistic(scores, target, options.pos_weight), options.reduction);
}

template <class T>
Variable<T> focal_loss(const Variable<T>& scores, const Variable<T>& target, FocalOptions options) {
    constexpr auto name = "focal_loss";
    check_targets(name, scores, target, 0);
    if (!(options.gamma >= 0) || !(options.alpha <= 1))
        refuse_loss(name, "gamma = " + xtape::detail::to_text(options.gamma) +
                              ", alpha = " + xtape::detail::to_text(options.alpha) + "; wanted gamma >= 0, alpha <= 1");
    Variable<T> losses = xtape::detail::logistic(scores, target, 1);
    if (options.gamma > 0) {
        Variable<T> p = sigmoid(scores);
        losses = losses * pow(p + target - 2 * p * target, options.gamma);
    }
    if (options.alpha >= 0) losses = losses * ((2 * options.alpha - 1) * target + (1 - options.alpha));
    return reduced(name, losses, options.reduction);
}

template <class T>
Variable<T> multiclass_hinge_loss(const Variable<T>& scores, const IntegerArray& labels, HingeOptions options) {
    constexpr auto name = "multiclass_hinge_loss";
    if (scores.dimension() != 2)
        throw ShapeError("[multiclass_hinge_loss] got scores of the shape " + to_string(scores.shape()) +
                         "; wanted (N, C)");
    const Classes classes(name, scores.shape());
    check_labels(name, labels, classes, {});
    Array<T> others(scores.shape(), T(1));
    for (std::size_t i = 0; i < labels.size(); ++i)
        others.storage()[classes.place(i, static_cast<std::size_t>(labels.storage()[i]))] = 0;
    Shape column{labels.size(), 1};
    Variable<T> correct = gather(scores, 1, share(labels, column));
    Variable<T> margins = relu(scores - correct + options.margin) * Variable<T>(std::move(others));
    return reduced(name, sum(options.squared ? square(margins) : margins, 1), options.reduction);
}

template <class T>
Variable<T> hinge_loss(const Variable<T>& scores, const Variable<T>& target, HingeOptions options) {
    constexpr auto name = "hinge_loss";
    check_targets(name, scores, target, -1);
    Variable<T> losses = relu(options.margin - target * scores);
    return reduced(name, options.squared ? square(losses) : losses, options.reduction);
}

#define XTAPE_INSTANTIATE(T)                                                                                     \
    template Variable<T> cross_entropy(const Variable<T>&, const IntegerArray&, const CrossEntropyLossOptions&); \
    template Variable<T> cross_entropy(const Variable<T>&, const Variable<T>&, const CrossEntropyLossOptions&);  \
    template Variable<T> nll_loss(const Variable<T>&, const IntegerArray&, const NllOptions&);                   \
    template Variable<T> binary_cross_entropy_with_logits(const Variable<T>&, const Variable<T>&,                \
                                                          BinaryCrossEntropyOptions);                            \
    template Variable<T> focal_loss(const Variable<T>&, const Variable<T>&, FocalOptions);                       \
    template Variable<T> multiclass_hinge_loss(const Variable<T>&, const IntegerArray&, HingeOptions);           \
    template Variable<T> hinge_loss(const Variable<T>&, const Variable<T>&, HingeOptions);
XTAPE_INSTANTIATE(float)
XTAPE_INSTANTIATE(double)
#undef XTAPE_INSTANTIATE

}    // namespace xtape::nn
