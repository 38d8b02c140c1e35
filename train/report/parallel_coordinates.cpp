#include <xtape/train/report/detail/scale.hpp>
#include <xtape/train/report/detail/style.hpp>
#include <xtape/train/report/detail/svg.hpp>
#include <xtape/train/report/detail/text.hpp>
#include <xtape/train/report/parallel_coordinates.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace xtape::train {
namespace {

struct Placed {
    detail::Scale scale;
    std::vector<detail::Tick> ticks;
};

// An axis from `bottom` to `top` over what is finite.
Placed place(const Dimension& dimension, const std::vector<double>& values, double bottom, double top) {
    if (!dimension.names.empty()) {
        const auto last = static_cast<double>(dimension.names.size()) - 1;
        Placed result{{{-0.3, last + 0.3}, false, bottom, top}, {}};
        for (std::size_t i = 0; i < dimension.names.size(); ++i)
            result.ticks.push_back({static_cast<double>(i), dimension.names[i]});
        return result;
    }
    const Axis& axis = dimension.axis;
    detail::Range range{1e300, -1e300};
    const detail::Scale any{{}, axis.log, 0, 0};
    for (double value : values)
        if (any.shows(value)) range = {std::min(range.low, value), std::max(range.high, value)};
    range = detail::rounded(range, axis.log);
    if (any.shows(axis.low) && any.shows(axis.high) && axis.low < axis.high) range = {axis.low, axis.high};
    const int count = static_cast<int>((bottom - top) / 40);
    return {{range, axis.log, bottom, top}, detail::ticks(range.low, range.high, axis.log, count)};
}

}    // namespace

ParallelCoordinates::ParallelCoordinates(std::vector<Dimension> dimensions, std::vector<std::vector<double>> points,
                                         std::vector<double> values, ParallelCoordinatesOptions options)
    : Figure(options.title),
      dimensions_(std::move(dimensions)),
      points_(std::move(points)),
      options_(std::move(options)) {
    if (dimensions_.empty() || points_.size() != values.size())
        throw std::invalid_argument("[ParallelCoordinates] got " + std::to_string(dimensions_.size()) +
                                    " dimensions, " + std::to_string(points_.size()) + " points and " +
                                    std::to_string(values.size()) +
                                    " values; wanted a dimension, and as many values as points");
    for (std::size_t i = 0; i < points_.size(); ++i) {
        if (points_[i].size() != dimensions_.size())
            throw std::invalid_argument("[ParallelCoordinates] got a point of " + std::to_string(points_[i].size()) +
                                        " numbers for " + std::to_string(dimensions_.size()) + " dimensions");
        points_[i].push_back(values[i]);
    }
    dimensions_.push_back({{.label = options_.value_label}, {}});
}

std::string ParallelCoordinates::draw(bool alone) const {
    const auto& o = options_;
    detail::Svg svg(o.width, o.height);
    double top = 0;
    if (!o.title.empty())
        for (const std::string& line : detail::wrapped(o.title, 16, o.width)) svg.text(0, (top += 18) - 4, line, "t");
    top += 32;
    const double bottom = o.height - 10;

    std::vector<Placed> axes;
    double left = 0, right = 0;
    for (std::size_t d = 0; d < dimensions_.size(); ++d) {
        std::vector<double> values;
        for (const auto& point : points_) values.push_back(point[d]);
        axes.push_back(place(dimensions_[d], values, bottom, top));
        for (const auto& tick : axes[d].ticks)
            (d + 1 == dimensions_.size() ? right : left) =
                std::max(d + 1 == dimensions_.size() ? right : left, detail::text_width(tick.label, 11));
    }
    // Ticks stand left of their axis, those of the values right of theirs.
    const auto spaces = static_cast<double>(dimensions_.size() - 1);
    left = std::min(left, o.width / (spaces + 1) * 0.7) + 8;
    right += 12;
    auto at = [&](std::size_t d) { return left + (o.width - left - right) * static_cast<double>(d) / spaces; };
    const double room = (o.width - left - right) / spaces;

    const std::size_t last = dimensions_.size() - 1;
    std::vector<std::size_t> order(points_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    auto goodness = [&](std::size_t i) {
        const double value = points_[i][last];
        return std::isfinite(value) ? (o.higher_is_better ? value : -value) : -1e300;
    };
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return goodness(a) < goodness(b); });
    for (std::size_t rank = 0; rank < order.size(); ++rank) {
        const auto& point = points_[order[rank]];
        std::string commands;
        for (std::size_t d = 0; d <= last; ++d)
            if (axes[d].scale.shows(point[d]))
                commands += (commands.empty() ? "M" : "L") + detail::coordinate(at(d)) + " " +
                            detail::coordinate(std::clamp(axes[d].scale(point[d]), top, bottom));
        if (commands.find('L') == std::string::npos) continue;
        const bool best = rank + o.highlighted >= order.size() && goodness(order[rank]) > -1e300;
        // By ranks, so that one far value does not take the whole ramp.
        const double share = static_cast<double>(rank + 1) / static_cast<double>(order.size());
        svg.path(commands,
                 best ? "line c1" : "line thin p" + std::to_string(1 + detail::ramp_place(0.85 * std::pow(share, 4))));
    }
    bool crowded = false;    // then neighbours' names stand at two heights
    for (const Dimension& dimension : dimensions_)
        crowded = crowded || detail::text_width(dimension.axis.label, 11.5) > room - 10;
    for (std::size_t d = 0; d <= last; ++d) {
        svg.line(at(d), top, at(d), bottom, "axis");
        const Axis& axis = dimensions_[d].axis;
        const std::string label = axis.unit.empty() ? axis.label : axis.label + " (" + axis.unit + ")";
        const std::string shown = detail::shortened(label, 11.5, room * (crowded ? 1.6 : 1.0) - 8);
        const double half = detail::text_width(shown, 11.5) / 2;
        svg.text(std::clamp(at(d), half, o.width - half), top - (crowded && d % 2 == 1 ? 21 : 8), shown, "m");
        for (const auto& tick : axes[d].ticks) {
            if (tick.label.empty()) continue;
            const double y = axes[d].scale(tick.value);
            const std::string text = detail::shortened(tick.label, 11,
                                                       d == last ? right - 6
                                                       : d == 0  ? left - 6
                                                                 : room * 0.8);
            svg.line(at(d) - 3, y, at(d) + 3, y, "axis");
            svg.text(at(d) + (d == last ? 6 : -6), y + 4, text, d == last ? "a" : "a e halo");
        }
    }
    return svg.element(o.title.empty() ? "parallel coordinates" : o.title, alone);
}

}    // namespace xtape::train
