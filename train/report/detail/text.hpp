// Text in figures: how wide it is, how numbers are written, and what HTML makes of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xtape::train::detail {

// An upper estimate of a text's width in pixels, in any of the usual sans-serif faces: that of DejaVu Sans, the widest.
double text_width(std::string_view text, double size);

// The text in lines of at most `width` pixels, broken between words; a word that is longer has a line of its own.
std::vector<std::string> wrapped(std::string_view text, double size, double width);
// The text itself, or its beginning and "…" where it is wider.
std::string shortened(std::string_view text, double size, double width);

// For people, three or four significant digits: "0.0125", "12,500", "3.2e-05", "not a number".
std::string readable(double number, int digits = 4);
// A coordinate: "12.5", "7".
std::string coordinate(double number);
// A number for a script: "0.0125", or "null" where it is not finite.
std::string json(double number, int digits = 5);
std::string json(std::string_view text);

// "a < b" -> "a &lt; b"; also for attributes in double quotes.
std::string escaped(std::string_view text);
// "data:image/png;base64,..."
std::string data_uri(std::string_view png);

}    // namespace xtape::train::detail
