// The rules that go by the loss and the updates.
#include <xtape/train/diagnosis/detail/loss_family.hpp>
#include <xtape/train/diagnosis/detail/wording.hpp>
#include <xtape/train/diagnosis/rules.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xtape::train {

using detail::Check;
using detail::median;
using detail::number;
using detail::percent;

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

// The median of the curve over a part of the training, as fractions of it; of three elements at least: the loss of a
// small last batch, say, is often far from the others.
double level(const std::vector<double>& curve, double from, double to) {
    if (curve.empty()) return unknown;
    const auto n = static_cast<double>(curve.size());
    const std::size_t end = std::max<std::size_t>(1, std::min(static_cast<std::size_t>(to * n), curve.size()));
    const std::size_t begin = std::min(static_cast<std::size_t>(from * n), end - std::min<std::size_t>(3, end));
    return median(
        {curve.begin() + static_cast<std::ptrdiff_t>(begin), curve.begin() + static_cast<std::ptrdiff_t>(end)});
}

// Where the curve is highest, as a mean over a fiftieth of it, five elements at least.
struct Peak {
    double value = -std::numeric_limits<double>::infinity();
    std::size_t place = 0;
};
Peak highest(const std::vector<double>& curve) {
    const std::size_t window = std::min(curve.size(), std::max<std::size_t>(5, curve.size() / 50));
    Peak peak;
    for (std::size_t begin = 0; window > 0 && begin + window <= curve.size(); ++begin) {
        double sum = 0;
        for (std::size_t i = begin; i < begin + window; ++i) sum += curve[i];
        if (sum / static_cast<double>(window) > peak.value) peak = {sum / static_cast<double>(window), begin};
    }
    return peak;
}

// What a loss is compared with, in words.
std::string held_against(const Evidence& evidence) {
    return (evidence.chance_is_known() ? ", where knowing nothing costs " : ", having begun at ") +
           number(evidence.chance());
}

double last_of(const History& history, const char* name) {
    return history.contains(name) && history.epochs() > 0 ? history.last(name) : unknown;
}

}    // namespace

bool Evidence::chance_is_known() const { return !std::isnan(detail::loss_of_knowing_nothing(measured)); }

double Evidence::chance() const { return chance_is_known() ? detail::loss_of_knowing_nothing(measured) : first_loss(); }

double Evidence::first_loss() const { return measured.loss.empty() ? unknown : measured.loss.front(); }

double Evidence::last_loss() const {
    const auto& curve = measured.curve;
    const double epochs = static_cast<double>(std::max<std::size_t>(1, history.epochs()));
    return level(curve, 1 - std::min(0.1, 1 / epochs), 1);
}

double Evidence::progress() const {
    const double from = chance(), to = last_loss();
    return from > 0 && to >= 0 ? 1 - to / from : unknown;
}

double Evidence::update_ratio(std::size_t from, std::size_t to) const {
    std::vector<double> over_samples;
    for (std::size_t i = from; i < std::min(to, measured.samples()); ++i) {
        std::vector<double> ratios;
        for (const ParameterSeries& parameter : measured.parameters)
            if (parameter.optimized && parameter.shape.size() >= 2) ratios.push_back(parameter.update_ratio(i));
        over_samples.push_back(median(std::move(ratios)));
    }
    return median(std::move(over_samples));
}

