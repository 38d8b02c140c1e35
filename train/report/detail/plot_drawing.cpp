#include <xtape/train/report/detail/plot_drawing.hpp>
#include <xtape/train/report/detail/style.hpp>
#include <xtape/train/report/detail/text.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace xtape::train::detail {
namespace {

constexpr double tick_size = 11, key_size = 11.5, title_size = 16, key_gap = 15, swatch = PlotDrawing::swatch_width;

std::string with_unit(const Axis& axis) { return axis.unit.empty() ? axis.label : axis.label + " (" + axis.unit + ")"; }

std::vector<double> finite(const std::vector<double>& values, bool log) {
    std::vector<double> result;
    for (double value : values)
        if (std::isfinite(value) && (!log || value > 0)) result.push_back(value);
    return result;
}

// By Freedman and Diaconis: bins of twice the distance of the quartiles, divided by the cube root of the count.
std::size_t bin_count(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const double spread = values[values.size() * 3 / 4] - values[values.size() / 4];
    const double width = 2 * spread / std::cbrt(static_cast<double>(values.size()));
    if (!(width > 0)) return 20;
    return static_cast<std::size_t>(std::clamp((values.back() - values.front()) / width, 5.0, 60.0));
}

// Of things that are counted there are no halves.
void keep_whole(std::vector<Tick>& ticks, Range range) {
    std::erase_if(ticks, [](const Tick& tick) { return tick.value != std::floor(tick.value); });
    if (std::max(std::abs(range.low), std::abs(range.high)) >= 1e4) return;
    for (Tick& tick : ticks) tick.label = std::to_string(static_cast<long>(tick.value));
}

void extend(Range& range, double value) {
    range.low = std::min(range.low, value);
    range.high = std::max(range.high, value);
}

}    // namespace

PlotDrawing::PlotDrawing(const Plot& plot)
    : plot_(plot), options_(plot.options()), svg_(options_.width, options_.height) {
    make_bins();
    find_ranges();
    collect_keys();
    lay_out();
}

void PlotDrawing::make_bins() {
    std::vector<double> all;
    std::size_t wanted = 0;
    for (const Series& series : plot_.series()) {
        if (series.kind != Series::Kind::histogram) continue;
        for (double value : finite(series.y, options_.x.log)) all.push_back(options_.x.log ? std::log(value) : value);
        wanted = std::max(wanted, series.bins);
    }
    if (all.empty()) return;
    const auto [low, high] = std::minmax_element(all.begin(), all.end());
    const double first = *low, extent = *high > *low ? *high - *low : 1;
    const std::size_t count = wanted > 0 ? wanted : bin_count(all);
    for (std::size_t i = 0; i <= count; ++i) {
        const double edge = first + extent * static_cast<double>(i) / static_cast<double>(count);
        bins_.edges.push_back(options_.x.log ? std::exp(edge) : edge);
    }
    for (const Series& series : plot_.series()) {
        if (series.kind != Series::Kind::histogram) continue;
        auto& counts = bins_.counts.emplace_back(count, 0.0);
        for (double value : finite(series.y, options_.x.log)) {
            const double place = ((options_.x.log ? std::log(value) : value) - first) / extent;
            ++counts[std::min(count - 1, static_cast<std::size_t>(place * static_cast<double>(count)))];
        }
    }
}

bool PlotDrawing::whole_numbers() const {
    if (options_.x.log) return false;
    for (const Series& series : plot_.series()) {
        if (series.kind == Series::Kind::histogram) return false;
        for (double x : series.x)
            if (x != std::floor(x)) return false;
    }
    return true;
}

void PlotDrawing::find_ranges() {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    Range x{infinity, -infinity}, y{infinity, -infinity};
    bool spread_out = false;    // points or bars: the axis ends at ticks
    const Scale on_x{{}, options_.x.log, 0, 0}, on_y{{}, options_.y.log, 0, 0};
    for (const Series& series : plot_.series()) {
        if (series.kind == Series::Kind::points) spread_out = true;
        for (std::size_t i = 0; i < series.x.size(); ++i) {
            if (!on_x.shows(series.x[i])) continue;
            if (series.kind == Series::Kind::line) extend(x, series.x[i]);    // a step without a number is one, too
            if (!on_y.shows(series.y[i])) continue;
            extend(x, series.x[i]);
            extend(y, series.y[i]);
            if (series.kind == Series::Kind::band && on_y.shows(series.more[i])) extend(y, series.more[i]);
        }
    }
    for (double edge : bins_.edges) extend(x, edge);
    for (const auto& counts : bins_.counts)
        for (double count : counts) extend(y, count);
    empty_ = !(y.low <= y.high);
    for (const Plot::Mark& mark : plot_.marks())
        if (mark.is_x ? on_x.shows(mark.at) : on_y.shows(mark.at)) extend(mark.is_x ? x : y, mark.at);
    if (!bins_.counts.empty() && !options_.y.log) extend(y, 0);

    const bool exact = !spread_out && x.low < x.high;
    x_range_ = exact                                ? x
               : whole_numbers() && x.low == x.high ? Range{x.low - 1, x.high + 1}
                                                    : rounded(x, options_.x.log);
    y_range_ = rounded(y, options_.y.log);
    auto set = [](Range& range, const Axis& axis) {
        if (Scale{{}, axis.log, 0, 0}.shows(axis.low)) range.low = axis.low;
        if (Scale{{}, axis.log, 0, 0}.shows(axis.high)) range.high = axis.high;
        if (!(range.low < range.high)) range.high = axis.log ? range.low * 10 : range.low + 1;
    };
    set(x_range_, options_.x);
    set(y_range_, options_.y);
}

