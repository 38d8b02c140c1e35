#include <xtape/train/loop/detail/progress_bar.hpp>
#include <xtape/train/report/bars.hpp>
#include <xtape/train/report/detail/text.hpp>
#include <xtape/train/report/parallel_coordinates.hpp>
#include <xtape/train/report/search_report.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace xtape::train {
namespace {

using detail::readable;

constexpr std::size_t most_small_plots = 9;

bool has_value(const Trial& trial) { return trial.status() != TrialStatus::failed && std::isfinite(trial.value()); }

Axis axis_of(const Hyperparameter& h) {
    // Ends of integers are values of their own, which stand a little off the border.
    const double margin = h.is_integer() && !h.is_log() ? 0.5 : 0;
    return {.label = h.name, .log = h.is_log(), .low = h.low - margin, .high = h.high + margin};
}

// A hyperparameter's axis over all stages.
Axis common_axis(const std::vector<SearchStage>& stages, const Hyperparameter& h) {
    Axis axis = axis_of(h);
    for (const SearchStage& stage : stages) {
        if (!stage.result.space().contains(h.name)) continue;
        const Hyperparameter& other = stage.result.space()[stage.result.space().place(h.name)];
        axis.low = std::min(axis.low, axis_of(other).low);
        axis.high = std::max(axis.high, axis_of(other).high);
    }
    return axis;
}

double value_of(const Trial& trial, const std::string& name) {
    const Space& space = trial.space();
    return space.contains(name) ? trial.values()[space.place(name)] : std::numeric_limits<double>::quiet_NaN();
}

struct Points {
    std::vector<double> x, y, values;
};

// Trials with both hyperparameters, or, with an empty `y`, the value along one of them.
Points points_of(const SearchResult& result, const std::string& x, const std::string& y) {
    Points points;
    for (const Trial& trial : result.trials()) {
        if (!has_value(trial) || std::isnan(value_of(trial, x))) continue;
        points.x.push_back(value_of(trial, x));
        points.y.push_back(y.empty() ? trial.value() : value_of(trial, y));
        points.values.push_back(trial.value());
    }
    return points;
}

bool is_better(const SearchResult& result, double a, double b) { return result.maximize() ? a > b : a < b; }

// The values' axis is logarithmic where they are losses over several decades; one far value would hide the others.
Axis value_axis(const std::vector<SearchStage>& stages) {
    double low = std::numeric_limits<double>::infinity(), high = 0;
    for (const SearchStage& stage : stages)
        for (const Trial& trial : stage.result.trials())
            if (has_value(trial)) {
                low = std::min(low, trial.value());
                high = std::max(high, trial.value());
            }
    return {.label = stages[0].result.metric(), .log = !stages[0].result.maximize() && low > 0 && high > 30 * low};
}

const SearchStage* best_stage(const std::vector<SearchStage>& stages) {
    const SearchStage* best = nullptr;
    double value = 0;
    for (const SearchStage& stage : stages) {
        const auto first = stage.result.best(1);
        if (first.empty() || (best != nullptr && !is_better(stage.result, first[0].value(), value))) continue;
        best = &stage;
        value = first[0].value();
    }
    return best;
}

Diagnosis borders_of(const std::vector<SearchStage>& stages) {
    Diagnosis diagnosis;
    for (const SearchStage& stage : stages) {
        for (const Border& border : stage.result.borders())
            diagnosis.add({.rule = "search_border",
                           .severity = Severity::warning,
                           .limit = border.limit,
                           .layer = border.name,
                           .message = (stages.size() > 1 ? "In the stage '" + stage.name + "', " : std::string()) +
                                      border.advice + "."});
        for (const std::string& note : stage.result.notes())
            diagnosis.add({.rule = "journal", .severity = Severity::note, .message = note});
    }
    return diagnosis;
}

// Hyperparameters of the first stage, the most important first.
std::vector<Hyperparameter> ordered(const SearchResult& result) {
    std::vector<Hyperparameter> all(result.space().begin(), result.space().end());
    const auto importance = result.importance();
    std::stable_sort(all.begin(), all.end(), [&](const Hyperparameter& a, const Hyperparameter& b) {
        return importance.at(a.name) > importance.at(b.name);
    });
    return all;
}

Plot best_so_far(const std::vector<SearchStage>& stages) {
    double elapsed = 0;
    for (const SearchStage& stage : stages)
        for (const Trial& trial : stage.result.trials()) elapsed += trial.outcome().seconds;
    const bool by_time = elapsed > 0.1;    // of what takes no time the trials are counted
    Plot plot({.title = "Best so far",
               .x = {.label = by_time ? "time in trials" : "trial", .unit = by_time ? "s" : ""},
               .y = value_axis(stages)});
    Points trials, best;
    double at = 0, value = std::numeric_limits<double>::quiet_NaN();
    for (const SearchStage& stage : stages)
        for (const Trial& trial : stage.result.trials()) {
            at += by_time ? trial.outcome().seconds : 1;
            if (!has_value(trial)) continue;
            trials.x.push_back(at);
            trials.y.push_back(trial.value());
            if (!std::isnan(value) && !is_better(stage.result, trial.value(), value)) continue;
            if (!std::isnan(value)) {    // a step
                best.x.push_back(at);
                best.y.push_back(value);
            }
            value = trial.value();
            best.x.push_back(at);
            best.y.push_back(value);
        }
    if (!std::isnan(value)) {
        best.x.push_back(at);
        best.y.push_back(value);
    }
    plot.scatter("trials", trials.x, trials.y);
    plot.line("best so far", best.x, best.y);
    return plot;
}

void add_coordinates(Document& page, const std::vector<SearchStage>& stages) {
    const SearchResult& first = stages[0].result;
    std::vector<Dimension> dimensions;
    for (const Hyperparameter& h : first.space()) {
        if (dimensions.size() == 8) break;
        if (h.is_choice())
            dimensions.push_back({{.label = h.name}, h.choices});
        else
            dimensions.push_back({common_axis(stages, h), {}});
    }
    std::vector<std::vector<double>> points;
    std::vector<double> values;
    for (const SearchStage& stage : stages)
        for (const Trial& trial : stage.result.trials()) {
            if (!has_value(trial)) continue;
            auto& point = points.emplace_back();
            for (const Dimension& d : dimensions) {
                double value = value_of(trial, d.axis.label);
                if (!d.names.empty() && !std::isnan(value)) {    // a later stage may have fewer choices
                    const auto place = std::find(d.names.begin(), d.names.end(), trial.choice(d.axis.label));
                    value = static_cast<double>(place - d.names.begin());
                }
                point.push_back(value);
            }
            values.push_back(trial.value());
        }
    if (points.empty() || dimensions.empty()) return;
    ParallelCoordinatesOptions options{.title = "All trials, the best in orange",
                                       .value_label = first.metric(),
                                       .higher_is_better = first.maximize(),
                                       .width = 1160,
                                       .height = 380};
    ParallelCoordinates wide(dimensions, points, values, options);
    options.width = 380;
    options.height = 320;
    page.wide(std::move(wide), ParallelCoordinates(dimensions, points, values, options));
}

void add_best_trials(Document& page, const std::vector<SearchStage>& stages) {
    std::vector<std::string> header{stages[0].result.metric()};
    for (const Hyperparameter& h : stages[0].result.space()) header.push_back(h.name);
    if (stages.size() > 1) header.push_back("stage");
    struct Row {
        double value;
        std::vector<std::string> cells;
    };
    std::vector<Row> rows;
    for (const SearchStage& stage : stages)
        for (const Trial& trial : stage.result.best(8)) {
            std::vector<std::string> cells{readable(trial.value())};
            for (const Hyperparameter& h : stages[0].result.space()) {
                if (std::isnan(value_of(trial, h.name)))
                    cells.push_back("–");
                else
                    cells.push_back(h.is_choice()    ? trial.choice(h.name)
                                    : h.is_integer() ? std::to_string(trial.integer(h.name))
                                                     : readable(trial.number(h.name), 3));
            }
            if (stages.size() > 1) cells.push_back(stage.name);
            rows.push_back({trial.value(), std::move(cells)});
        }
    std::stable_sort(rows.begin(), rows.end(),
                     [&](const Row& a, const Row& b) { return is_better(stages[0].result, a.value, b.value); });
    std::vector<std::vector<std::string>> cells;
    for (std::size_t i = 0; i < std::min<std::size_t>(8, rows.size()); ++i) cells.push_back(std::move(rows[i].cells));
    page.text("The best trials:").table(std::move(header), std::move(cells));
}

// The two most important numbers against each other.
void add_pair(Document& page, const std::vector<SearchStage>& stages, const std::vector<Hyperparameter>& all) {
    std::vector<Hyperparameter> pair;
    for (const Hyperparameter& h : all)
        if (!h.is_choice() && pair.size() < 2) pair.push_back(h);
    if (pair.size() < 2) return;
    PlotOptions options{.title = pair[0].name + " and " + pair[1].name,
                        .x = common_axis(stages, pair[0]),
                        .y = common_axis(stages, pair[1]),
                        .height = 330};
    Plot coloured(options);
    Points together;
    for (const SearchStage& stage : stages) {
        const Points points = points_of(stage.result, pair[0].name, pair[1].name);
        together.x.insert(together.x.end(), points.x.begin(), points.x.end());
        together.y.insert(together.y.end(), points.y.begin(), points.y.end());
        together.values.insert(together.values.end(), points.values.begin(), points.values.end());
    }
    // The better, the farther from the paper.
    if (!stages[0].result.maximize())
        for (double& value : together.values) value = -value;
    const std::string label = stages[0].result.maximize() ? stages[0].result.metric() : "−" + stages[0].result.metric();
    page.figure(std::move(coloured.scatter(label, together.x, together.y, together.values)));
    if (stages.size() < 2) return;
    options.title = "The same, by stage";
    Plot by_stage(options);
    for (const SearchStage& stage : stages) {
        const Points points = points_of(stage.result, pair[0].name, pair[1].name);
        by_stage.scatter(stage.name, points.x, points.y);
    }
    page.figure(std::move(by_stage));
}

}    // namespace