Verdict learning_rate_too_high(const Evidence& evidence, const TooHighOptions& options) {
    const Measurements& m = evidence.measured;
    Check check("learning_rate_too_high", options.update_ratio);
    const char* advice = "Try a rate a third to a tenth as high, or find_learning_rate.";
    if (m.samples() < 2) return check.skip("Too few steps were seen.");
    // Updates as large as what they update: the first steps already tell.
    const double early = evidence.update_ratio(0, 6), typical = evidence.update_ratio();
    const double last = evidence.last_loss(), chance = evidence.chance();
    if (early > options.update_ratio)
        return check.fail(early > options.wild ? Severity::error : Severity::warning, early,
                          "A typical early step changes the weights by " + percent(early) + " of their norm.", advice);
    // A loss that climbs far above what knowing nothing costs, and not for a step or two.
    const double ceiling = std::max(chance, evidence.first_loss());
    const Peak peak = highest(m.curve);
    if (ceiling > 0 && peak.value > options.rise * ceiling && peak.place > 0 && last > options.bad * chance)
        return check.fail(Severity::warning, peak.value,
                          "The loss climbed from " + number(evidence.first_loss()) + " to " + number(peak.value) +
                              " (step " + std::to_string(static_cast<std::int64_t>(peak.place) * m.curve_stride + 1) +
                              ").",
                          advice);
    // Rectifiers that large steps have killed.
    for (const LayerSeries& layer : m.layers) {
        if (std::isnan(layer.dead.front()) || early < options.deadly) continue;
        const double died = layer.dead.back() - layer.dead.front();
        if (died > options.died)
            return check.at(layer.name)
                .fail(Severity::warning, early,
                      "Early steps changed the weights by " + percent(early) + " of their norm, and " + percent(died) +
                          " of the layer's rectifiers have died.",
                      advice);
    }
    if (evidence.ended && typical > options.restless && last > options.bad * chance)
        return check.fail(Severity::warning, typical,
                          "The loss is stuck at " + number(last) + " while steps change the weights by " +
                              percent(typical) + " of their norm.",
                          advice);
    return check.pass(early, "A typical early step changes the weights by " + percent(early) + " of their norm.");
}

Verdict learning_rate_too_low(const Evidence& evidence, const TooLowOptions& options) {
    Check check("learning_rate_too_low", options.update_ratio);
    // The layer that moves most: others may get no gradient, which is another matter.
    double most = unknown;
    for (const ParameterSeries& parameter : evidence.measured.parameters) {
        if (!parameter.optimized || parameter.shape.size() < 2) continue;
        std::vector<double> ratios;
        for (std::size_t i = 0; i < evidence.measured.samples(); ++i) ratios.push_back(parameter.update_ratio(i));
        const double typical = median(std::move(ratios));
        if (!(typical <= most)) most = std::isnan(typical) ? most : typical;
    }
    if (std::isnan(most)) return check.skip("No weight matrix was measured.");
    const double progress = evidence.progress();
    const std::string evidence_words = "A step changes the weights by " + percent(most) + " of their norm";
    if (evidence.ended && most < options.update_ratio && !(progress >= options.progress))
        return check.fail(Severity::warning, most,
                          evidence_words + ", and the loss has come from " + number(evidence.first_loss()) + " to " +
                              number(evidence.last_loss()) + " only.",
                          "Try a rate 10 to 1000 times as high: about 1e-3 of the weights per step is usual.");
    return check.pass(most, evidence_words + ".");
}

Verdict loss_oscillates(const Evidence& evidence, const OscillatesOptions& options) {
    Check check("loss_oscillates", options.cosine);
    const Measurements& m = evidence.measured;
    const double cosine =
        median({m.gradient_cosine.begin() + static_cast<std::ptrdiff_t>(m.samples() / 4), m.gradient_cosine.end()});
    if (std::isnan(cosine)) return check.skip("Too few steps were seen.");
    const double last = evidence.last_loss(), chance = evidence.chance();
    if (cosine < options.cosine && last > options.above * chance)
        return check.fail(Severity::warning, cosine,
                          "Consecutive gradients point against each other (cosine " + number(cosine) +
                              "), so steps jump over the minimum, and the loss is still " + number(last) + ".",
                          "Try a lower learning rate, or less momentum.");
    return check.pass(cosine, "The cosine between consecutive gradients is " + number(cosine) + ".");
}

Verdict too_few_epochs(const Evidence& evidence, const TooFewEpochsOptions& options) {
    Check check("too_few_epochs", options.fall);
    const auto& curve = evidence.measured.curve;
    if (!evidence.ended || curve.size() < 5) return check.skip("The training is under way.");
    const double training = level(curve, 0.9, 1), chance = evidence.chance();
    // Dropout and augmentation make the training loss the higher one.
    const double last = std::fmin(training, last_of(evidence.history, "validation.loss"));
    const double late = 1 - training / level(curve, 0.7, 0.8), half = 1 - training / level(curve, 0.45, 0.55);
    const std::string words = "Over the last half of the training the loss fell by " + percent(half) +
                              ", over the last "
                              "fifth by " +
                              percent(late);
    if (half > options.fall && late > options.fall / 4 && last > options.above * chance)
        return check.fail(Severity::warning, half, words + ", and is still " + number(last) + ".",
                          "Train for more epochs.");
    if (evidence.steps < options.steps && last > options.short_above * chance)
        return check.fail(Severity::warning, half,
                          "After " + std::to_string(evidence.steps) + " steps the loss is still " + number(last) +
                              held_against(evidence) + ".",
                          "Train for more epochs.");
    return check.pass(half, words + ".");
}

