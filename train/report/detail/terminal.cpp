// Plots in characters.
#include <xtape/train/report/detail/scale.hpp>
#include <xtape/train/report/plot.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

namespace xtape::train {
namespace {

using detail::Range;
using detail::Scale;

// A field of braille characters, two dots wide and four high each.
class Dots {
public:
    Dots(std::size_t columns, std::size_t rows) : columns_(columns), rows_(rows), bits_(columns * rows, 0) {}

    double width() const { return static_cast<double>(columns_ * 2) - 1; }
    double height() const { return static_cast<double>(rows_ * 4) - 1; }
    void set(double x, double y) {
        constexpr std::array<std::array<int, 2>, 4> bit{{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}};
        if (!(x >= 0 && x <= width() && y >= 0 && y <= height())) return;
        const auto i = static_cast<std::size_t>(std::lround(x)), j = static_cast<std::size_t>(std::lround(y));
        bits_[j / 4 * columns_ + i / 2] |= bit[j % 4][i % 2];
    }
    std::string row(std::size_t number) const {
        std::string text;
        for (std::size_t i = 0; i < columns_; ++i) {
            const int code = bits_[number * columns_ + i];
            text += code == 0 ? std::string(" ")
                              : std::string{'\xe2', static_cast<char>(0xa0 | code >> 6),
                                            static_cast<char>(0x80 | (code & 0x3f))};
        }
        while (text.ends_with(' ')) text.pop_back();
        return text;
    }

private:
    std::size_t columns_, rows_;
    std::vector<int> bits_;
};

// How many characters a text in UTF-8 has.
std::size_t characters(const std::string& text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string label_at(const std::vector<detail::Tick>& ticks, const Scale& scale, std::size_t row) {
    for (const detail::Tick& tick : ticks)
        if (!tick.label.empty() && static_cast<std::size_t>(std::lround(scale(tick.value))) / 4 == row)
            return tick.label;
    return {};
}

}    // namespace

std::string Plot::text(TerminalOptions options) const {
    if (options.width < 20 || options.height < 5 || options.width > 1000 || options.height > 1000)
        throw std::invalid_argument("[Plot] got a terminal of " + std::to_string(options.width) + " x " +
                                    std::to_string(options.height) + "; wanted 20 x 5 to 1000 x 1000 characters");
    constexpr std::size_t margin = 9;    // for the numbers
    Dots dots(options.width - margin - 1, options.height - 3);
    Range xs{1e300, -1e300}, ys{1e300, -1e300};
    const Scale on_x{{}, options_.x.log, 0, 0}, on_y{{}, options_.y.log, 0, 0};
    for (const Series& s : series_)
        for (std::size_t i = 0; s.kind == Series::Kind::line && i < s.x.size(); ++i)
            if (on_x.shows(s.x[i]) && on_y.shows(s.y[i])) {
                xs = {std::min(xs.low, s.x[i]), std::max(xs.high, s.x[i])};
                ys = {std::min(ys.low, s.y[i]), std::max(ys.high, s.y[i])};
            }
    if (!(xs.low <= xs.high)) return options_.title + ": no numbers to show\n";
    if (xs.low == xs.high) xs = detail::rounded(xs, options_.x.log);
    ys = detail::rounded(ys, options_.y.log);
    const Scale x{xs, options_.x.log, 0, dots.width()}, y{ys, options_.y.log, dots.height(), 0};

    std::string names;
    for (const Series& s : series_) {
        if (s.kind != Series::Kind::line) continue;
        if (!s.name.empty()) names += (names.empty() ? "" : ", ") + s.name;
        bool joined = false;
        double from_x = 0, from_y = 0;
        for (std::size_t i = 0; i < s.x.size(); ++i) {
            if (!x.shows(s.x[i]) || !y.shows(s.y[i])) continue;
            const double to_x = x(s.x[i]), to_y = y(s.y[i]);
            const double length = joined ? std::max(std::abs(to_x - from_x), std::abs(to_y - from_y)) : 0;
            for (double done = 0; done <= length; ++done) {
                const double share = length > 0 ? done / length : 1;
                dots.set(from_x + (joined ? share : 0) * (to_x - from_x),
                         from_y + (joined ? share : 0) * (to_y - from_y));
            }
            dots.set(to_x, to_y);
            from_x = to_x;
            from_y = to_y;
            joined = true;
        }
    }
    const auto marks = detail::ticks(ys.low, ys.high, options_.y.log, static_cast<int>(options.height / 4));
    std::string result = options_.title + (names.empty() ? "" : ": " + names) + "\n";
    for (std::size_t row = 0; row < options.height - 3; ++row) {
        const std::string label = label_at(marks, y, row);
        result += std::string(margin - std::min(margin, characters(label)), ' ') + label + "│" + dots.row(row) + "\n";
    }
    std::string rule, numbers(options.width, ' ');
    for (std::size_t i = 0; i + margin + 1 < options.width; ++i) rule += "─";
    result += std::string(margin, ' ') + "└" + rule + "\n";
    auto whole = [](double number) {
        std::array<char, 32> printed{};
        std::snprintf(printed.data(), printed.size(), "%g", number);
        return std::string(printed.data());
    };
    const std::string last = whole(xs.high);
    numbers.replace(margin + 1, whole(xs.low).size(), whole(xs.low));
    numbers.replace(numbers.size() - std::min(numbers.size(), last.size()), last.size(), last);
    return result + numbers + (options_.x.label.empty() ? "" : "  " + options_.x.label) + "\n";
}

}    // namespace xtape::train
