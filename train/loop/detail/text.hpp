// Numbers and lists as text.
#pragma once

#include <charconv>
#include <string>
#include <vector>

namespace xtape::train::detail {

// The shortest text that reads as the same number.
inline std::string exact(double number) {
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, number).ptr};
}

// "a, b, c".
inline std::string join(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

}    // namespace xtape::train::detail
