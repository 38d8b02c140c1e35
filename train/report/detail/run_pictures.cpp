// What a run is shown in pixels: distributions over time, first-layer weights, and what the model got wrong.
#include <xtape/core/error.hpp>
#include <xtape/train/report/detail/run_figures.hpp>
#include <xtape/train/report/detail/text.hpp>
#include <xtape/train/report/heat_map.hpp>
#include <xtape/train/report/image_tiles.hpp>

#include <algorithm>
#include <cmath>

namespace xtape::train::detail {
namespace {

constexpr std::size_t bins = 48, most_columns = 120, most_maps = 8;

// The range that holds all but the outermost hundredth of the counts on either side.
std::pair<double, double> common_range(const std::vector<Histogram>& histograms) {
    std::vector<std::pair<double, double>> weighted;    // centres and counts
    double total = 0;
    for (const Histogram& h : histograms) {
        double sum = 0;
        for (auto count : h.counts) sum += static_cast<double>(count);
        for (std::size_t i = 0; i < h.counts.size() && sum > 0; ++i) {
            const double centre =
                h.low + (h.high - h.low) * (static_cast<double>(i) + 0.5) / static_cast<double>(h.counts.size());
            weighted.emplace_back(centre, static_cast<double>(h.counts[i]) / sum);
            total += static_cast<double>(h.counts[i]) / sum;
        }
    }
    std::sort(weighted.begin(), weighted.end());
    double below = 0, low = 0, high = 0;
    bool begun = false;
    for (const auto& [centre, weight] : weighted) {
        below += weight;
        if (!begun && below > 0.01 * total) {
            low = centre;
            begun = true;
        }
        if (below <= 0.99 * total || high == 0) high = centre;
    }
    const double margin = std::max((high - low) * 0.08, 1e-12);
    return {low - margin, high + margin};
}

// Densities (bins, samples), each sample's largest being 1.
bool add_map(Document& page, const std::string& title, const std::vector<Histogram>& histograms,
             const std::vector<std::int64_t>& steps) {
    if (histograms.size() != steps.size() || histograms.size() < 2) return false;
    const auto [low, high] = common_range(histograms);
    if (!std::isfinite(low) || !std::isfinite(high) || !(low < high)) return false;
    const std::size_t columns = std::min(most_columns, histograms.size());
    Array<double> density = empty_array<double>({bins, columns});
    density.fill(0);
    bool any = false;
    for (std::size_t column = 0; column < columns; ++column) {
        // Columns are evenly spaced in steps: each shows the last sample before it.
        const double step = static_cast<double>(steps.front()) + static_cast<double>(steps.back() - steps.front()) *
                                                                     static_cast<double>(column) /
                                                                     static_cast<double>(columns - 1);
        std::size_t sample = 0;
        while (sample + 1 < steps.size() && static_cast<double>(steps[sample + 1]) <= step + 1e-9) ++sample;
        const Histogram& h = histograms[sample];
        const double width = (h.high - h.low) / static_cast<double>(std::max<std::size_t>(1, h.counts.size()));
        double most = 0;
        for (std::size_t i = 0; i < h.counts.size(); ++i) {
            // A bin's count is spread over the rows that it covers.
            const double scale = static_cast<double>(bins) / (high - low);
            const double begin = (h.low + width * static_cast<double>(i) - low) * scale,
                         end = std::max(begin + 1e-6, begin + width * scale);
            for (auto row = static_cast<std::ptrdiff_t>(std::max(0.0, std::floor(begin)));
                 row < static_cast<std::ptrdiff_t>(bins) && static_cast<double>(row) < end; ++row) {
                const double part =
                    (std::min(end, static_cast<double>(row + 1)) - std::max(begin, static_cast<double>(row))) /
                    (end - begin);
                double& cell = density(static_cast<std::size_t>(row), column);
                cell += static_cast<double>(h.counts[i]) * part;
                most = std::max(most, cell);
                any = true;
            }
        }
        for (std::size_t row = 0; row < bins && most > 0; ++row)
            density(row, column) = std::sqrt(density(row, column) / most);
    }
    if (!any) return false;
    page.figure(HeatMap(density, {.title = title,
                                  .x_label = "step",
                                  .y_label = "value",
                                  .x_low = static_cast<double>(steps.front()),
                                  .x_high = static_cast<double>(steps.back()),
                                  .y_low = low,
                                  .y_high = high,
                                  .origin_below = true,
                                  .height = 210}));
    return true;
}

// Of many only some, evenly spread.
template <class Series>
std::vector<const Series*> some(const std::vector<Series>& all) {
    std::vector<const Series*> result;
    const std::size_t count = std::min(most_maps, all.size());
    for (std::size_t i = 0; i < count; ++i)
        result.push_back(&all[count == all.size() ? i : i * (all.size() - 1) / (count - 1)]);
    return result;
}

}    // namespace

void add_distributions(Document& page, const RunRecord& run) {
    const Measurements& m = run.measurements;
    Document part("");
    bool any = false;
    for (const LayerSeries* layer : some(m.layers))
        any = add_map(part, "Activations of " + layer->name, layer->activations, m.steps) || any;
    std::vector<ParameterSeries> matrices;
    for (const ParameterSeries& p : m.parameters)
        if (p.shape.size() >= 2) matrices.push_back(p);
    for (const ParameterSeries* p : some(matrices)) {
        any = add_map(part, "Weights: " + p->name, p->weights, m.steps) || any;
        any = add_map(part, "Gradients: " + p->name, p->gradients, m.steps) || any;
    }
    if (!any) return;
    page.heading("Distributions over time");
    page.text(
        "How values are spread, step by step: the darker, the more of them. Each step by itself, so that widths "
        "and centres can be compared.");
    page.append_parts(part);
}

void add_first_layer(Document& page, const RunRecord& run) {
    if (run.after.size() == 0) return;
    page.heading("First-layer weights");
    page.text(
        "Each picture is what one unit of " + run.first_layer +
        " looks for: black and white are the largest weights of either sign. Noise that stays noise points at too "
        "little training, too little regularisation or unsuitable data; smooth shapes at features that were learned.");
    if (run.before.size() > 0) page.figure(ImageTiles(run.before, {.title = "Before training", .most = 48}));
    page.figure(ImageTiles(run.after, {.title = "After " + std::to_string(run.steps) + " steps", .most = 48}));
}

namespace {

void add_confusion(Document& page, const Answers& answers) {
    const Indices& counts = answers.confusion();
    const std::size_t classes = counts.shape()[0];
    Array<double> values = empty_array<double>({classes, classes});
    std::vector<std::string> names;
    for (std::size_t i = 0; i < classes; ++i) names.push_back(answers.class_name(static_cast<std::int64_t>(i)));
    std::int64_t right = 0, most = 0, all = 0;
    std::size_t is = 0, said = 0;
    for (std::size_t i = 0; i < classes; ++i)
        for (std::size_t k = 0; k < classes; ++k) {
            values(i, k) = static_cast<double>(counts(i, k));
            all += counts(i, k);
            if (i == k) right += counts(i, k);
            if (i != k && counts(i, k) > most) {
                most = counts(i, k);
                is = i;
                said = k;
            }
        }
    std::string text = std::to_string(right) + " of " + std::to_string(all) + " are right. ";
    if (most > 0)
        text += "The most frequent mistake: " + names[is] + " taken for " + names[said] + ", " + std::to_string(most) +
                (most == 1 ? " time." : " times.");
    page.text(text);
    page.figure(HeatMap(values, {.title = "Confusion matrix",
                                 .x_label = "said",
                                 .y_label = "is",
                                 .column_names = names,
                                 .row_names = names,
                                 .log = true,
                                 .numbers = true,
                                 .height = 360}));
}

void add_calibration(Document& page, const Answers& answers) {
    Plot plot({.title = "Calibration: off by " + readable(100 * answers.calibration_error(), 2) + " points",
               .x = {.label = "confidence", .low = 0, .high = 1},
               .y = {.label = "share that is right", .low = 0, .high = 1},
               .height = 300});
    std::vector<double> confidence, right;
    for (const auto& tenth : answers.confidence())
        if (tenth.count > 0) {
            confidence.push_back(tenth.confidence / tenth.count);
            right.push_back(tenth.right / tenth.count);
        }
    plot.line("perfect", {0, 1}, {0, 1}, {.colour = 5, .dashed = true, .thin = true});
    plot.line("model", confidence, right, {.colour = 0});
    page.figure(std::move(plot));
}

void add_mistakes(Document& page, const RunRecord& run) {
    const auto& mistakes = run.answers.mistakes();
    Shape shape = run.image;
    if (shape.empty() && mistakes[0].input.dimension() >= 2) shape = mistakes[0].input.shape();
    if (shape.size() == 3 && shape[0] == 1) shape.erase(shape.begin());
    std::size_t size = 1;
    for (std::size_t extent : shape) size *= extent;
    const std::string title = "The worst mistakes";
    if (shape.size() < 2 || shape.size() > 3 || (shape.size() == 3 && shape[0] != 3) ||
        size != mistakes[0].input.size()) {
        std::vector<std::vector<std::string>> rows;
        for (std::size_t i = 0; i < std::min<std::size_t>(8, mistakes.size()); ++i)
            rows.push_back({run.answers.class_name(mistakes[i].is), run.answers.class_name(mistakes[i].said),
                            readable(100 * mistakes[i].confidence, 3) + " %"});
        page.text(title + ":");
        page.table({"is", "said", "with confidence"}, std::move(rows));
        return;
    }
    Shape all{mistakes.size()};
    all.insert(all.end(), shape.begin(), shape.end());
    Array<double> pictures = empty_array<double>(all);
    std::vector<std::string> captions;
    double low = 1e300, high = -1e300;
    for (std::size_t i = 0; i < mistakes.size(); ++i) {
        const auto& input = mistakes[i].input.storage();
        std::copy(input.begin(), input.end(), pictures.storage().begin() + static_cast<std::ptrdiff_t>(i * size));
        for (double value : input) {
            low = std::min(low, value);
            high = std::max(high, value);
        }
        captions.push_back(run.answers.class_name(mistakes[i].is) + ", not " +
                           run.answers.class_name(mistakes[i].said));
    }
    const bool grey = shape.size() == 2;    // ink is dark, as on paper
    page.figure(ImageTiles(
        std::move(pictures),
        {.title = title, .captions = std::move(captions), .black = grey ? high : low, .white = grey ? low : high}));
}

}    // namespace

void add_answers(Document& page, const RunRecord& run) {
    const Answers& answers = run.answers;
    if (answers.classified()) {
        page.heading("What it says");
        add_confusion(page, answers);
        add_calibration(page, answers);
        if (!answers.mistakes().empty()) add_mistakes(page, run);
    } else if (!answers.actual().empty()) {
        page.heading("What it says");
        const auto [low, high] = std::minmax_element(answers.actual().begin(), answers.actual().end());
        Plot plot({.title = "Predictions", .x = {.label = "target"}, .y = {.label = "output"}, .height = 340});
        plot.scatter("examples", answers.actual(), answers.predicted());
        plot.line("perfect", {*low, *high}, {*low, *high}, {.colour = 5, .dashed = true, .thin = true});
        page.figure(std::move(plot));
        std::vector<double> residuals;
        for (std::size_t i = 0; i < answers.actual().size(); ++i)
            residuals.push_back(answers.predicted()[i] - answers.actual()[i]);
        Plot errors({.title = "Errors", .x = {.label = "output − target"}, .y = {.label = "examples"}, .height = 340});
        page.figure(std::move(errors.histogram("", residuals)));
    }
}

}    // namespace xtape::train::detail
