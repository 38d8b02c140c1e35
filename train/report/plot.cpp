#include <xtape/train/report/detail/plot_drawing.hpp>
#include <xtape/train/report/detail/style.hpp>
#include <xtape/train/report/plot.hpp>

#include <numeric>
#include <stdexcept>

namespace xtape::train {

Plot::Plot(PlotOptions options) : Figure(options.title), options_(std::move(options)) {
    if (!(options_.width >= 120 && options_.height >= 80 && options_.width <= 1e4 && options_.height <= 1e4))
        throw std::invalid_argument("[Plot] got a size of " + std::to_string(options_.width) + " x " +
                                    std::to_string(options_.height) + "; wanted 120 x 80 to 10000 x 10000");
}

Plot& Plot::add(Series series) {
    const std::size_t count = series.y.size();
    if ((series.kind != Series::Kind::histogram && series.x.size() != count) ||
        (!series.more.empty() && series.more.size() != count))
        throw std::invalid_argument("[Plot] got " + std::to_string(series.x.size()) + " places for " +
                                    std::to_string(count) + " values of '" + series.name + "'; wanted as many");
    series_.push_back(std::move(series));
    return *this;
}

Plot& Plot::line(std::string name, std::vector<double> y) {
    std::vector<double> x(y.size());
    std::iota(x.begin(), x.end(), 1.0);
    return line(std::move(name), std::move(x), std::move(y));
}

Plot& Plot::line(std::string name, std::vector<double> x, std::vector<double> y, LineOptions options) {
    const std::size_t colour = options.colour ? *options.colour : colours_++;
    return add({.kind = Series::Kind::line,
                .name = std::move(name),
                .x = std::move(x),
                .y = std::move(y),
                .more = {},
                .colour = colour % detail::light_colours.size(),
                .dashed = options.dashed,
                .thin = options.thin});
}

Plot& Plot::band(std::vector<double> x, std::vector<double> low, std::vector<double> high) {
    if (high.size() != low.size())
        throw std::invalid_argument("[Plot] got " + std::to_string(low.size()) + " lower and " +
                                    std::to_string(high.size()) + " upper values of a band; wanted as many");
    return add({.kind = Series::Kind::band,
                .name = {},
                .x = std::move(x),
                .y = std::move(low),
                .more = std::move(high),
                .colour = colours_ % detail::light_colours.size()});
}

Plot& Plot::scatter(std::string name, std::vector<double> x, std::vector<double> y) {
    return add({.kind = Series::Kind::points,
                .name = std::move(name),
                .x = std::move(x),
                .y = std::move(y),
                .more = {},
                .colour = colours_++ % detail::light_colours.size()});
}

Plot& Plot::scatter(std::string name, std::vector<double> x, std::vector<double> y, std::vector<double> values) {
    if (values.size() != y.size())
        throw std::invalid_argument("[Plot] got " + std::to_string(values.size()) + " values for " +
                                    std::to_string(y.size()) + " points of '" + name + "'; wanted as many");
    return add({.kind = Series::Kind::points,
                .name = std::move(name),
                .x = std::move(x),
                .y = std::move(y),
                .more = std::move(values)});
}

Plot& Plot::histogram(std::string name, std::vector<double> values, HistogramOptions options) {
    return add({.kind = Series::Kind::histogram,
                .name = std::move(name),
                .x = {},
                .y = std::move(values),
                .more = {},
                .colour = colours_++ % detail::light_colours.size(),
                .bins = options.bins});
}

Plot& Plot::mark_y(double y, std::string name) {
    marks_.push_back({false, y, std::move(name)});
    return *this;
}

Plot& Plot::mark_x(double x, std::string name) {
    marks_.push_back({true, x, std::move(name)});
    return *this;
}

Plot Plot::with(PlotOptions options) const {
    Plot result(std::move(options));
    result.series_ = series_;
    result.marks_ = marks_;
    result.colours_ = colours_;
    return result;
}

std::string Plot::draw(bool alone) const { return detail::PlotDrawing(*this).element(alone); }

}    // namespace xtape::train
