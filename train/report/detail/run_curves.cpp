// Curves of a run: by epoch, by step, by layer.
#include <xtape/train/report/detail/run_figures.hpp>
#include <xtape/train/report/detail/text.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xtape::train::detail {
namespace {

constexpr std::size_t most_lines = 8;

bool has_numbers(const std::vector<double>& values) {
    return std::any_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

std::vector<double> steps_of(const Measurements& m) { return {m.steps.begin(), m.steps.end()}; }

// At most eight of them, evenly spread, the first and the last included.
template <class Series>
std::vector<const Series*> selected(const std::vector<const Series*>& all) {
    if (all.size() <= most_lines) return all;
    std::vector<const Series*> result;
    for (std::size_t i = 0; i < most_lines; ++i) result.push_back(all[i * (all.size() - 1) / (most_lines - 1)]);
    return result;
}

// Weights, not biases, unless there is nothing else.
std::vector<const ParameterSeries*> weights_of(const Measurements& m) {
    std::vector<const ParameterSeries*> all, matrices;
    for (const ParameterSeries& p : m.parameters) {
        all.push_back(&p);
        if (p.shape.size() >= 2) matrices.push_back(&p);
    }
    return selected(matrices.empty() ? all : matrices);
}

// A line per parameter; the seventh and those that follow are dashed, for there are six colours.
template <class Series, class Value>
bool add_lines(Plot& plot, const std::vector<double>& steps, const std::vector<const Series*>& series,
               const Value& value) {
    bool any = false;
    for (std::size_t i = 0; i < series.size(); ++i) {
        std::vector<double> y(steps.size(), std::numeric_limits<double>::quiet_NaN());
        for (std::size_t k = 0; k < steps.size(); ++k) y[k] = value(*series[i], k);
        if (!has_numbers(y)) continue;
        any = true;
        plot.line(series[i]->name, steps, std::move(y), {.dashed = i >= 6});
    }
    return any;
}

double element(const std::vector<double>& values, std::size_t i) {
    return i < values.size() ? values[i] : std::numeric_limits<double>::quiet_NaN();
}

void mark_where_it_broke(Plot& plot, const std::vector<double>& y, double stride = 1, double first = 1) {
    for (std::size_t i = 0; i < y.size(); ++i)
        if (!std::isfinite(y[i])) {
            plot.mark_x(first + static_cast<double>(i) * stride, "not finite");
            return;
        }
}

}    // namespace

void add_loss(Document& page, const RunRecord& run) {
    const History& h = run.history;
    Plot epochs({.title = "Loss", .x = {.label = "epoch"}, .y = {.label = "loss"}});
    if (h.contains("train.loss")) epochs.line("training", h.values("train.loss"));
    if (h.contains("validation.loss")) epochs.line("validation", h.values("validation.loss"));
    if (h.contains("train.penalty")) {
        const auto& penalty = h.values("train.penalty");
        std::vector<double> x(penalty.size());
        for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i + 1);
        epochs.line("penalty", x, penalty, {.dashed = true});
    }
    if (h.contains("validation.loss") && has_numbers(h.values("validation.loss")) && h.epochs() > 1)
        epochs.mark_x(static_cast<double>(h.best_epoch("validation.loss") + 1), "best epoch");
    if (h.contains("train.loss")) mark_where_it_broke(epochs, h.values("train.loss"));

    const Measurements& m = run.measurements;
    const auto stride = static_cast<double>(m.curve_stride);
    Plot steps({.title = "Loss, step by step", .x = {.label = "step"}, .y = {.label = "loss of the batch"}});
    std::vector<double> x;
    for (std::size_t i = 0; i < m.curve.size(); ++i) x.push_back(1 + stride * (static_cast<double>(i) + 0.5) - 0.5);
    steps.line("", x, m.curve, {.thin = true});
    mark_where_it_broke(steps, m.curve, stride);

    const bool by_epoch = h.epochs() > 1 || m.curve.empty();
    if (h.epochs() > 0 && by_epoch) page.wide(epochs, true);
    if (!m.curve.empty() && !by_epoch) page.wide(steps, true);
    if (!m.curve.empty() && by_epoch) page.figure(std::move(steps));
    if (h.epochs() > 0 && !by_epoch) page.figure(std::move(epochs));
}

