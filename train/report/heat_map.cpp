#include <xtape/core/error.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/io/png.hpp>
#include <xtape/train/report/detail/scale.hpp>
#include <xtape/train/report/detail/style.hpp>
#include <xtape/train/report/detail/svg.hpp>
#include <xtape/train/report/detail/text.hpp>
#include <xtape/train/report/heat_map.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

namespace xtape::train {
namespace {

constexpr std::size_t most_cells = 900;    // drawn as rectangles of their own, with a title each

void check_names(const std::vector<std::string>& names, std::size_t count, const char* what) {
    if (!names.empty() && names.size() != count)
        throw std::invalid_argument("[HeatMap] got " + std::to_string(names.size()) + " names of " + what + " for " +
                                    std::to_string(count) + "; wanted as many");
}

}    // namespace

HeatMap::HeatMap(const Array<double>& values, HeatMapOptions options)
    : Figure(options.title), options_(std::move(options)), values_(values.storage().begin(), values.storage().end()) {
    if (values.dimension() != 2 || values.size() == 0)
        throw ShapeError("[HeatMap] got values of shape " + to_string(values.shape()) +
                         "; wanted (rows, columns), at least one of each");
    rows_ = values.shape()[0];
    columns_ = values.shape()[1];
    check_names(options_.row_names, rows_, "rows");
    check_names(options_.column_names, columns_, "columns");
    bool any = false;
    for (double each : values_) {
        if (!std::isfinite(each)) continue;
        low_ = any ? std::min(low_, each) : each;
        high_ = any ? std::max(high_, each) : each;
        any = true;
    }
    if (low_ > 0 && options_.numbers) low_ = 0;    // counts begin at none
}

double HeatMap::share(std::size_t row, std::size_t column) const {
    const double above = value(row, column) - low_, extent = high_ - low_;
    if (!(extent > 0)) return above >= 0 && high_ != 0 ? 1 : 0;
    return options_.log ? std::log1p(above) / std::log1p(extent) : above / extent;
}

io::Picture HeatMap::pixels() const {
    // One hue that shows on light and dark paper, from transparent to opaque.
    constexpr std::array<std::uint8_t, 3> hue{0x2f, 0x74, 0xd0};
    io::Picture picture{columns_, rows_, 4, std::vector<std::uint8_t>(rows_ * columns_ * 4)};
    for (std::size_t row = 0; row < rows_; ++row)
        for (std::size_t column = 0; column < columns_; ++column) {
            std::uint8_t* pixel = picture.at(options_.origin_below ? rows_ - 1 - row : row, column);
            std::copy(hue.begin(), hue.end(), pixel);
            const double opacity = std::isfinite(value(row, column)) ? share(row, column) : 0;
            pixel[3] = static_cast<std::uint8_t>(std::lround(255 * opacity));
        }
    return picture;
}

std::string HeatMap::draw(bool alone) const {
    const auto& o = options_;
    detail::Svg svg(o.width, o.height);
    double top = 0;
    if (!o.title.empty())
        for (const std::string& line : detail::wrapped(o.title, 16, o.width - 4))
            svg.text(0, (top += 18) - 4, line, "t");
    if (!o.y_label.empty()) svg.text(0, (top += 15) - 3, o.y_label, "a");
    top += 8;

    auto is_axis = [](double low, double high) { return low < high; };
    auto name = [](const std::vector<std::string>& names, std::size_t i) {
        return names.empty() ? std::to_string(i) : names[i];
    };
    const double bottom = o.height - 18 - (o.x_label.empty() ? 0 : 14);
    const auto y_ticks = detail::ticks(o.y_low, is_axis(o.y_low, o.y_high) ? o.y_high : o.y_low + 1, false,
                                       static_cast<int>((bottom - top) / 24));
    double left = 0;
    if (is_axis(o.y_low, o.y_high))
        for (const auto& tick : y_ticks) left = std::max(left, detail::text_width(tick.label, 11));
    else
        for (std::size_t i = 0; i < rows_; ++i) left = std::max(left, detail::text_width(name(o.row_names, i), 11));
    left = std::min(left, o.width * 0.35) + 6;
    const double right = o.width - 8, cell_width = (right - left) / static_cast<double>(columns_),
                 cell_height = (bottom - top) / static_cast<double>(rows_);
    auto row_top = [&](std::size_t row) {
        return top + cell_height * static_cast<double>(o.origin_below ? rows_ - 1 - row : row);
    };

    if (rows_ * columns_ > most_cells) {
        svg.image(left, top, right - left, bottom - top, io::encode_png(pixels()), o.title);
    } else {
        for (std::size_t row = 0; row < rows_; ++row)
            for (std::size_t column = 0; column < columns_; ++column) {
                if (!std::isfinite(value(row, column))) continue;
                const int place = detail::ramp_place(share(row, column));
                const double x = left + cell_width * static_cast<double>(column);
                svg.rectangle(x, row_top(row), cell_width, cell_height, "cell q" + std::to_string(place),
                              name(o.row_names, row) + ", " + name(o.column_names, column) + ": " +
                                  detail::readable(value(row, column)));
                const std::string number = detail::readable(value(row, column), 3);
                if (o.numbers && value(row, column) != 0 && cell_height >= 13 &&
                    detail::text_width(number, 11.5) < cell_width)
                    svg.text(x + cell_width / 2, row_top(row) + cell_height / 2 + 4, number,
                             place >= 4 ? "over m" : "m");
            }
    }
    svg.line(left, bottom, right, bottom, "axis");

    if (is_axis(o.y_low, o.y_high)) {
        const detail::Scale y{{o.y_low, o.y_high}, false, o.origin_below ? bottom : top, o.origin_below ? top : bottom};
        for (const auto& tick : y_ticks) svg.text(left - 5, y(tick.value) + 4, tick.label, "a e");
    } else {
        const auto stride = static_cast<std::size_t>(std::ceil(13 / cell_height));
        for (std::size_t row = 0; row < rows_; row += stride)
            svg.text(left - 5, row_top(row) + cell_height / 2 + 4,
                     detail::shortened(name(o.row_names, row), 11, left - 5), "a e");
    }
    if (is_axis(o.x_low, o.x_high)) {
        const detail::Scale x{{o.x_low, o.x_high}, false, left, right};
        for (const auto& tick : detail::ticks(o.x_low, o.x_high, false, static_cast<int>((right - left) / 60)))
            svg.text(std::min(x(tick.value), o.width - detail::text_width(tick.label, 11) / 2), bottom + 14, tick.label,
                     "a m");
    } else {
        double end = -1e9;
        for (std::size_t column = 0; column < columns_; ++column) {
            const std::string label =
                detail::shortened(name(o.column_names, column), 11, std::max(40.0, cell_width - 4));
            const double half = detail::text_width(label, 11) / 2,
                         centre = left + cell_width * (static_cast<double>(column) + 0.5);
            if (centre - half < end + 4 || centre + half > o.width) continue;
            svg.text(centre, bottom + 14, label, "a m");
            end = centre + half;
        }
    }
    if (!o.x_label.empty()) svg.text(right, o.height - 3, o.x_label, "a e");
    return svg.element(o.title, alone);
}

}    // namespace xtape::train
