// The rules that go by data, modes and the loss function.
#include <xtape/train/diagnosis/detail/loss_family.hpp>
#include <xtape/train/diagnosis/detail/wording.hpp>
#include <xtape/train/diagnosis/rules.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace xtape::train {

using detail::Check;
using detail::listed;
using detail::LossFamily;
using detail::number;
using detail::percent;

Verdict inputs_scale(const Evidence& evidence, const InputScaleOptions& options) {
    Check check("inputs_scale", options.high);
    const DataFacts& data = evidence.measured.data;
    if (data.input_examples() == 0) return check.skip("No inputs were seen.");
    const char* advice = "Scale every feature to mean 0 and deviation 1 (train::Standardize), or pixels to 0 to 1.";
    if (!data.inputs_finite())
        return check.fail(Severity::error, std::nan(""), "Some inputs are not finite.", "Fill or drop missing values.");
    const double rms = data.input_rms();
    const std::string words = "Inputs have a root mean square of " + number(rms) + ", from " +
                              number(data.input_least()) + " to " + number(data.input_greatest());
    if (rms > options.high || rms < options.low) return check.fail(Severity::warning, rms, words + ".", advice);
    const double widest = data.widest_feature(), narrowest = data.narrowest_feature();
    // Images have pixels that are seldom other than paper: only few features are worth comparing.
    if (data.features() <= 100 && widest / narrowest > options.spread)
        return check.fail(
            Severity::warning, widest / narrowest,
            "The deviations of the features reach from " + number(narrowest) + " to " + number(widest) + ".", advice);
    return check.pass(rms, words + ".");
}

Verdict targets_scale(const Evidence& evidence, const TargetScaleOptions& options) {
    Check check("targets_scale", options.high);
    const DataFacts& data = evidence.measured.data;
    if (evidence.measured.task != Task::regression || data.labelled() || !(data.target_mean_square() > 0))
        return check.skip("There are no targets other than 0.");
    const double rms = std::sqrt(data.target_mean_square());
    const std::string words = "Targets have a root mean square of " + number(rms) + " and a deviation of " +
                              number(std::sqrt(data.target_variance())) + ", from " + number(data.target_least()) +
                              " to " + number(data.target_greatest());
    if (rms > options.high || rms < options.low)
        return check.fail(Severity::warning, rms, words + ".",
                          "Subtract their mean and divide by their deviation, and undo it in what is predicted.");
    return check.pass(rms, words + ".");
}

Verdict batches_sorted(const Evidence& evidence, const SortedOptions& options) {
    Check check("batches_sorted", options.likeness);
    const double likeness = evidence.measured.data.batch_likeness();
    if (std::isnan(likeness)) return check.skip("There are no answers to compare.");
    const std::string words = "The answers in a batch are " + percent(std::max(0.0, likeness)) +
                              " of the way from a random draw to being all the same";
    if (likeness > options.likeness)
        return check.fail(Severity::warning, likeness, words + ".", "Shuffle: DataLoader(data, {.shuffle = true}).");
    return check.pass(likeness, words + ".");
}

Verdict answer_in_inputs(const Evidence& evidence, const LeakOptions& options) {
    Check check("answer_in_inputs", options.share);
    const DataFacts& data = evidence.measured.data;
    const std::size_t enough =
        std::max(options.examples, 10 * (data.labelled() ? data.class_counts().size() : std::size_t{1}));
    if (data.input_examples() < enough || data.features() < 2) return check.skip("Too few inputs were seen.");
    if (data.target_size() == data.features())
        return check.skip("Targets are as large as inputs: a reconstruction, or what comes next.");
    const DataFacts::Telling telling = data.most_telling_feature();
    const std::string words = "Feature " + std::to_string(telling.feature) + " alone explains " +
                              percent(telling.share) + " of the answer's variance";
    if (telling.share > options.share)
        return check.at("feature " + std::to_string(telling.feature))
            .fail(Severity::warning, telling.share, words + ".",
                  "See whether it is made of the answer, and whether it will be known for new examples.");
    return check.pass(telling.share, words + ".");
}

