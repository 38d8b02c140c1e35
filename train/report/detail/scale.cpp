#include <xtape/train/report/detail/scale.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace xtape::train::detail {
namespace {

// The step between ticks: 1, 2 or 5 times a power of ten.
double tick_step(double extent, int count) {
    const double raw = extent / std::max(1, count);
    const double power = std::pow(10.0, std::floor(std::log10(raw)));
    for (double factor : {1.0, 2.0, 5.0})
        if (factor * power >= raw * 0.999) return factor * power;
    return 10 * power;
}

std::string superscript(int number) {
    constexpr std::array digits{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    std::string text = number < 0 ? "⁻" : "";
    for (char c : std::to_string(std::abs(number))) text += digits[static_cast<std::size_t>(c - '0')];
    return text;
}

std::string power_label(int factor, int exponent, bool plain) {
    if (plain) {
        std::array<char, 32> text{};
        std::snprintf(text.data(), text.size(), "%g", factor * std::pow(10.0, exponent));
        return text.data();
    }
    return (factor == 1 ? "" : std::to_string(factor) + "·") + "10" + superscript(exponent);
}

// With as many digits behind the point as the step needs; thousands and millions by their letters.
std::string linear_label(double value, double step, double largest) {
    std::array<char, 48> text{};
    if (largest >= 1e9 || (largest < 1e-4 && largest > 0)) {
        std::snprintf(text.data(), text.size(), "%g", std::abs(value) < step * 1e-6 ? 0 : value);
        return text.data();
    }
    const char* letter = "";
    if (largest >= 1e4 && value != 0) {
        const double unit = largest >= 2e6 ? 1e6 : 1e3;
        value /= unit;
        step /= unit;
        letter = unit == 1e6 ? "M" : "k";
    }
    const int digits = std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 12);
    std::snprintf(text.data(), text.size(), "%.*f%s", digits, std::abs(value) < step * 1e-6 ? 0 : value, letter);
    return text[0] == '-' ? "−" + std::string(text.data() + 1) : std::string(text.data());
}

std::vector<Tick> log_ticks(Range range, int count) {
    const double low = std::log10(range.low), high = std::log10(range.high);
    const int first = static_cast<int>(std::floor(low)), last = static_cast<int>(std::ceil(high));
    const bool plain = low >= -3.01 && high <= 4.01;
    const int stride = std::max(1, static_cast<int>(std::ceil((high - low) / std::max(1, count))));
    const bool with_factors = (high - low) * 3 <= count + 1;
    std::vector<Tick> result;
    for (int exponent = first; exponent <= last; ++exponent)
        for (int factor = 1; factor < 10; ++factor) {
            const double value = factor * std::pow(10.0, exponent);
            if (value < range.low * (1 - 1e-9) || value > range.high * (1 + 1e-9)) continue;
            const bool named = factor == 1 ? exponent % stride == 0 : with_factors && (factor == 2 || factor == 5);
            if (named)
                result.push_back({value, power_label(factor, exponent, plain)});
            else if (high - low <= 0.8 * count)
                result.push_back({value, ""});
        }
    return result;
}

}    // namespace

std::vector<Tick> ticks(double low, double high, bool log, int count) {
    std::vector<Tick> result;
    if (log) {
        result = log_ticks({low, high}, count);
        const auto named = std::count_if(result.begin(), result.end(), [](const Tick& t) { return !t.label.empty(); });
        if (named >= 2) return result;
        result.clear();    // less than a decade: as on a linear axis
    }
    const double step = tick_step(high - low, count), largest = std::max(std::abs(low), std::abs(high));
    for (double k = std::ceil(low / step - 1e-9); k * step <= high + step * 1e-9; ++k)
        result.push_back({k * step, linear_label(k * step, step, largest)});
    return result;
}

Range rounded(Range range, bool log) {
    auto [low, high] = range;
    if (!(low <= high)) return {log ? 0.1 : 0.0, 1};
    if (log) {
        if (high / low < 1.1) return {low / 2, high * 2};
        const double margin = std::pow(high / low, 0.04);
        return {low / margin, high * margin};
    }
    const double least = std::max(std::abs(low), std::abs(high)) * 1e-9;
    if (high - low <= least) {
        const double extent = high == 0 ? 1 : std::abs(high) * 0.5;
        low -= low >= 0 && low < extent ? low : extent;
        high += extent;
    }
    const double step = tick_step(high - low, 5);
    return {std::floor(low / step + 1e-6) * step, std::ceil(high / step - 1e-6) * step};
}

double Scale::operator()(double value) const {
    const double share = log ? std::log(value / range.low) / std::log(range.high / range.low)
                             : (value - range.low) / (range.high - range.low);
    return from + std::clamp(share, -0.5, 1.5) * (to - from);
}

bool Scale::shows(double value) const { return std::isfinite(value) && (!log || value > 0); }

}    // namespace xtape::train::detail
