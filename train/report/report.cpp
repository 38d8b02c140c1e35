#include <xtape/core/error.hpp>
#include <xtape/train/loop/detail/text.hpp>
#include <xtape/train/report/detail/machine.hpp>
#include <xtape/train/report/image_tiles.hpp>
#include <xtape/train/report/report.hpp>

#include <cstdio>
#include <stdexcept>

namespace xtape::train {
namespace {

const Shape& shape_of(const State::Value& value) {
    static const Shape none;
    if (const auto* numbers = std::get_if<Array<float>>(&value)) return numbers->shape();
    if (const auto* numbers = std::get_if<Array<double>>(&value)) return numbers->shape();
    return none;
}

std::size_t elements(const Shape& shape) {
    std::size_t result = shape.empty() ? 0 : 1;
    for (std::size_t extent : shape) result *= extent;
    return result;
}

std::string progress(const Training& training) {
    if (training.interrupted()) return "interrupted after step " + std::to_string(training.steps());
    if (!training.stopped().empty())
        return "stopped after step " + std::to_string(training.steps()) + ": " + training.stopped();
    return "complete";
}

}    // namespace

Report::Report(Options options) : options_(std::move(options)) {
    if (options_.path.empty()) throw std::invalid_argument("[Report] got an empty path; wanted that of an HTML file");
    record_.title = options_.title;
    record_.image = options_.image;
}

void Report::choose_first_layer(const State& model) {
    if (!options_.first_layer.empty()) {
        record_.first_layer = options_.first_layer;
        if (model.contains(options_.first_layer)) return;
        std::vector<std::string> names;
        for (const auto& [name, value] : model) names.push_back(name);
        throw std::invalid_argument("[Report] got first_layer = '" + options_.first_layer + "'; this model has " +
                                    detail::join(names));
    }
    for (const auto& [name, value] : model) {
        const Shape& shape = shape_of(value);
        const bool kernels = shape.size() >= 4 && shape.size() <= 5;
        const bool matrix = shape.size() == 2 && options_.image.size() >= 2 && shape[1] == elements(options_.image);
        if (!kernels && !matrix) continue;
        record_.first_layer = name;
        return;
    }
}

Array<double> Report::pictures(const State& model) const {
    if (record_.first_layer.empty()) return empty_array<double>({0});
    const State::Value& value = model.at(record_.first_layer);
    if (const auto* numbers = std::get_if<Array<float>>(&value)) return first_layer_pictures(*numbers, options_.image);
    if (const auto* numbers = std::get_if<Array<double>>(&value)) return first_layer_pictures(*numbers, options_.image);
    throw std::invalid_argument("[Report] got first_layer = '" + record_.first_layer + "', which is " +
                                describe(value) + "; wanted weights");
}

void Report::begin(Training& training, const std::vector<std::string>&) {
    const State model = training.model_state();
    choose_first_layer(model);
    if (const Array<double> now = pictures(model); training.steps() == 0) record_.before = now;
    training.measure(options_.measure);
    training.keep_answers(options_.worst);
    began_ = std::chrono::steady_clock::now();
}

double Report::seconds() const {
    return seconds_before_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
}

void Report::gather(Training& training, std::string ending) {
    record_.history = training.history();
    record_.measurements = training.measurements();
    record_.diagnosis = training.diagnosis();
    record_.answers = training.answers();
    record_.after = pictures(training.model_state());
    record_.model_summary = training.model_summary();
    record_.steps = training.steps();
    record_.seconds = seconds();
    record_.ending = std::move(ending);
    record_.settings = training.describe();
    record_.settings.insert(record_.settings.end(), options_.settings.begin(), options_.settings.end());
    for (auto& row : detail::machine()) record_.settings.push_back(std::move(row));
}

void Report::after_epoch(Training& training) {
    gather(training, "under way: epoch " + std::to_string(training.epoch()) + ", step " +
                         std::to_string(training.steps()) + " of " + std::to_string(training.total_steps()));
    write_report(options_.path, record_);
}

void Report::end(Training& training) {
    gather(training, progress(training));
    const Document page = document(record_);
    page.write(options_.path);
    if (!options_.figures.empty()) page.write_figures(options_.figures);
    if (!options_.terminal) return;
    Plot plot({.title = "Loss", .x = {.label = "epoch"}});
    for (const char* name : {"train.loss", "validation.loss"})
        if (record_.history.contains(name)) plot.line(name, record_.history.values(name));
    std::fputs(plot.text().c_str(), stdout);
}

State Report::state() const {
    State state;
    state.add("seconds", seconds());
    if (record_.before.size() > 0) state.add("before", share(record_.before));
    return state;
}

void Report::load_state(const State& state) {
    const auto seconds = state.get<double>("seconds");
    Array<double> before = empty_array<double>({0});
    if (state.contains("before")) before = share(state.get<Array<double>>("before"));
    seconds_before_ = seconds;
    record_.before = std::move(before);
}

}    // namespace xtape::train
