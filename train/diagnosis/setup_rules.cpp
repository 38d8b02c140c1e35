// The rules that go by data, modes and the loss function.
#include <xtape/train/diagnosis/detail/wording.hpp>
#include <xtape/train/diagnosis/rules.hpp>

#include <algorithm>
#include <cmath>

namespace xtape::train {

using detail::Check;
using detail::listed;
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
    const DataFacts::Telling telling = data.most_telling_feature();
    const std::string words = "Feature " + std::to_string(telling.feature) + " alone explains " +
                              percent(telling.share) + " of the answer's variance";
    if (telling.share > options.share)
        return check.at("feature " + std::to_string(telling.feature))
            .fail(Severity::warning, telling.share, words + ".",
                  "See whether it is made of the answer, and whether it will be known for new examples.");
    return check.pass(telling.share, words + ".");
}

Verdict loss_does_not_fit(const Evidence& evidence) {
    Check check("loss_does_not_fit", 0);
    const Measurements& m = evidence.measured;
    if (m.empty()) return check.skip("Nothing was measured.");
    auto uses = [&](std::initializer_list<const char*> operations) {
        return std::any_of(operations.begin(), operations.end(), [&](const char* operation) {
            return std::find(m.loss_operations.begin(), m.loss_operations.end(), operation) != m.loss_operations.end();
        });
    };
    const bool softmax_inside = uses({"softmax_cross_entropy", "softmax_cross_entropy_of_distribution", "focal_loss"});
    const bool for_classes =
        softmax_inside || uses({"nll_loss", "log_softmax", "binary_cross_entropy_with_logits", "binary_cross_entropy",
                                "hinge_loss", "multiclass_hinge_loss", "logsumexp", "log", "log_sigmoid"});
    const bool squashed = m.output_operation == "softmax" || m.output_operation == "sigmoid" ||
                          m.output_operation == "relu" || m.output_operation == "relu6";
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
    const bool subtracts = std::any_of(m.loss_operations.begin(), m.loss_operations.end(), [](const std::string& name) {
        return name.find("difference") != std::string::npos || name == "subtract" || name == "square" || name == "abs";
    });
    if (m.data.labelled() && !for_classes && subtracts)
        return check.fail(Severity::warning, 1, "Labels of classes are compared like numbers.",
                          "Use cross entropy: train::classification.");
    constexpr std::size_t few = 32;
    if (m.task == Task::regression && m.data.whole_targets() && m.data.distinct_targets() <= few &&
        m.data.distinct_targets() >= 2 && m.data.examples() >= 5 * m.data.distinct_targets())
        return check.fail(Severity::warning, static_cast<double>(m.data.distinct_targets()),
                          "All targets are whole numbers, " + std::to_string(m.data.distinct_targets()) +
                              " different ones: they look like classes.",
                          "If they are classes, make them labels and use train::classification.");
    if (m.task == Task::regression && squashed && m.data.examples() > 0)
        return check.fail(Severity::warning, 1,
                          "The model ends in " + m.output_operation + ", which limits what it can say.",
                          "Let a regression end in a linear layer.");
    return check.pass(0, "Outputs, loss and answers fit together.");
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
