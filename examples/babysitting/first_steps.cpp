// Before the first long run: is everything as it should be, and how fast may it learn?
#include <cmath>

#include "study.hpp"

using namespace xtape;

namespace babysitting {
namespace {

// The loss of all training data before the first step, and what a penalty adds.
std::pair<double, double> initial_loss(const Study& study, double strength) {
    seed(1);
    TwoLayers net;
    nn::EvalGuard guard(net);
    NoGrad no_grad;
    const auto batch = study.first(1000).all();
    const double loss = nn::cross_entropy(net(batch.inputs), batch.labels).item();
    return {loss, loss + strength * nn::l2_penalty(net.named_parameters()).item()};
}

train::Plot loss_plot(const std::string& title, const train::History& history) {
    train::Plot plot({.title = title, .x = {.label = "epoch"}, .y = {.label = "loss"}});
    plot.line("training", history.values("train.loss"));
    if (history.contains("validation.loss")) plot.line("validation", history.values("validation.loss"));
    return plot;
}

// The same, step by step, where there is not a whole epoch.
train::Plot curve_plot(const std::string& title, const train::Measurements& m) {
    train::Plot plot({.title = title, .x = {.label = "step"}, .y = {.label = "loss", .log = true}});
    std::vector<double> steps;
    for (std::size_t i = 0; i < m.curve.size(); ++i)
        steps.push_back(1 + static_cast<double>(m.curve_stride) * static_cast<double>(i));
    plot.line("", steps, m.curve);
    return plot;
}

std::string warnings(const train::Diagnosis& diagnosis) {
    std::string names;
    for (const train::Verdict& verdict : diagnosis)
        if (!verdict.passed()) names += (names.empty() ? "" : ", ") + verdict.rule;
    return names.empty() ? "healthy" : names;
}

}    // namespace

void before_training(Study& study) {
    study.begin("Before training",
                "A network that knows nothing gives each of ten classes a tenth: its loss is ln 10. A "
                "penalty raises it. And a few examples must be learned by heart, or something is broken.");
    seed(1);
    TwoLayers net;
    const train::Diagnosis preflight = train::preflight(net, train::classification<float>(), study.first(1000));
    study.row("initial loss, no penalty", initial_loss(study, 0).first, "ln 10 = 2.303");
    for (double strength : {1e-3, 1e-2, 1e-1})
        study.row("initial loss, penalty of " + std::to_string(strength).substr(0, 5),
                  initial_loss(study, strength).second, "higher with each");
    const Outcome small = study.train(study.first(100), {.lr = 0.05, .epochs = 60, .batch = 20});
    study.row("100 examples learned by heart: accuracy", small.last("train.accuracy"), "1");
    study.row("100 examples learned by heart: loss", small.last("train.loss"), "near 0");
    study.end_rows();
    study.page.verdicts(preflight);
    study.page.figure(loss_plot("100 examples, learned by heart", small.history));
    train::Plot accuracy({.title = "And their accuracy", .x = {.label = "epoch"}, .y = {.label = "accuracy"}});
    accuracy.line("training", small.history.values("train.accuracy"));
    accuracy.line("validation", small.history.values("validation.accuracy"));
    study.page.figure(std::move(accuracy));
}

void learning_rates(Study& study) {
    const Data& data = study.training;
    study.begin("A rate that is too low",
                "The loss barely moves, and the accuracy moves a little all the same: the "
                "scores change a little, in the right direction.");
    const Outcome low = study.train(data, {.lr = 1e-8, .epochs = 4, .watched = true});
    study.row("rate 1e-8: loss after 1 epoch", low.history.values("train.loss").front(), "ln 10 = 2.303");
    study.row("rate 1e-8: loss after 4 epochs", low.last("train.loss"), "the same");
    std::printf("  %s\n", warnings(low.diagnosis).c_str());
    study.end_rows();
    study.page.verdicts(low.diagnosis).figure(loss_plot("A rate of 1e-8", low.history));

    study.begin("A rate that is far too high",
                "The loss explodes, and is soon not a number. The run is stopped, goes "
                "back to its last good state, and says where it broke.");
    const Outcome huge = study.train(data, {.lr = 1e10, .epochs = 2, .watched = true});
    study.row("rate 1e10: loss of the last step", huge.measurements.curve.back(), "not a finite number");
    std::printf("  %s\n", warnings(huge.diagnosis).c_str());
    study.end_rows();
    study.page.verdicts(huge.diagnosis).figure(curve_plot("A rate of 1e10", huge.measurements));

    study.begin("A rate that is a little too high",
                "The loss falls at first and stays too high: the steps are too large "
                "to get down to the bottom.");
    const Outcome high = study.train(data, {.lr = 0.5, .epochs = 6, .watched = true});
    const Outcome good = study.train(data, {.lr = 0.02, .epochs = 6, .watched = true});
    study.row("rate 0.5: loss after 6 epochs", high.last("train.loss"), "stuck");
    study.row("rate 0.02: loss after 6 epochs", good.last("train.loss"), "lower");
    std::printf("  %s\n", warnings(high.diagnosis).c_str());
    study.end_rows();
    study.page.verdicts(high.diagnosis);
    train::Plot both({.title = "Three rates", .x = {.label = "epoch"}, .y = {.label = "training loss", .log = true}});
    both.line("1e-8", low.history.values("train.loss"));
    both.line("0.5", high.history.values("train.loss")).line("0.02", good.history.values("train.loss"));
    study.page.figure(std::move(both));

    study.begin("The size of updates", "An update should be about a thousandth of the weight that it changes.");
    train::Plot ratios({.title = "Size of updates to size of weights",
                        .x = {.label = "step"},
                        .y = {.label = "|update| / |weight|", .log = true}});
    const std::vector<double> steps(good.measurements.steps.begin(), good.measurements.steps.end());
    for (const char* name : {"fc1.weight", "fc2.weight"}) {
        const train::ParameterSeries* series = good.measurements.parameter(name);
        std::vector<double> values;
        for (std::size_t i = 0; i < steps.size(); ++i) values.push_back(series->update_ratio(i));
        study.row(std::string(name) + ": |update| / |weight|, rate 0.02", values.back(), "about 1e-3");
        ratios.line(name, steps, std::move(values));
    }
    study.end_rows();
    study.page.figure(std::move(ratios.mark_y(1e-3, "1e-3")));
}

}    // namespace babysitting
