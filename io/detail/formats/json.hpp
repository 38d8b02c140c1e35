// Reading JSON one token at a time: as much of it as the header of a safetensors file has.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace xtape::io::formats {

// All functions skip white space first and throw Reason when the text goes on differently.
class JsonReader {
public:
    explicit JsonReader(std::string_view text) : text_(text) {}

    void expect(char mark);
    bool accept(char mark);    // whether it came, and then it is behind us
    std::string string();
    std::uint64_t integer();
    bool at_end();

private:
    void skip_space();
    unsigned hexadecimal();

    std::string_view text_;
    std::size_t at_ = 0;
};

// A text in quotes.
std::string to_json(std::string_view text);

}    // namespace xtape::io::formats
