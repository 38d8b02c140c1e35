// The drawing of data and of the keys beside it.
#include <xtape/train/report/detail/plot_drawing.hpp>
#include <xtape/train/report/detail/style.hpp>
#include <xtape/train/report/detail/text.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace xtape::train::detail {
namespace {

struct Place {
    double x, y;
};

// Of many points in one column of pixels only the first, the lowest, the highest and the last.
std::vector<Place> thinned(const std::vector<Place>& places) {
    std::vector<Place> result;
    for (std::size_t begin = 0, end; begin < places.size(); begin = end) {
        for (end = begin + 1; end < places.size() && std::floor(places[end].x) == std::floor(places[begin].x);) ++end;
        std::vector<std::size_t> kept(end - begin);
        std::iota(kept.begin(), kept.end(), begin);
        if (kept.size() > 4) {
            const auto [low, high] = std::minmax_element(
                kept.begin(), kept.end(), [&](std::size_t a, std::size_t b) { return places[a].y < places[b].y; });
            kept = {begin, *low, *high, end - 1};
            std::sort(kept.begin(), kept.end());
            kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
        }
        for (std::size_t i : kept) result.push_back(places[i]);
    }
    return result;
}

std::string commands(const std::vector<Place>& places) {
    std::string text;
    for (const Place& place : places)
        text += (text.empty() ? "M" : "L") + coordinate(place.x) + " " + coordinate(place.y);
    return text;
}

std::string colour(char kind, std::size_t number) { return " " + (kind + std::to_string(number)); }

}    // namespace

void PlotDrawing::draw_series(const Series& series, std::size_t number) {
    svg_.open_group("data-i=\"" + std::to_string(number) + "\"");
    if (series.kind == Series::Kind::line) draw_line(series);
    if (series.kind == Series::Kind::band) draw_band(series);
    if (series.kind == Series::Kind::points) draw_points(series);
    svg_.close_group();
}

void PlotDrawing::draw_line(const Series& series) {
    std::vector<Place> places;
    const std::string classes =
        "line" + colour('c', series.colour) + (series.dashed ? " dash" : "") + (series.thin ? " thin" : "");
    auto finish = [&] {
        if (places.size() == 1) svg_.circle(places[0].x, places[0].y, 3.5, "dot" + colour('f', series.colour));
        if (places.size() > 1) svg_.path(commands(thinned(places)), classes);
        places.clear();
    };
    for (std::size_t i = 0; i < series.x.size(); ++i) {
        if (x_.shows(series.x[i]) && y_.shows(series.y[i]))
            places.push_back({x_(series.x[i]), std::clamp(y_(series.y[i]), top_, bottom_)});
        else if (!std::isnan(series.y[i]))
            finish();
    }
    finish();
}

void PlotDrawing::draw_band(const Series& series) {
    std::vector<Place> low, high;
    for (std::size_t i = 0; i < series.x.size(); ++i)
        if (x_.shows(series.x[i]) && y_.shows(series.y[i]) && y_.shows(series.more[i])) {
            low.push_back({x_(series.x[i]), std::clamp(y_(series.y[i]), top_, bottom_)});
            high.push_back({x_(series.x[i]), std::clamp(y_(series.more[i]), top_, bottom_)});
        }
    if (low.size() < 2) return;
    std::vector<Place> outline = thinned(low), back = thinned(high);
    outline.insert(outline.end(), back.rbegin(), back.rend());
    svg_.path(commands(outline) + "Z", "band" + colour('f', series.colour));
}

void PlotDrawing::draw_points(const Series& series) {
    std::vector<std::size_t> order(series.x.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    double low = 0, extent = 0;
    if (!series.more.empty()) {
        // What is not a number first, then from small to large, so that the largest are on top.
        auto rank = [&](std::size_t i) { return std::isfinite(series.more[i]) ? series.more[i] : -1e300; };
        std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return rank(a) < rank(b); });
        for (std::size_t i : order)
            if (std::isfinite(series.more[i])) {
                if (extent == 0 && low == 0) low = series.more[i];
                extent = series.more[i] - low;
            }
    }
    const double radius = series.x.size() > 400 ? 2.2 : series.x.size() > 80 ? 3 : 3.8;
    for (std::size_t i : order) {
        if (!x_.shows(series.x[i]) || !y_.shows(series.y[i])) continue;
        std::string title = readable(series.x[i]) + ", " + readable(series.y[i]);
        std::string classes = "dot" + colour('f', series.colour);
        if (!series.more.empty()) {
            const bool known = std::isfinite(series.more[i]);
            const double share = extent > 0 ? (series.more[i] - low) / extent : 1;
            classes = known ? "dot" + colour('q', static_cast<std::size_t>(ramp_place((share + 0.2) / 1.2)))
                            : std::string("none");
            title += ": " + readable(series.more[i]);
        }
        svg_.circle(x_(series.x[i]), std::clamp(y_(series.y[i]), top_, bottom_), radius, classes,
                    series.x.size() > 400 ? "" : title);
    }
}

