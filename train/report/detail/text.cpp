#include <xtape/train/report/detail/text.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace xtape::train::detail {
namespace {

// Of the characters from ' ' to '~', in hundredths of the font's size.
constexpr std::array<std::uint8_t, 95> widths{
    32, 40, 46, 84, 64, 95, 78, 27, 39,  39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 34, 34, 84, 84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79,
    60, 79, 69, 63, 61, 73, 68, 99, 69,  61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63,
    63, 28, 28, 58, 28, 97, 63, 61, 63,  63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84};
constexpr double other_width = 0.84;    // ×, ±, −

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::string printed(const char* format, int digits, double number) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), format, digits, number);
    return text.data();
}

}    // namespace

double text_width(std::string_view text, double size) {
    double width = 0;
    for (char c : text) {
        if (c >= ' ' && c <= '~')
            width += widths[static_cast<std::size_t>(c - ' ')] / 100.0;
        else if (!continues_character(c))
            width += other_width;
    }
    return width * size;
}

std::vector<std::string> wrapped(std::string_view text, double size, double width) {
    std::vector<std::string> lines{""};
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find(' ', begin), text.size());
        const std::string word(text.substr(begin, end - begin));
        std::string& line = lines.back();
        if (line.empty())
            line = word;
        else if (text_width(line + " " + word, size) <= width)
            line += " " + word;
        else
            lines.push_back(word);
        begin = end + 1;
    }
    return lines;
}

std::string shortened(std::string_view text, double size, double width) {
    if (text_width(text, size) <= width + 0.01) return std::string(text);    // the width may be that of the text
    while (!text.empty() && text_width(text, size) + size > width) {
        while (continues_character(text.back())) text.remove_suffix(1);
        text.remove_suffix(1);
    }
    return std::string(text) + "…";
}

std::string readable(double number, int digits) {
    if (std::isnan(number)) return "not a number";
    if (std::isinf(number)) return number > 0 ? "infinite" : "−infinite";
    if (std::abs(number) < 1e4 || std::abs(number) >= 1e7) return printed("%.*g", digits, number);
    std::string text = printed("%.*f", 0, number);
    for (std::size_t place = text.size(); place > 3 + (number < 0 ? 1 : 0);) text.insert(place -= 3, ",");
    return text;
}

std::string coordinate(double number) {
    std::string text = printed("%.*f", 1, number);
    if (text.ends_with(".0")) text.resize(text.size() - 2);
    return text == "-0" ? "0" : text;
}

std::string json(double number, int digits) {
    return std::isfinite(number) ? printed("%.*g", digits, number) : std::string("null");
}

std::string json(std::string_view text) {
    std::string result = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\')
            result += {'\\', c};
        else if (static_cast<unsigned char>(c) >= ' ')
            result += c;
        else
            result += ' ';
    }
    return result + '"';
}

std::string escaped(std::string_view text) {
    std::string result;
    for (char c : text) switch (c) {
            case '&': result += "&amp;"; break;
            case '<': result += "&lt;"; break;
            case '>': result += "&gt;"; break;
            case '"': result += "&quot;"; break;
            default: result += static_cast<unsigned char>(c) < ' ' && c != '\n' ? ' ' : c;
        }
    return result;
}

std::string data_uri(std::string_view png) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string result = "data:image/png;base64,";
    for (std::size_t i = 0; i < png.size(); i += 3) {
        std::uint32_t bits = 0;
        for (std::size_t k = 0; k < 3; ++k)
            bits = bits << 8 | (i + k < png.size() ? static_cast<unsigned char>(png[i + k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k) result += i + k <= png.size() ? digits[bits >> (18 - 6 * k) & 63] : '=';
    }
    return result;
}

}    // namespace xtape::train::detail
