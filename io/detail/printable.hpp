// Text out of a file, made fit for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace xtape::io::detail {

// The text with everything that a terminal would obey, or that would reorder what stands beside it, written out as
// `\x1b`: control characters, newlines among them, bytes that are not UTF-8, and Unicode's marks of direction.
std::string printable(std::string_view text);

}    // namespace xtape::io::detail
