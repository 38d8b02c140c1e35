// The frame of a report: style sheet and script.
#pragma once

#include <string>
#include <string_view>

namespace xtape::train::detail {

// A whole page around `body`, which is HTML; the title is text.
std::string page(std::string_view title, std::string_view body);

}    // namespace xtape::train::detail
