// The rules that go by parameters, gradients and activations.
#include <xtape/train/diagnosis/detail/wording.hpp>
#include <xtape/train/diagnosis/rules.hpp>

#include <algorithm>
#include <cmath>

namespace xtape::train {

using detail::Check;
using detail::listed;
using detail::median;
using detail::number;
using detail::percent;

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

bool is_matrix(const ParameterSeries& parameter) { return parameter.shape.size() >= 2; }

// Whether the layer's activations scale with its weights: what is looked up, or normalised, does not.
bool is_weight(const ParameterSeries& parameter) {
    return is_matrix(parameter) && parameter.kind.find("Embedding") == std::string::npos &&
           parameter.kind.find("Norm") == std::string::npos;
}

// The deviation of a weight matrix times the root of its fan-in.
double gain(const ParameterSeries& parameter) {
    return parameter.norm.front() / std::sqrt(static_cast<double>(parameter.shape[0]));
}

bool without_gradient(double norm) { return std::isnan(norm) || norm == 0; }

}    // namespace

Verdict no_gradient(const Evidence& evidence) {
    Check check("no_gradient", 0);
    std::vector<std::string> missing;
    for (const ParameterSeries& parameter : evidence.measured.parameters) {
        const auto& norms = parameter.gradient_norm;
        if (!norms.empty() && std::all_of(norms.begin(), norms.end(), [](double norm) { return std::isnan(norm); }))
            missing.push_back(parameter.name);
    }
    if (missing.empty()) return check.pass(0, "Every parameter got a gradient.");
    return check.at(missing.front())
        .fail(Severity::error, static_cast<double>(missing.size()), "No gradient reached " + listed(missing) + ".",
              "See whether a detach(), a NoGrad, or an unused layer cuts them off; freeze with requires_grad(false) "
              "what is not to be trained.");
}

Verdict zero_gradient(const Evidence& evidence) {
    Check check("zero_gradient", 0);
    std::vector<std::string> zero;
    for (const ParameterSeries& parameter : evidence.measured.parameters) {
        const auto& norms = parameter.gradient_norm;
        if (!norms.empty() && std::all_of(norms.begin(), norms.end(), [](double norm) { return norm == 0; }))
            zero.push_back(parameter.name);
    }
    if (zero.empty()) return check.pass(0, "No parameter's gradient was 0 all the time.");
    return check.at(zero.front())
        .fail(Severity::error, static_cast<double>(zero.size()),
              "The gradient of " + listed(zero) + " was 0 all the time.",
              "See whether the units that follow are dead, saturated or multiplied by 0.");
}

Verdict not_optimized(const Evidence& evidence) {
    Check check("not_optimized", 0);
    std::vector<std::string> left_out;
    for (const ParameterSeries& parameter : evidence.measured.parameters)
        if (!parameter.optimized) left_out.push_back(parameter.name);
    if (left_out.empty()) return check.pass(0, "The optimizer has every parameter that requires a gradient.");
    return check.at(left_out.front())
        .fail(Severity::warning, static_cast<double>(left_out.size()),
              "The optimizer does not have " + listed(left_out) + ".",
              "Give it model.parameters(), or freeze them with requires_grad(false).");
}

Verdict parameters_unchanged(const Evidence& evidence, const UnchangedOptions& options) {
    Check check("parameters_unchanged", 0);
    if (evidence.measured.samples() < options.samples) return check.skip("Too few steps were seen.");
    std::vector<std::string> unchanged;
    for (const ParameterSeries& parameter : evidence.measured.parameters) {
        if (!parameter.optimized) continue;
        bool moved = false, pushed = false;
        for (std::size_t i = 0; i < evidence.measured.samples(); ++i) {
            moved = moved || parameter.update_norm[i] != 0;
            pushed = pushed || !without_gradient(parameter.gradient_norm[i]);
        }
        if (pushed && !moved) unchanged.push_back(parameter.name);
    }
    if (unchanged.empty()) return check.pass(0, "Steps change every parameter that gets a gradient.");
    return check.at(unchanged.front())
        .fail(Severity::error, static_cast<double>(unchanged.size()),
              listed(unchanged) + " did not change in any step, with gradients other than 0.",
              "See whether the learning rate, or what the schedule makes of it, is 0 or below rounding.");
}

