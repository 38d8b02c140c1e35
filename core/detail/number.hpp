// Numbers in messages.
#pragma once

#include <array>
#include <charconv>
#include <string>

namespace xtape::detail {

// The shortest text that reads back as the same number: "0.1", "-1e-09", "inf".
template <class T>
std::string to_text(T number) {
    std::array<char, 64> text{};
    return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
}

}    // namespace xtape::detail
