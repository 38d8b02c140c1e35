// Colours and type of figures and pages.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace xtape::train::detail {

// Of series, in the order of their use, on white and on black: tests hold them apart under protanopia, deuteranopia and
// tritanopia, and against the background.
inline constexpr std::array<std::string_view, 6> light_colours{"#005ad1", "#ee5113", "#159e86",
                                                               "#b355aa", "#584700", "#263850"};
inline constexpr std::array<std::string_view, 6> dark_colours{"#3885fa", "#ea6a34", "#23c98b",
                                                              "#d26c9d", "#efd35b", "#b0bbd9"};
inline constexpr std::string_view light_paper = "#ffffff", dark_paper = "#16181d";

// From few to many: one hue, from near the paper to far from it.
inline constexpr std::array<std::string_view, 8> light_ramp{"#e4ecf7", "#c8daf0", "#a5c3e8", "#7da8de",
                                                            "#518ad1", "#2b6abd", "#124c9b", "#06306b"};
inline constexpr std::array<std::string_view, 8> dark_ramp{"#232a36", "#2a3a52", "#2f4d75", "#35629b",
                                                           "#437cc2", "#659ade", "#95bcf0", "#cfe2ff"};

// The place of a share in [0, 1] on the ramp, 0 to 7; 0 for what is not a number.
int ramp_place(double share);

// Style sheets: the colours as custom properties (--ink, --c0, --q0, ...) of `selector`, light and dark; and the
// classes that figures use.
std::string colour_rules(std::string_view selector);
std::string figure_rules();

}    // namespace xtape::train::detail
