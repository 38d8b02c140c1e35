#include <xtape/train/report/bars.hpp>
#include <xtape/train/report/detail/svg.hpp>
#include <xtape/train/report/detail/text.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace xtape::train {

Bars::Bars(std::vector<std::string> names, std::vector<double> values, BarsOptions options)
    : Figure(options.title), names_(std::move(names)), values_(std::move(values)), options_(std::move(options)) {
    if (names_.size() != values_.size() || names_.empty())
        throw std::invalid_argument("[Bars] got " + std::to_string(names_.size()) + " names and " +
                                    std::to_string(values_.size()) + " values; wanted as many, at least one");
}

std::string Bars::draw(bool alone) const {
    constexpr double row = 22;
    const double width = options_.width;
    const auto title = options_.title.empty() ? std::vector<std::string>() : detail::wrapped(options_.title, 16, width);
    const double top = 18 * static_cast<double>(title.size()) + 8;
    detail::Svg svg(width, top + row * static_cast<double>(names_.size()));
    for (std::size_t i = 0; i < title.size(); ++i) svg.text(0, 14 + 18 * static_cast<double>(i), title[i], "t");

    double left = 0, right = 0, low = 0, high = 0;
    std::vector<std::string> numbers;
    for (std::size_t i = 0; i < names_.size(); ++i) {
        numbers.push_back(detail::readable(values_[i], 3) + (options_.unit.empty() ? "" : " " + options_.unit));
        left = std::max(left, detail::text_width(names_[i], 11.5));
        right = std::max(right, detail::text_width(numbers[i], 11.5));
        if (!std::isfinite(values_[i])) continue;
        low = std::min(low, values_[i]);
        high = std::max(high, values_[i]);
    }
    left = std::min(left, width * 0.45) + 8;
    const double room = width - left - right - 6, extent = high > low ? high - low : 1,
                 zero = left - low / extent * room;
    for (std::size_t i = 0; i < names_.size(); ++i) {
        const double y = top + row * static_cast<double>(i);
        svg.text(left - 8, y + 14, detail::shortened(names_[i], 11.5, left - 8), "e");
        if (std::isfinite(values_[i])) {
            const double end = zero + values_[i] / extent * room;
            svg.rectangle(std::min(zero, end), y + 4, std::abs(end - zero), 13, "f0 bar");
        }
        svg.text(std::isfinite(values_[i]) ? std::max(zero, zero + values_[i] / extent * room) + 6 : zero + 6, y + 14,
                 numbers[i]);
    }
    svg.line(zero, top, zero, top + row * static_cast<double>(names_.size()), "axis");
    return svg.element(options_.title.empty() ? "bars" : options_.title, alone);
}

}    // namespace xtape::train