std::string gap_in_words(const History& h) {
    if (!h.contains("train.accuracy") || !h.contains("validation.accuracy")) return {};
    const double train = h.last("train.accuracy"), validation = h.last("validation.accuracy");
    if (!std::isfinite(train) || !std::isfinite(validation)) return {};
    const double gap = 100 * (train - validation);
    const std::string text = "Training accuracy is " + readable(100 * train, 3) + " %, validation accuracy " +
                             readable(100 * validation, 3) + " %: a gap of " + readable(std::round(gap * 10) / 10, 3) +
                             " points. ";
    if (gap > 10) return text + "That is overfitting: try more regularisation, more data, or a smaller model.";
    if (gap > 3) return text + "That is a little overfitting; a little more regularisation or data may help.";
    if (gap < -3)
        return text +
               "Validation is better, as it is where dropout or augmentation makes training harder, or where the "
               "accuracy of training is that of an epoch in which the model still learned much.";
    if (train < 0.9)
        return text +
               "There is no overfitting: if this is not good enough, the model needs more capacity, "
               "or more time.";
    return text + "That is hardly any overfitting.";
}

void add_metrics(Document& page, const RunRecord& run) {
    const History& h = run.history;
    std::vector<std::string> seen{"loss", "penalty"};
    for (const std::string& name : h.names()) {
        const std::string metric = name.substr(name.find('.') + 1);
        if (name == "lr" || std::find(seen.begin(), seen.end(), metric) != seen.end()) continue;
        seen.push_back(metric);
        std::string title = metric;
        title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
        std::replace(title.begin(), title.end(), '_', ' ');
        Plot plot({.title = title, .x = {.label = "epoch"}, .y = {.label = metric}});
        bool any = false;
        for (const char* part : {"train", "validation"}) {
            const std::string full = std::string(part) + "." + metric;
            if (!h.contains(full) || !has_numbers(h.values(full))) continue;
            plot.line(part == std::string("train") ? "training" : part, h.values(full));
            any = true;
        }
        if (any && seen.size() <= 10) page.figure(std::move(plot));
    }
}

void add_learning(Document& page, const RunRecord& run) {
    const Measurements& m = run.measurements;
    const auto steps = steps_of(m);
    Plot rate(
        {.title = "Learning rate", .x = {.label = m.empty() ? "epoch" : "step"}, .y = {.label = "lr", .log = false}});
    if (has_numbers(m.lr))
        page.figure(std::move(rate.line("", steps, m.lr)));
    else if (run.history.contains("lr"))
        page.figure(std::move(rate.line("", run.history.values("lr"))));
    if (m.empty()) return;
    const auto parameters = weights_of(m);
    Plot ratio({.title = "Size of updates to size of weights",
                .x = {.label = "step"},
                .y = {.label = "|update| / |weight|", .log = true}});
    if (add_lines(ratio, steps, parameters, [](const auto& p, std::size_t i) { return p.update_ratio(i); }))
        page.figure(std::move(ratio.mark_y(1e-3, "1e-3")));
    Plot norm({.title = "Gradient norms", .x = {.label = "step"}, .y = {.label = "|gradient|", .log = true}});
    if (add_lines(norm, steps, parameters, [](const auto& p, std::size_t i) { return element(p.gradient_norm, i); }))
        page.figure(std::move(norm));
}

void add_activations(Document& page, const RunRecord& run) {
    const Measurements& m = run.measurements;
    const auto steps = steps_of(m);
    std::vector<const LayerSeries*> all;
    for (const LayerSeries& layer : m.layers) all.push_back(&layer);
    const auto layers = selected(all);
    Plot spread(
        {.title = "Spread of activations", .x = {.label = "step"}, .y = {.label = "standard deviation", .log = true}});
    if (add_lines(spread, steps, layers, [](const auto& l, std::size_t i) { return element(l.deviation, i); }))
        page.figure(std::move(spread));
    Plot signal(
        {.title = "Gradients at activations", .x = {.label = "step"}, .y = {.label = "root mean square", .log = true}});
    if (add_lines(signal, steps, layers, [](const auto& l, std::size_t i) { return element(l.gradient, i); }))
        page.figure(std::move(signal));
    Plot dead(
        {.title = "Dead rectifiers", .x = {.label = "step"}, .y = {.label = "share of units", .low = 0, .high = 1}});
    if (add_lines(dead, steps, all, [](const auto& l, std::size_t i) { return element(l.dead, i); }))
        page.figure(std::move(dead));
    Plot full({.title = "Saturated activations",
               .x = {.label = "step"},
               .y = {.label = "share of activations", .low = 0, .high = 1}});
    if (add_lines(full, steps, all, [](const auto& l, std::size_t i) { return element(l.saturated, i); }))
        page.figure(std::move(full));
}

}    // namespace xtape::train::detail