Verdict initial_weights(const Evidence& evidence, const InitialScaleOptions& options) {
    Check check("initial_weights", options.low);
    std::vector<const ParameterSeries*> weights;
    for (const ParameterSeries& parameter : evidence.measured.parameters)
        if (is_weight(parameter) && !parameter.norm.empty()) weights.push_back(&parameter);
    if (weights.empty() || evidence.measured.steps.front() != 1)
        return check.skip("No weight matrix was measured at first.");
    double least = unknown, most = unknown;
    const ParameterSeries *smallest = nullptr, *largest = nullptr;
    for (const ParameterSeries* weight : weights) {
        const double g = gain(*weight);
        // The last layer may begin at 0, so that the first outputs are those of the bias.
        if ((weight != weights.back() || weights.size() == 1) && !(g >= least)) least = g, smallest = weight;
        if (!(g <= most)) most = g, largest = weight;
    }
    const char* advice = "Use nn::init: kaiming for rectifiers, xavier for tanh and sigmoid.";
    if (least == 0 && weights.size() > 1)
        return check.at(smallest->name).fail(Severity::error, 0, "The layer's weights are all 0 at first.", advice);
    if (most > options.high)
        return check.at(largest->name)
            .fail(Severity::warning, most,
                  "The layer makes signals about " + number(most) + " times as large at first.", advice);
    if (least < options.low && weights.size() > 1)
        return check.at(smallest->name)
            .fail(Severity::warning, least, "The layer lets about " + percent(least) + " of a signal through at first.",
                  advice);
    return check.pass(
        most, "At first layers pass signals on with " + number(least) + " to " + number(most) + " times their size.");
}

Verdict units_alike(const Evidence& evidence, const UnitsAlikeOptions& options) {
    Check check("units_alike", options.share);
    double most = 0;
    for (const ParameterSeries& parameter : evidence.measured.parameters) {
        if (parameter.alike.size() < 2) continue;
        const double least = std::min(parameter.alike.front(), parameter.alike.back());
        if (!(least > most)) continue;
        most = least;
        if (!is_weight(parameter) || most < options.share || parameter.gradient_norm.back() == 0) continue;
        return check.at(parameter.name)
            .fail(Severity::error, most, percent(most) + " of the layer's units have the same weights, and keep them.",
                  "Initialise weights at random: equal units get equal gradients for ever.");
    }
    return check.pass(most, "The units of a layer differ.");
}

Verdict dead_units(const Evidence& evidence, const DeadUnitsOptions& options) {
    Check check("dead_units", options.share);
    const LayerSeries* worst = nullptr;
    for (const LayerSeries& layer : evidence.measured.layers)
        if (!layer.dead.empty() && !std::isnan(layer.dead.back()) &&
            (worst == nullptr || layer.dead.back() > worst->dead.back()))
            worst = &layer;
    if (worst == nullptr) return check.skip("There are no rectifiers.");
    const double most = worst->dead.back();
    const std::string words = percent(most) + " of the layer's rectifiers were 0 for every example looked at of late";
    check.at(worst->name);
    if (most < options.share || (most < options.most && evidence.progress() > options.progress))
        return check.pass(most, "At most " + words + ".");
    // Units that were never seen to live were dead before the first step.
    const auto& steps = evidence.measured.steps;
    std::size_t since = worst->dead.size() - 1;
    while (since > 0 && worst->dead[since - 1] >= options.share) --since;
    const double at_first = worst->silent_at_first;
    check.at(at_first >= options.share ? 1 : steps[since]);
    return check.fail(most > 0.99 ? Severity::error : Severity::warning, most, words + ", and get no gradient.",
                      "Try a lower learning rate, biases of 0 at first, kaiming initialisation, or leaky_relu.");
}

Verdict saturated_units(const Evidence& evidence, const SaturatedOptions& options) {
    Check check("saturated_units", options.share);
    double most = 0;
    std::string worst;
    for (const LayerSeries& layer : evidence.measured.layers) {
        if (&layer == &evidence.measured.layers.back()) break;    // what a model says may be certain
        const double typical = median(layer.saturated);
        if (typical > most) most = typical, worst = layer.name;
    }
    const std::string words = percent(most) + " of the layer's activations are where the function is flat";
    if (most < options.share) return check.at(worst).pass(most, "At most " + words + ".");
    return check.at(worst).fail(
        Severity::warning, most, words + ", and pass on hardly any gradient.",
        "Try smaller initial weights (xavier), normalised inputs, batch normalisation, or relu.");
}