void PlotDrawing::draw_histogram(const Series& series, std::size_t number) {
    if (bins_.edges.empty()) return;
    const auto index = static_cast<std::size_t>(&series - plot_.series().data());
    svg_.open_group("data-i=\"" + std::to_string(index) + "\"");
    const auto& counts = bins_.counts[number];
    const double floor = std::clamp(y_.shows(0) ? y_(0) : bottom_, top_, bottom_);
    std::string outline = "M" + coordinate(x_(bins_.edges[0])) + " " + coordinate(floor);
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const double left = x_(bins_.edges[i]), right = x_(bins_.edges[i + 1]);
        const double top = y_.shows(counts[i]) ? std::clamp(y_(counts[i]), top_, bottom_) : floor;
        if (bins_.counts.size() == 1 && floor - top > 0)
            svg_.rectangle(
                left + 0.5, top, std::max(0.5, right - left - 1), floor - top, "bar" + colour('f', series.colour),
                readable(bins_.edges[i], 3) + " to " + readable(bins_.edges[i + 1], 3) + ": " + readable(counts[i]));
        outline += "L" + coordinate(left) + " " + coordinate(top) + "L" + coordinate(right) + " " + coordinate(top);
    }
    outline += "L" + coordinate(x_(bins_.edges.back())) + " " + coordinate(floor);
    if (bins_.counts.size() > 1) {
        svg_.path(outline + "Z", "band" + colour('f', series.colour));
        svg_.path(outline, "line thin" + colour('c', series.colour));
    }
    svg_.close_group();
}

void PlotDrawing::draw_swatch(const Key& key, double x, double y) {
    if (key.series == nullptr) {
        svg_.line(x, y - 4, x + swatch_width, y - 4, "mark");
        svg_.text(x + swatch_width + 5, y, key.name, "a");
        return;
    }
    const Series& series = *key.series;
    svg_.open_group("data-key=\"" + std::to_string(key.number) + "\"");
    if (series.kind == Series::Kind::line)
        svg_.line(x, y - 4, x + swatch_width, y - 4,
                  "line" + colour('c', series.colour) + (series.dashed ? " dash" : "") + (series.thin ? " thin" : ""));
    else if (series.kind == Series::Kind::histogram)
        svg_.rectangle(x + 3, y - 9, 10, 10, "bar" + colour('f', series.colour));
    else if (series.more.empty())
        svg_.circle(x + 8, y - 4, 3.6, "dot" + colour('f', series.colour));
    svg_.text(series.more.empty() ? x + swatch_width + 5 : x, y, key.name);
    if (!series.more.empty()) draw_ramp(series, x + text_width(key.name, 11.5) + 10, y);
    svg_.close_group();
}

// From the least value to the largest.
void PlotDrawing::draw_ramp(const Series& series, double x, double y) {
    double low = 0, high = 0;
    bool any = false;
    for (double value : series.more) {
        if (!std::isfinite(value)) continue;
        low = any ? std::min(low, value) : value;
        high = any ? std::max(high, value) : value;
        any = true;
    }
    const std::string first = readable(low, 3), last = readable(high, 3);
    svg_.text(x, y, first, "a");
    x += text_width(first, 11) + 4;
    for (std::size_t i = 1; i < light_ramp.size(); ++i)
        svg_.rectangle(x + 7 * static_cast<double>(i - 1), y - 9, 7, 10, "q" + std::to_string(i));
    svg_.text(x + 7 * static_cast<double>(light_ramp.size() - 1) + 4, y, last, "a");
}

}    // namespace xtape::train::detail