namespace {

// How much the loss changed from the middle of the training to its end, as a part of what it was.
double late_change(const std::vector<double>& curve) {
    const double middle = level(curve, 0.45, 0.55), last = level(curve, 0.9, 1);
    return (middle - last) / middle;
}

}    // namespace

Verdict plateau(const Evidence& evidence, const PlateauOptions& options) {
    Check check("plateau", options.progress);
    if (!evidence.ended || evidence.measured.curve.size() < 20) return check.skip("The training is under way.");
    const double change = late_change(evidence.measured.curve), progress = evidence.progress();
    const std::string words = "From the middle of the training to its end the loss fell by " + percent(change);
    if (std::abs(change) < options.change && progress < options.progress)
        return check.fail(Severity::warning, progress,
                          words + ", and stands at " + number(evidence.last_loss()) + held_against(evidence) + ".",
                          "Try another learning rate, a schedule, or another initialisation.");
    return check.pass(progress, words + ".");
}

Verdict underfitting(const Evidence& evidence, const UnderfittingOptions& options) {
    Check check("underfitting", options.progress);
    const double validation = last_of(evidence.history, "validation.loss"), chance = evidence.chance();
    if (!evidence.ended || std::isnan(validation) || evidence.measured.curve.size() < 20 || !(chance > 0))
        return check.skip("There is no validation loss at the end of a training.");
    const double change = late_change(evidence.measured.curve), progress = evidence.progress();
    const double of_validation = 1 - validation / chance;
    if (std::abs(change) < options.change && progress < options.progress && of_validation < options.progress &&
        of_validation > progress / 2)
        return check.fail(Severity::warning, progress,
                          "Training and validation loss both stand at " + number(evidence.last_loss()) + " and " +
                              number(validation) + held_against(evidence) + ".",
                          "Give the model more capacity, less regularisation, or better inputs.");
    return check.pass(progress, "The training loss is " + number(evidence.last_loss()) + held_against(evidence) + ".");
}

Verdict not_learning(const Evidence& evidence, const NotLearningOptions& options) {
    Check check("not_learning", options.progress);
    const double progress = evidence.progress();
    if (!evidence.ended || evidence.steps < options.steps || std::isnan(progress))
        return check.skip("The training is under way, or too short.");
    const std::string words = "The loss ended at " + number(evidence.last_loss()) + held_against(evidence);
    if (progress < options.progress)
        return check.fail(Severity::error, progress, words + ".",
                          "See whether labels belong to their inputs, whether the gradient reaches every layer, and "
                          "whether a few examples can be overfitted (train::preflight).");
    return check.pass(progress, words + ".");
}

namespace {

// What outputs around 0 cost.
double expected_at_first(const Measurements& m) {
    if (std::isnan(detail::loss_of_knowing_nothing(m))) return unknown;
    if (m.task == Task::regression) return m.data.target_mean_square();
    if (detail::loss_family(m) == detail::LossFamily::hinge) return detail::loss_of_knowing_nothing(m);
    return std::log(static_cast<double>(m.data.class_counts().size()));
}

}    // namespace

Verdict loss_is_a_sum(const Evidence& evidence, const SumOptions& options) {
    Check check("loss_is_a_sum", options.ratio);
    const Measurements& m = evidence.measured;
    const double expected = expected_at_first(m), count = static_cast<double>(m.data.examples_in_a_batch());
    if (m.empty() || !(expected > 0) || m.data.examples_in_a_batch() < options.examples)
        return check.skip("What to expect of this loss is not known.");
    if (detail::loss_uses(m, {"mean"}) && !detail::loss_uses(m, {"multiply_number", "multiply"}))
        return check.pass(evidence.first_loss() / expected, "The loss ends in a mean.");
    const double ratio = evidence.first_loss() / expected;
    const std::string words = "The first loss was " + number(evidence.first_loss()) + ", " + number(ratio) +
                              " times that of outputs around 0";
    if (ratio > options.ratio && ratio > options.low * count && ratio < options.high * count)
        return check.at(m.steps.front())
            .fail(Severity::warning, ratio,
                  words + ", and a batch has " + number(count) + " examples: it looks like a sum over them.",
                  "Take the mean over the examples: rates, clipping and penalties then do not depend on the batch.");
    return check.pass(ratio, words + ".");
}