Document document(const std::vector<SearchStage>& stages, const SearchReportOptions& options) {
    if (stages.empty()) throw std::invalid_argument("[document] got a search without stages; wanted one or more");
    std::size_t trials = 0, stopped = 0, failed = 0;
    double seconds = 0;
    for (const SearchStage& stage : stages)
        for (const Trial& trial : stage.result.trials()) {
            ++trials;
            stopped += trial.status() == TrialStatus::stopped;
            failed += trial.status() == TrialStatus::failed;
            seconds += trial.outcome().seconds;
        }
    Document page(options.title);
    std::vector<std::pair<std::string, std::string>> numbers;
    const SearchStage* best = best_stage(stages);
    if (best != nullptr) numbers.emplace_back("best " + best->result.metric(), readable(best->result.best().value()));
    numbers.emplace_back("trials", std::to_string(trials));
    if (stopped > 0) numbers.emplace_back("stopped early", std::to_string(stopped));
    if (failed > 0) numbers.emplace_back("failed", std::to_string(failed));
    if (seconds > 0.1) numbers.emplace_back("time in trials", detail::duration(seconds));
    page.numbers(std::move(numbers));
    page.heading("Verdicts").verdicts(borders_of(stages));
    page.heading("Trials");
    if (best == nullptr) return std::move(page.text("No trial has a value that is a number."));
    add_best_trials(page, stages);
    add_coordinates(page, stages);
    const auto all = ordered(stages[0].result);
    add_pair(page, stages, all);
    page.figure(best_so_far(stages));
    const auto importance = stages[0].result.importance();
    std::vector<std::string> names;
    std::vector<double> shares;
    for (const Hyperparameter& h : all) {
        if (names.size() == 12) break;
        names.push_back(h.name);
        shares.push_back(std::round(1000 * importance.at(h.name)) / 10);
    }
    page.figure(Bars(names, shares, {.title = "Importance: share of the variance", .unit = "%"}));
    page.heading("One hyperparameter at a time");
    std::size_t drawn = 0;
    for (const Hyperparameter& h : all) {
        if (h.is_choice() || ++drawn > most_small_plots) continue;
        Plot plot({.title = h.name, .x = common_axis(stages, h), .y = value_axis(stages)});
        for (const SearchStage& stage : stages) {
            const Points points = points_of(stage.result, h.name, "");
            plot.scatter(stages.size() > 1 ? stage.name : "", points.x, points.y);
        }
        page.figure(std::move(plot));
    }
    for (const Hyperparameter& h : all) {
        if (!h.is_choice() || ++drawn > most_small_plots) continue;
        std::vector<double> values;    // the best of each choice
        for (const std::string& choice : h.choices) {
            double value = std::numeric_limits<double>::quiet_NaN();
            for (const SearchStage& stage : stages)
                for (const Trial& trial : stage.result.trials())
                    if (has_value(trial) && stage.result.space().contains(h.name) && trial.has(h.name) &&
                        trial.choice(h.name) == choice &&
                        (std::isnan(value) || is_better(stage.result, trial.value(), value)))
                        value = trial.value();
            values.push_back(value);
        }
        page.figure(Bars(h.choices, values, {.title = h.name + ": the best " + stages[0].result.metric()}));
    }
    return page;
}

Document document(const SearchResult& search, const SearchReportOptions& options) {
    return document(std::vector<SearchStage>{{"trials", search}}, options);
}

void write_report(const std::filesystem::path& path, const SearchResult& search, const SearchReportOptions& options) {
    document(search, options).write(path);
}

void write_report(const std::filesystem::path& path, const std::vector<SearchStage>& stages,
                  const SearchReportOptions& options) {
    document(stages, options).write(path);
}

}    // namespace xtape::train
