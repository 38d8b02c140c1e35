#include <xtape/io/detail/formats/json.hpp>
#include <xtape/io/detail/reason.hpp>

#include <charconv>

namespace xtape::io::formats {
namespace {

[[noreturn]] void fail(std::size_t at) {
    throw detail::Reason("has a header that is not the JSON that it should be, at byte " + std::to_string(at));
}

void append_utf8(std::string& text, unsigned code) {
    auto add = [&](unsigned byte) { text += static_cast<char>(byte); };
    if (code < 0x80U) {
        add(code);
    } else if (code < 0x800U) {
        add(0xc0U | code >> 6);
        add(0x80U | (code & 0x3fU));
    } else if (code < 0x10000U) {
        add(0xe0U | code >> 12);
        add(0x80U | (code >> 6 & 0x3fU));
        add(0x80U | (code & 0x3fU));
    } else {
        add(0xf0U | code >> 18);
        add(0x80U | (code >> 12 & 0x3fU));
        add(0x80U | (code >> 6 & 0x3fU));
        add(0x80U | (code & 0x3fU));
    }
}

}    // namespace

void JsonReader::skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
}

bool JsonReader::accept(char mark) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != mark) return false;
    ++at_;
    return true;
}

void JsonReader::expect(char mark) {
    if (!accept(mark)) fail(at_);
}

bool JsonReader::at_end() {
    skip_space();
    return at_ == text_.size();
}

std::uint64_t JsonReader::integer() {
    skip_space();
    std::uint64_t value = 0;
    auto [stop, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error != std::errc()) fail(at_);
    at_ = static_cast<std::size_t>(stop - text_.data());
    return value;
}

unsigned JsonReader::hexadecimal() {
    unsigned value = 0;
    if (text_.size() - at_ < 4) fail(at_);
    auto [stop, error] = std::from_chars(text_.data() + at_, text_.data() + at_ + 4, value, 16);
    if (error != std::errc() || stop != text_.data() + at_ + 4) fail(at_);
    at_ += 4;
    return value;
}

std::string JsonReader::string() {
    expect('"');
    std::string result;
    for (;;) {
        if (at_ >= text_.size() || static_cast<unsigned char>(text_[at_]) < 0x20U) fail(at_);
        char letter = text_[at_++];
        if (letter == '"') return result;
        if (letter != '\\') {
            result += letter;
            continue;
        }
        if (at_ >= text_.size()) fail(at_);
        constexpr std::string_view escapes = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
        letter = text_[at_++];
        if (auto found = escapes.find(letter); found != std::string_view::npos) {
            result += meanings[found];
        } else if (letter == 'u') {
            unsigned code = hexadecimal();
            if (code >= 0xd800U && code < 0xdc00U && text_.substr(at_).starts_with("\\u")) {
                at_ += 2;
                unsigned low = hexadecimal();
                if (low < 0xdc00U || low > 0xdfffU) fail(at_);
                code = 0x10000U + ((code & 0x3ffU) << 10) + (low & 0x3ffU);
            }
            if (code >= 0xd800U && code < 0xe000U) fail(at_);
            append_utf8(result, code);
        } else {
            fail(at_);
        }
    }
}

std::string to_json(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string result = "\"";
    for (char letter : text) {
        auto code = static_cast<unsigned char>(letter);
        if (letter == '"' || letter == '\\') {
            result += '\\';
            result += letter;
        } else if (code < 0x20U) {
            result += "\\u00";
            result += digits[code >> 4];
            result += digits[code & 0xfU];
        } else {
            result += letter;
        }
    }
    return result + '"';
}

}    // namespace xtape::io::formats