Verdict initial_loss(const Evidence& evidence, const InitialLossOptions& options) {
    Check check("initial_loss", options.ratio);
    const double expected = expected_at_first(evidence.measured);
    if (evidence.measured.empty() || !(expected > 0)) return check.skip("What to expect of this loss is not known.");
    // An error as a multiple of the expected one, not its square.
    const bool squared = detail::loss_family(evidence.measured) == detail::LossFamily::squared_error;
    const double times = evidence.first_loss() / expected, ratio = squared ? std::sqrt(times) : times;
    const std::string words =
        "The first loss was " + number(evidence.first_loss()) + ", that of outputs around 0 is " + number(expected);
    if (ratio > options.ratio && loss_is_a_sum(evidence).passed())
        return check.at(evidence.measured.steps.front())
            .fail(Severity::warning, ratio, words + ".",
                  "Initialise the last layer with smaller weights, and normalise the inputs.");
    return check.pass(ratio, words + ".");
}

Verdict loss_negative(const Evidence& evidence) {
    Check check("loss_negative", 0);
    const Measurements& m = evidence.measured;
    if (m.curve.empty() || !evidence.chance_is_known())
        return check.skip("Whether this loss may be negative is not known.");
    const double least = *std::min_element(m.curve.begin(), m.curve.end());
    if (least < -1e-6)
        return check.fail(Severity::error, least,
                          "The loss went down to " + number(least) + ", and one of its kind is never below 0.",
                          "See whether the loss has the right sign.");
    return check.pass(least, "The loss is never below 0.");
}

Verdict penalty_dominates(const Evidence& evidence, const PenaltyOptions& options) {
    Check check("penalty_dominates", options.ratio);
    const Measurements& m = evidence.measured;
    if (m.empty()) return check.skip("Nothing was measured.");
    const double ratio = m.penalty.front() / m.loss.front();
    if (m.loss.front() > 0 && ratio > options.ratio)
        return check.at(m.steps.front())
            .fail(Severity::warning, ratio,
                  "The penalty is " + number(m.penalty.front()) + " where the data loss is " + number(m.loss.front()) +
                      ".",
                  "Try a penalty (weight decay) a tenth to a thousandth as strong.");
    return check.pass(ratio, "The penalty is " + percent(ratio) + " of the data loss in the first step.");
}

Verdict weights_collapse(const Evidence& evidence, const CollapseOptions& options) {
    Check check("weights_collapse", options.left);
    const Measurements& m = evidence.measured;
    if (m.samples() < 2) return check.skip("Too few steps were seen.");
    double first = 0, last = 0;
    for (const ParameterSeries& parameter : m.parameters) {
        if (parameter.shape.size() < 2) continue;
        first += parameter.norm.front() * parameter.norm.front();
        last += parameter.norm.back() * parameter.norm.back();
    }
    const double left = std::sqrt(last / first);
    const std::string words = "The weights have " + percent(left) + " of their first norm";
    if (left < options.left && evidence.progress() < options.progress)
        return check.fail(Severity::warning, left, words + " left.",
                          "Try a weight decay, or a penalty, a tenth to a thousandth as strong.");
    return check.pass(left, words + ".");
}

Verdict throughput_falls(const Evidence& evidence, const ThroughputOptions& options) {
    Check check("throughput_falls", options.ratio);
    const auto& speed = evidence.speed;
    if (speed.size() < options.epochs) return check.skip("Too few epochs were timed.");
    const auto third = static_cast<std::ptrdiff_t>(speed.size() / 3);
    const double first = median({speed.begin(), speed.begin() + third}),
                 last = median({speed.end() - third, speed.end()});
    const std::string words = "It trains " + number(last) + " examples in a second of processor time, and trained " +
                              number(first) + " at first";
    if (last < options.ratio * first)
        return check.fail(Severity::warning, last / first, words + ".",
                          "See whether something grows with every step: a graph, a list, a log.");
    return check.pass(last / first, words + ".");
}

}    // namespace xtape::train