namespace {

// How large the layers' signals are at first, of those that differ between the examples.
Verdict activations_through_depth(const Evidence& evidence, const DepthOptions& options, bool vanish) {
    const double limit = vanish ? options.ratio : 1 / options.ratio;
    Check check(vanish ? "activations_vanish" : "activations_explode", limit);
    const Measurements& m = evidence.measured;
    const double input = m.data.input_rms();
    if (m.layers.size() < 2 || !(input > 0) || m.empty() || m.steps.front() != 1)
        return check.skip("The model shows no layers.");
    double found = vanish ? std::numeric_limits<double>::infinity() : 0;
    const LayerSeries* worst = nullptr;
    // The last layer may begin at 0.
    for (auto layer = m.layers.begin(); layer != m.layers.end() - (vanish ? 1 : 0); ++layer) {
        const double ratio = layer->spread.front() / input;
        // Units that are 0 for all examples are dead, or cut off: other rules speak of them.
        if (ratio == 0 || !(vanish ? ratio < found : ratio > found)) continue;
        found = ratio;
        worst = &*layer;
    }
    if (worst == nullptr) return check.skip("The model shows no layers with one output per example.");
    const std::string words = "The signal in the layer is " + number(found) + " times that of the inputs at first";
    check.at(worst->name);
    // What is learnt all the same did not need it.
    if ((vanish ? found < limit : found > limit) && !(evidence.progress() > options.progress))
        return check.at(std::int64_t{1})
            .fail(Severity::warning, found, words + ".",
                  "Use kaiming initialisation for rectifiers, xavier for tanh, or normalise.");
    return check.pass(found, words + (vanish ? " at least." : " at most."));
}

}    // namespace

Verdict activations_vanish(const Evidence& evidence, const DepthOptions& options) {
    return activations_through_depth(evidence, options, true);
}

Verdict activations_explode(const Evidence& evidence, const DepthOptions& options) {
    return activations_through_depth(evidence, options, false);
}

namespace {

struct Depth {
    double ratio = unknown;    // of the first layer's relative gradient and the last one's, typically
    std::string layer;
    std::size_t layers = 0;
};

// Relative gradients, as large weights have small ones by right.
Depth through_depth(const Measurements& m) {
    std::vector<const ParameterSeries*> weights;
    for (const ParameterSeries& parameter : m.parameters)
        if (is_weight(parameter)) weights.push_back(&parameter);
    Depth depth;
    depth.layers = weights.size();
    if (weights.size() < 2) return depth;
    std::vector<double> ratios;
    for (std::size_t i = 0; i < m.samples(); ++i) {
        const double first = weights.front()->gradient_norm[i] / weights.front()->norm[i];
        const double last = weights.back()->gradient_norm[i] / weights.back()->norm[i];
        if (last > 0 && std::isfinite(first)) ratios.push_back(first / last);
    }
    depth.ratio = median(std::move(ratios));
    depth.layer = weights.front()->name;
    return depth;
}

}    // namespace

Verdict gradients_vanish(const Evidence& evidence, const DepthOptions& options) {
    Check check("gradients_vanish", options.ratio);
    const Depth depth = through_depth(evidence.measured);
    if (depth.layers < options.layers || std::isnan(depth.ratio)) return check.skip("The model is not deep.");
    const std::string words = "The first layer's gradient is " + number(depth.ratio) +
                              " times the last one's, both relative to their weights";
    if (depth.ratio < options.ratio)
        return check.at(depth.layer)
            .fail(Severity::warning, depth.ratio, words + ".",
                  "Try relu, kaiming or xavier initialisation, normalisation, or shortcuts.");
    return check.at(depth.layer).pass(depth.ratio, words + ".");
}

