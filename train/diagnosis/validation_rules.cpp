// The rules that hold training and validation against each other.
#include <xtape/train/diagnosis/detail/wording.hpp>
#include <xtape/train/diagnosis/rules.hpp>

#include <algorithm>
#include <cmath>

namespace xtape::train {

using detail::Check;
using detail::number;
using detail::percent;

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

// The quantity that says how good answers are, between 0 and 1: the accuracy, or R^2; "" when neither is measured.
std::string goodness(const History& history) {
    for (const char* name : {"accuracy", "r2"})
        if (history.contains(std::string("train.") + name) && history.contains(std::string("validation.") + name))
            return name;
    return "";
}

std::vector<double> numbers(const History& history, const std::string& name) {
    if (!history.contains(name)) return {};
    std::vector<double> values = history.values(name);
    std::erase_if(values, [](double value) { return std::isnan(value); });
    return values;
}

}    // namespace

Verdict overfitting(const Evidence& evidence, const OverfittingOptions& options) {
    Check check("overfitting", options.gap);
    const std::vector<double> validation = numbers(evidence.history, "validation.loss");
    const double chance = evidence.chance();
    if (validation.size() < 3 || !(chance > 0)) return check.skip("Too few epochs were validated.");
    const char* advice =
        "Try more regularisation (dropout, weight decay, augmentation), a smaller model or more data; "
        "or stop early.";
    const auto best = std::min_element(validation.begin(), validation.end());
    // For the last three epochs, not for one that happens to be bad.
    const double now = *std::min_element(validation.end() - 3, validation.end());
    const double rise = (now - *best) / chance, train = evidence.progress();
    const std::string name = goodness(evidence.history);
    const double gap =
        name.empty() ? unknown : evidence.history.last("train." + name) - evidence.history.last("validation." + name);
    if (train > options.progress && rise > options.rise)
        return check.fail(Severity::warning, rise,
                          "The validation loss has risen from " + number(*best) + " to " + number(now) +
                              " while the training loss fell to " + number(evidence.last_loss()) + ".",
                          advice);
    if (train > options.progress && gap > options.gap)
        return check.fail(Severity::warning, gap,
                          name + " is " + number(evidence.history.last("train." + name)) + " in training and " +
                              number(evidence.history.last("validation." + name)) + " in validation.",
                          advice);
    return check.pass(std::isnan(gap) ? rise : gap, "Training and validation agree.");
}

Verdict validation_at_chance(const Evidence& evidence, const ValidationAtChanceOptions& options) {
    Check check("validation_at_chance", options.part);
    const std::vector<double> validation = numbers(evidence.history, "validation.loss");
    const double chance = evidence.chance();
    if (!evidence.ended || validation.empty() || !evidence.chance_is_known() || !(chance > 0) ||
        evidence.steps < options.steps)
        return check.skip("There is no validation loss to hold against chance.");
    const double best = *std::min_element(validation.begin(), validation.end()), part = best / chance;
    const std::string words =
        "The best validation loss was " + number(best) + ", where knowing nothing costs " + number(chance);
    if (part > options.part)
        return check.fail(Severity::error, part, words + ".",
                          "See whether labels belong to their inputs, and whether validation data are prepared like "
                          "those of training.");
    return check.pass(part, words + ".");
}

Verdict accuracy_at_chance(const Evidence& evidence, const AccuracyAtChanceOptions& options) {
    Check check("accuracy_at_chance", options.above);
    const std::vector<double> accuracies = numbers(evidence.history, "train.accuracy");
    const double frequent = evidence.measured.data.most_frequent_share();
    if (!evidence.ended || evidence.steps < options.steps || accuracies.empty() || !(frequent < 1))
        return check.skip("There is no accuracy to hold against chance.");
    const double above = (accuracies.back() - frequent) / (1 - frequent);
    const double first = evidence.first_loss(), last = evidence.last_loss();
    const std::string words = "The accuracy in training is " + number(accuracies.back()) +
                              ", that of always saying the most frequent class " + number(frequent);
    // A loss better than chance is of use all the same: rare classes, say, that are not yet told apart.
    const bool learns = evidence.chance_is_known() && evidence.progress() > options.progress;
    if (above < options.above && last < first - options.fall * std::abs(first) && !learns)
        return check.fail(Severity::error, above,
                          words + ", though the loss fell from " + number(first) + " to " + number(last) + ".",
                          "See whether the loss has the right sign, and rewards right answers.");
    return check.pass(above, words + ".");
}

Verdict validation_better_than_training(const Evidence& evidence, const ValidationBetterOptions& options) {
    const double limit = evidence.measured.dropped > 0 ? options.gap_dropout : options.gap;
    Check check("validation_better_than_training", limit);
    const std::string name = goodness(evidence.history);
    if (!evidence.ended || name.empty()) return check.skip("Training and validation were not both measured.");
    const auto& train = evidence.history.values("train." + name);
    const auto& validation = evidence.history.values("validation." + name);
    // In the last three epochs, each of them: a training quantity is a mean over an epoch that improves on its way.
    double least = unknown;
    std::size_t seen = 0;
    for (std::size_t i = train.size(); i-- > 0 && seen < 3;) {
        if (std::isnan(validation[i])) continue;
        ++seen;
        if (!(validation[i] - train[i] >= least)) least = validation[i] - train[i];
    }
    if (seen < 3) return check.skip("Too few epochs were validated.");
    if (least > limit)
        return check.fail(Severity::warning, least,
                          name + " is better in validation than in training by " + number(least) + " or more.",
                          "See whether validation examples, or their answers, are among those trained with; whether "
                          "training is made too hard (dropout, augmentation); and whether both are prepared alike.");
    return check.pass(least, "Validation is not better than training.");
}

}    // namespace xtape::train