void PlotDrawing::collect_keys() {
    const auto& all = plot_.series();
    const auto named = std::count_if(all.begin(), all.end(), [](const Series& s) { return !s.name.empty(); });
    for (std::size_t i = 0; i < all.size(); ++i)
        if (!all[i].name.empty() && (named > 1 || !all[i].more.empty() || !plot_.marks().empty()))
            keys_.push_back({all[i].name, &all[i], i, 0});
    for (const Plot::Mark& mark : plot_.marks())
        if (!mark.is_x && !mark.name.empty()) keys_.push_back({mark.name, nullptr, 0, mark.at});
    for (Key& key : keys_) key.width = swatch + 5 + text_width(key.name, key_size);
}

bool PlotDrawing::keys_fit_at_ends() const {
    double widest = 0;
    for (const Key& key : keys_) {
        if (key.series != nullptr && key.series->kind != Series::Kind::line) return false;
        widest = std::max(widest, key.width);
    }
    return widest < options_.width * 0.3 && static_cast<double>(keys_.size()) * key_gap < (bottom_ - top_) * 0.8;
}

void PlotDrawing::lay_out_rows() {
    double used = 0;
    for (Key key : keys_) {
        if (key.series != nullptr && !key.series->more.empty()) key.width += 150;    // the ramp
        if (key.width > options_.width - 8) {
            key.name = shortened(key.name, key_size, options_.width - 8 - swatch - 5);
            key.width = options_.width - 8;
        }
        if (rows_.empty() || used + key.width > options_.width - 4) {
            rows_.emplace_back();
            used = 0;
        }
        used += key.width + 14;
        rows_.back().push_back(key);
    }
    top_ += 16 * static_cast<double>(rows_.size());
}

void PlotDrawing::lay_out() {
    const auto& [title, x, y, width, height] = options_;
    if (!title.empty()) title_ = wrapped(title, title_size, width - 4);
    heading_ = 18 * static_cast<double>(title_.size());
    top_ = heading_ + (y.label.empty() ? 0 : 15) + 8;
    bottom_ = height - 18 - (x.label.empty() ? 0 : 14);
    for (const Plot::Mark& mark : plot_.marks())
        if (mark.is_x) {
            top_ += 13;
            break;
        }
    y_ticks_ = ticks(y_range_.low, y_range_.high, y.log, std::max(2, static_cast<int>((bottom_ - top_) / 34)));
    double widest = 0;
    for (const Tick& tick : y_ticks_) widest = std::max(widest, text_width(tick.label, tick_size));
    left_ = widest + 7;
    if (keys_.empty() || keys_fit_at_ends()) {
        double room = 14;
        for (const Key& key : keys_) room = std::max(room, key.width + 8);
        right_ = width - room;
    } else {
        lay_out_rows();
        right_ = width - 14;
    }
    for (int count = static_cast<int>((right_ - left_) / 45); count >= 1; --count) {
        x_ticks_ = ticks(x_range_.low, x_range_.high, x.log, count);
        if (whole_numbers()) keep_whole(x_ticks_, x_range_);
        x_ = {x_range_, x.log, left_, right_};
        double end = -1e9;
        bool free = true;
        for (const Tick& tick : x_ticks_) {
            if (tick.label.empty()) continue;
            const double half = text_width(tick.label, tick_size) / 2;
            free = free && x_(tick.value) - half > end + 6;
            end = x_(tick.value) + half;
        }
        if (free) break;
    }
    x_ = {x_range_, x.log, left_, right_};
    y_ = {y_range_, y.log, bottom_, top_};
}

std::string PlotDrawing::element(bool alone) {
    draw_heading();
    draw_axes();
    std::size_t histogram = 0;
    for (const Series& series : plot_.series()) {
        const auto number = static_cast<std::size_t>(&series - plot_.series().data());
        if (series.kind == Series::Kind::histogram)
            draw_histogram(series, histogram++);
        else
            draw_series(series, number);
    }
    draw_marks();
    if (empty_) svg_.text((left_ + right_) / 2, (top_ + bottom_) / 2, "no numbers to show", "a m");
    if (rows_.empty())
        draw_keys_at_ends();
    else
        draw_keys_in_rows();
    svg_.set_data(data());
    return svg_.element(options_.title.empty() ? with_unit(options_.y) : options_.title, alone);
}