Verdict gradients_explode(const Evidence& evidence, const DepthOptions& options) {
    Check check("gradients_explode", 1 / options.ratio);
    const Depth depth = through_depth(evidence.measured);
    if (depth.layers < options.layers || std::isnan(depth.ratio)) return check.skip("The model is not deep.");
    const std::string words = "The first layer's gradient is " + number(depth.ratio) +
                              " times the last one's, both relative to their weights";
    if (depth.ratio > 1 / options.ratio)
        return check.at(depth.layer)
            .fail(Severity::warning, depth.ratio, words + ".",
                  "Try smaller initial weights, normalisation, or clip_norm.");
    return check.at(depth.layer).pass(depth.ratio, words + ".");
}

Verdict update_ratio(const Evidence& evidence, const UpdateBandOptions& options) {
    Check check("update_ratio", 1e-3);
    double least = unknown, most = unknown;
    std::string slowest, fastest;
    for (const ParameterSeries& parameter : evidence.measured.parameters) {
        if (!is_weight(parameter) || !parameter.optimized) continue;
        std::vector<double> ratios;
        for (std::size_t i = 0; i < evidence.measured.samples(); ++i) ratios.push_back(parameter.update_ratio(i));
        const double typical = median(std::move(ratios));
        if (!(typical >= least) && !std::isnan(typical)) least = typical, slowest = parameter.name;
        if (!(typical <= most) && !std::isnan(typical)) most = typical, fastest = parameter.name;
    }
    if (std::isnan(most)) return check.skip("No weight matrix was measured.");
    const std::string words = "A step changes the layers' weights by " + number(least) + " (" + slowest + ") to " +
                              number(most) + " (" + fastest + ") of their norm; about 1e-3 is usual";
    const bool outside = least < options.low || most > options.high;
    if (outside && options.warn)
        return check.at(most > options.high ? fastest : slowest)
            .fail(Severity::warning, most > options.high ? most : least, words + ".",
                  "Change the learning rate, or give the layer one of its own.");
    return check.pass(median({least, most}), words + ".");
}

Verdict outputs_constant(const Evidence& evidence, const ConstantOutputsOptions& options) {
    Check check("outputs_constant", options.ratio);
    const Measurements& m = evidence.measured;
    if (m.layers.empty() || m.samples() < 2) return check.skip("No layer was measured.");
    const LayerSeries& last = m.layers.back();
    const double spread = last.spread.back(), rms = std::hypot(last.mean.back(), last.deviation.back());
    const double ratio = spread / rms;
    if (ratio < options.ratio || (rms == 0 && spread == 0))
        return check.at(last.name).fail(
            Severity::error, ratio,
            "The model says the same for every example: outputs of " + number(rms) + " differ by " + number(spread) +
                " only.",
            "See where the signal is lost: dead or saturated units, weights of 0, a rate or "
            "a penalty that is too high.");
    return check.at(last.name).pass(ratio, "The outputs differ between examples.");
}

Verdict gradients_accumulate(const Evidence& evidence, const AccumulateOptions& options) {
    Check check("gradients_accumulate", options.growth);
    const Measurements& m = evidence.measured;
    if (m.empty() || m.steps.front() != 1) return check.skip("The first steps were not seen.");
    auto norm = [&](std::size_t i) {
        double squares = 0;
        for (const ParameterSeries& parameter : m.parameters)
            if (!std::isnan(parameter.gradient_norm[i]))
                squares += parameter.gradient_norm[i] * parameter.gradient_norm[i];
        return std::sqrt(squares);
    };
    // A sum of gradients hardly turns from one step to the next, and grows; a gradient that is always the same, of all
    // examples at once, say, falls as training goes on.
    std::vector<double> growths, cosines;
    for (std::size_t i = 1; i < m.samples(); ++i) {
        growths.push_back(norm(i) / norm(0));
        cosines.push_back(m.gradient_cosine[i]);
    }
    const double growth = median(growths), cosine = median(cosines);
    if (std::isnan(growth) || m.samples() < 4) return check.skip("Too few steps were seen.");
    const std::string words = "Gradients are " + number(growth) + " times as large as the first, with a cosine of " +
                              number(cosine) + " between consecutive ones";
    if (growth > options.growth && cosine > options.cosine && !(evidence.update_ratio(0, 6) > options.calm))
        return check.fail(Severity::error, growth, words + ", as if each were added to those before it.",
                          "Call zero_grad() before every backward().");
    return check.pass(growth, words + ".");
}

}    // namespace xtape::train
