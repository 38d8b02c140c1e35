#include <xtape/train/loop/detail/progress_bar.hpp>
#include <xtape/train/report/detail/run_figures.hpp>
#include <xtape/train/report/detail/text.hpp>
#include <xtape/train/report/run_record.hpp>

#include <algorithm>
#include <cmath>

namespace xtape::train {
namespace {

// "0.9735" of an accuracy is "97.35 %".
std::string quantity(const std::string& name, double value) {
    if (name.ends_with("accuracy")) return detail::readable(100 * value, 4) + " %";
    return detail::readable(value, 4);
}

std::vector<std::pair<std::string, std::string>> headline(const RunRecord& run) {
    const History& h = run.history;
    std::vector<std::pair<std::string, std::string>> result;
    auto add_best = [&](const std::string& name, const std::string& words) {
        if (!h.contains(name)) return false;
        const auto& values = h.values(name);
        if (std::all_of(values.begin(), values.end(), [](double v) { return std::isnan(v); })) return false;
        result.emplace_back(words + ", best of epoch " + std::to_string(h.best_epoch(name) + 1),
                            quantity(name, h.best(name)));
        return true;
    };
    if (!add_best("validation.accuracy", "validation accuracy")) add_best("train.accuracy", "training accuracy");
    if (!add_best("validation.loss", "validation loss")) add_best("train.loss", "training loss");
    result.emplace_back("epochs, " + std::to_string(run.steps) + " steps", std::to_string(h.epochs()));
    if (run.seconds > 0) result.emplace_back("time", detail::duration(run.seconds));
    return result;
}

}    // namespace

Document document(const RunRecord& run) {
    Document page(run.title, run.ending);
    page.numbers(headline(run));
    page.heading("Verdicts").verdicts(run.diagnosis);
    page.heading("Learning");
    if (run.history.epochs() == 0 && run.measurements.curve.empty()) page.text("No step has been finished yet.");
    detail::add_loss(page, run);
    detail::add_metrics(page, run);
    detail::add_learning(page, run);
    detail::add_activations(page, run);
    if (const std::string gap = detail::gap_in_words(run.history); !gap.empty()) page.text(gap);
    detail::add_answers(page, run);
    detail::add_first_layer(page, run);
    detail::add_distributions(page, run);
    page.heading("How it was made");
    std::vector<std::vector<std::string>> rows;
    for (const auto& [name, value] : run.settings) rows.push_back({name, value});
    if (!rows.empty()) page.table({}, std::move(rows));
    if (!run.model_summary.empty()) page.listing(run.model_summary);
    return page;
}

void write_report(const std::filesystem::path& path, const RunRecord& run) { document(run).write(path); }

}    // namespace xtape::train
