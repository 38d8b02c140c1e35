#include <xtape/io/detail/printable.hpp>

#include <cstddef>
#include <cstdint>

namespace xtape::io::detail {
namespace {

struct Letter {
    std::uint32_t code = 0;
    std::size_t bytes = 0;    // none: not UTF-8
};

Letter first_letter(std::string_view text) {
    auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    if (byte(0) < 0x80) return {byte(0), 1};
    std::size_t bytes = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
    if (byte(0) < 0xc2 || byte(0) > 0xf4 || bytes > text.size()) return {};
    std::uint32_t code = byte(0) & (0xffU >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xc0U) != 0x80) return {};
        code = code << 6 | (byte(i) & 0x3fU);
    }
    constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    bool is_surrogate = code >= 0xd800 && code < 0xe000;
    if (code < least[bytes] || code > 0x10ffff || is_surrogate) return {};
    return {code, bytes};
}

bool is_obeyed(std::uint32_t code) {
    bool is_control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    bool is_direction = code == 0x61c || code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
                        (code >= 0x2066 && code <= 0x2069);
    bool is_separator = code == 0x2028 || code == 0x2029;
    return is_control || is_direction || is_separator;
}

}    // namespace

std::string printable(std::string_view text) {
    constexpr const char* digits = "0123456789abcdef";
    std::string result;
    while (!text.empty()) {
        Letter letter = first_letter(text);
        std::size_t bytes = letter.bytes == 0 ? 1 : letter.bytes;
        bool kept = letter.bytes > 0 && !is_obeyed(letter.code);
        for (char c : text.substr(0, bytes)) {
            auto byte = static_cast<unsigned char>(c);
            if (kept)
                result += c;
            else
                result += {'\\', 'x', digits[byte / 16], digits[byte % 16]};
        }
        text.remove_prefix(bytes);
    }
    return result;
}

}    // namespace xtape::io::detail