namespace {

// What an operation's values are between.
std::pair<double, double> range_of(const std::string& operation) {
    constexpr double inf = std::numeric_limits<double>::infinity();
    if (operation == "sigmoid" || operation == "softmax" || operation == "hardsigmoid") return {0, 1};
    if (operation == "tanh" || operation == "hardtanh" || operation == "softsign") return {-1, 1};
    if (operation == "relu" || operation == "softplus" || operation == "exp" || operation == "square") return {0, inf};
    if (operation == "relu6") return {0, 6};
    return {-inf, inf};
}

}    // namespace

Verdict loss_does_not_fit(const Evidence& evidence) {
    Check check("loss_does_not_fit", 0);
    const Measurements& m = evidence.measured;
    if (m.empty()) return check.skip("Nothing was measured.");
    const LossFamily family = detail::loss_family(m);
    const bool softmax_inside = detail::loss_uses(
        m, {"softmax_cross_entropy", "softmax_cross_entropy_of_distribution", "log_softmax", "logsumexp"});
    const auto [least, greatest] = range_of(m.output_operation);
    const bool squashed = std::isfinite(least) || std::isfinite(greatest);
    // Outputs that hardly differ may have one sign by chance.
    const bool differ = !m.layers.empty() && m.layers.back().spread.back() > 0.1 * m.layers.back().mean.back();
    const bool never_negative =
        m.samples() >= 5 && differ &&
        std::all_of(m.never_negative.begin(), m.never_negative.end(), [](double all) { return all == 1; });
    if (softmax_inside && (squashed || never_negative))
        return check.fail(Severity::warning, 1,
                          "The model ends in " +
                              (squashed ? m.output_operation : std::string("what is never negative")) +
                              ", and the loss takes a softmax of that.",
                          "Return logits, any real numbers, from the model.");
    if (m.data.labelled() && (family == LossFamily::squared_error || family == LossFamily::absolute_error))
        return check.fail(Severity::warning, 1, "Labels of classes are compared like numbers.",
                          "Use cross entropy: train::classification.");
    constexpr std::size_t few = 32;
    if (m.task == Task::regression && m.data.whole_targets() && m.data.distinct_targets() <= few &&
        m.data.distinct_targets() >= 2 && m.data.examples() >= 5 * m.data.distinct_targets())
        return check.fail(Severity::warning, static_cast<double>(m.data.distinct_targets()),
                          "All targets are whole numbers, " + std::to_string(m.data.distinct_targets()) +
                              " different ones: they look like classes.",
                          "If they are classes, make them labels and use train::classification.");
    if (m.task == Task::regression && (m.data.target_least() < least || m.data.target_greatest() > greatest))
        return check.fail(Severity::warning, 1,
                          "The model ends in " + m.output_operation + ", which gives " + number(least) + " to " +
                              number(greatest) + ", and targets reach from " + number(m.data.target_least()) + " to " +
                              number(m.data.target_greatest()) + ".",
                          "Let a regression end in a linear layer, or scale the targets.");
    return check.pass(0, "Outputs, loss and answers fit together.");
}

Verdict dropout_too_strong(const Evidence& evidence, const StrongDropoutOptions& options) {
    Check check("dropout_too_strong", options.share);
    const double share = evidence.measured.dropped;
    const std::string words = "Dropout sets " + percent(share) + " of a layer's values to 0";
    if (share > options.share && !(evidence.progress() > options.progress))
        return check.fail(Severity::warning, share, words + ".", "Try a rate of 0.1 to 0.5.");
    return check.pass(share, words + ".");
}

Verdict layers_in_evaluation(const Evidence& evidence) {
    Check check("layers_in_evaluation", 0);
    const auto& names = evidence.measured.in_evaluation;
    if (names.empty()) return check.pass(0, "All layers are in training while the model is trained.");
    return check.at(names.front())
        .fail(Severity::warning, static_cast<double>(names.size()),
              listed(names) + " was in evaluation while the model was trained.",
              "Call train() after each eval(), or use nn::EvalGuard.");
}

Verdict no_activation(const Evidence& evidence) {
    Check check("no_activation", 0);
    const auto& names = evidence.measured.bare_layers;
    if (names.empty()) return check.pass(0, "No linear layer follows another directly.");
    return check.at(names.front())
        .fail(Severity::warning, static_cast<double>(names.size()),
              listed(names) + " follows another linear layer directly, and both together are one.",
              "Put an activation function in between, or leave one out.");
}

}    // namespace xtape::train