void PlotDrawing::draw_heading() {
    double y = 14;
    for (const std::string& line : title_) {
        svg_.text(0, y, line, "t");
        y += 18;
    }
    if (!options_.y.label.empty())
        svg_.text(0, heading_ + 12, shortened(with_unit(options_.y), tick_size, options_.width), "a");
    if (!options_.x.label.empty())
        svg_.text(right_, options_.height - 3, shortened(with_unit(options_.x), tick_size, options_.width), "a e");
}

void PlotDrawing::draw_axes() {
    for (const Tick& tick : y_ticks_) {
        const double y = y_(tick.value);
        if (tick.label.empty()) {
            svg_.line(left_ - 3, y, left_, y, "axis");
            continue;
        }
        svg_.line(left_, y, right_, y, "grid");
        svg_.text(left_ - 6, y + 4, tick.label, "a e");
    }
    svg_.line(left_, bottom_, right_, bottom_, "axis");
    for (const Tick& tick : x_ticks_) {
        const double x = x_(tick.value);
        svg_.line(x, bottom_, x, bottom_ + (tick.label.empty() ? 2 : 4), "axis");
        if (tick.label.empty()) continue;
        const double half = text_width(tick.label, tick_size) / 2;    // stays within the figure
        svg_.text(std::clamp(x, half, std::max(half, options_.width - half)), bottom_ + 15, tick.label, "a m");
    }
}

void PlotDrawing::draw_marks() {
    double taken = -1e9;    // by the name of the mark before
    std::vector<Plot::Mark> across(plot_.marks());
    std::stable_sort(across.begin(), across.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
    for (const Plot::Mark& mark : across) {
        if (!mark.is_x) {
            if (y_.shows(mark.at)) svg_.line(left_, y_(mark.at), right_, y_(mark.at), "mark");
            continue;
        }
        if (!x_.shows(mark.at)) continue;
        const double x = x_(mark.at), half = text_width(mark.name, tick_size) / 2;
        const double centre = std::clamp(x, half, std::max(half, options_.width - half));
        svg_.line(x, top_ - 3, x, bottom_, "mark");
        if (centre - half < taken + 6) continue;
        svg_.text(centre, top_ - 6, mark.name, "a m");
        taken = centre + half;
    }
}

void PlotDrawing::draw_keys_at_ends() {
    for (Key& key : keys_) {
        if (key.series == nullptr) {
            key.y = y_.shows(key.y) ? y_(key.y) : top_;
            continue;
        }
        key.y = (top_ + bottom_) / 2;
        for (std::size_t i = 0; i < key.series->y.size(); ++i)
            if (y_.shows(key.series->y[i]) && x_.shows(key.series->x[i]))
                key.y = std::clamp(y_(key.series->y[i]), top_, bottom_);
    }
    std::stable_sort(keys_.begin(), keys_.end(), [](const Key& a, const Key& b) { return a.y < b.y; });
    // Apart from each other, as near to their lines as that allows: downwards first, then up again from the bottom.
    double least = top_;
    for (Key& key : keys_) least = (key.y = std::max(key.y, least)) + key_gap;
    double most = bottom_ + 2;
    for (auto key = keys_.rbegin(); key != keys_.rend(); ++key) most = (key->y = std::min(key->y, most)) - key_gap;
    for (const Key& key : keys_) draw_swatch(key, right_ + 6, key.y + 4);
}

void PlotDrawing::draw_keys_in_rows() {
    double y = heading_ + (options_.y.label.empty() ? 0 : 15) + 13;
    for (const auto& row : rows_) {
        double x = 0;
        for (const Key& key : row) {
            draw_swatch(key, x, y);
            x += key.width + 14;
        }
        y += 16;
    }
}

std::string PlotDrawing::data() const {
    auto list = [](const std::vector<double>& values, int digits) {
        std::string text = "[";
        for (double value : values) text += (text.size() > 1 ? "," : "") + json(value, digits);
        return text + "]";
    };
    std::string text;
    for (std::size_t i = 0; i < plot_.series().size(); ++i) {
        const Series& series = plot_.series()[i];
        if (series.kind != Series::Kind::line || series.x.empty() || series.x.size() > 2000) continue;
        std::vector<double> counted(series.x.size());
        std::iota(counted.begin(), counted.end(), 1.0);
        text += (text.empty() ? "" : ",") + ("{\"i\":" + std::to_string(i)) + ",\"n\":" + json(series.name) +
                ",\"c\":" + std::to_string(series.colour) +
                ",\"x\":" + (series.x == counted ? std::string("0") : list(series.x, 6)) +
                ",\"y\":" + list(series.y, 4) + "}";
    }
    if (text.empty()) return {};
    auto axis = [](const Scale& scale, const std::string& label) {
        return "{\"l\":" + json(label) + ",\"log\":" + (scale.log ? "1" : "0") + ",\"v\":[" + json(scale.range.low, 9) +
               "," + json(scale.range.high, 9) + "],\"p\":[" + coordinate(scale.from) + "," + coordinate(scale.to) +
               "]}";
    };
    return "{\"x\":" + axis(x_, options_.x.label) + ",\"y\":" + axis(y_, options_.y.label) + ",\"s\":[" + text + "]}";
}

}    // namespace xtape::train::detail
