// Report: a page about a run, written anew after each of its epochs.
#pragma once

#include <xtape/train/loop/callback.hpp>
#include <xtape/train/report/run_record.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace xtape::train {

struct ReportOptions {
    std::filesystem::path path;    // of the HTML file
    std::string title = "Training report";
    // The parameter whose weights are shown as pictures, before and after: of a matrix (units, inputs) in the shape
    // `image` of an input, (height, width) or (channels, height, width); kernels of a convolution as they are. Empty:
    // the first kernels, or the first matrix that fits `image`, if there are such.
    std::string first_layer = {};
    Shape image = {};
    std::size_t worst = 18;    // mistakes that are shown
    // More rows for the table of how the run was made.
    std::vector<std::pair<std::string, std::string>> settings = {};
    std::filesystem::path figures = {};    // a folder in which each figure is a file of its own at the end; empty: none
    bool terminal = false;                 // print a small plot of the losses at the end
    MeasureOptions measure = {.histograms = true};
};

// Writes the page after each epoch and at the end; it is replaced as a whole, so that it is complete when the run is
// killed. It has the verdicts of the callbacks that were added before it (see Watch).
class Report : public Callback {
public:
    using Options = ReportOptions;
    static constexpr bool has_open_layout = true;

    // Throws std::invalid_argument for an empty path.
    explicit Report(Options options);

    std::string name() const override { return "report"; }
    // Throws std::invalid_argument when there is no parameter of the name first_layer, ShapeError when its weights are
    // no pictures.
    void begin(Training& training, const std::vector<std::string>& known) override;
    void after_epoch(Training& training) override;
    void end(Training& training) override;
    State state() const override;
    void load_state(const State& state) override;
    std::filesystem::path log() const override { return options_.path; }

    // What the page shows of the run so far.
    const RunRecord& record() const { return record_; }

private:
    Array<double> pictures(const State& model) const;
    void choose_first_layer(const State& model);
    void gather(Training& training, std::string ending);
    double seconds() const;

    Options options_;
    RunRecord record_;
    double seconds_before_ = 0;    // of the run until it was resumed
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}    // namespace xtape::train
