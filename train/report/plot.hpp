// Plot: series of numbers along two axes.
#pragma once

#include <xtape/train/report/figure.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace xtape::train {

struct PlotOptions {
    std::string title = {};
    Axis x = {}, y = {};
    double width = 380, height = 250;    // pixels
};

struct LineOptions {
    std::optional<std::size_t> colour = {};    // of the six; none: the next
    bool dashed = false, thin = false;
};

struct HistogramOptions {
    std::size_t bins = 0;    // 0: by Freedman and Diaconis' rule, from 5 to 60
};

struct TerminalOptions {
    std::size_t width = 72, height = 16;    // characters, axes included
};

// Lines that are few are named at their ends, others in rows above the data, never on it.
//
//     Plot plot({.title = "Loss", .x = {.label = "epoch"}, .y = {.label = "loss", .unit = "nats", .log = true}});
//     plot.line("training", history.values("train.loss")).line("validation", history.values("validation.loss"));
//     plot.write("loss.svg");
//
// Numbers that are not finite are gaps. Each function throws std::invalid_argument for lists of different lengths.
class Plot : public Figure {
public:
    explicit Plot(PlotOptions options);

    // Against 1, 2, 3, ...
    Plot& line(std::string name, std::vector<double> y);
    Plot& line(std::string name, std::vector<double> x, std::vector<double> y, LineOptions options = {});
    // The area between two lines, in the colour of the next line.
    Plot& band(std::vector<double> x, std::vector<double> low, std::vector<double> high);
    Plot& scatter(std::string name, std::vector<double> x, std::vector<double> y);
    // Points in a colour that follows from a value: the larger, the farther from the paper.
    Plot& scatter(std::string name, std::vector<double> x, std::vector<double> y, std::vector<double> values);
    // How many of the values are in each bin; bins are common to all histograms of a plot.
    Plot& histogram(std::string name, std::vector<double> values, HistogramOptions options = {});
    // A dashed line across, with its name beside it.
    Plot& mark_y(double y, std::string name);
    Plot& mark_x(double x, std::string name);

    const PlotOptions& options() const { return options_; }
    // The same plot at another size, or with another axis.
    Plot with(PlotOptions options) const;
    // In characters (braille), for a terminal: the lines only, and a line of what they are.
    std::string text(TerminalOptions options = {}) const;

    // What has been added, in order.
    struct Series {
        enum class Kind { line, band, points, histogram } kind;
        std::string name;
        std::vector<double> x, y, more;    // more: the upper line of a band, the values of points
        std::size_t colour = 0;
        bool dashed = false, thin = false;
        std::size_t bins = 0;
    };
    struct Mark {
        bool is_x;
        double at;
        std::string name;
    };
    const std::vector<Series>& series() const { return series_; }
    const std::vector<Mark>& marks() const { return marks_; }

private:
    std::string draw(bool alone) const override;
    Plot& add(Series series);

    PlotOptions options_;
    std::vector<Series> series_;
    std::vector<Mark> marks_;
    std::size_t colours_ = 0;
};

}    // namespace xtape::train
