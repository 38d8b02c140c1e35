// Pictures in PNG files.
#pragma once

#include <xtape/io/error.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace xtape::io {

// Pixels of 8 bits per channel, row by row from the top: 1 channel is grey, 2 grey and alpha, 3 RGB, 4 RGBA.
struct Picture {
    std::size_t width = 0, height = 0, channels = 1;
    std::vector<std::uint8_t> pixels = {};    // height * width * channels

    std::uint8_t* at(std::size_t row, std::size_t column) { return pixels.data() + (row * width + column) * channels; }
    const std::uint8_t* at(std::size_t row, std::size_t column) const {
        return pixels.data() + (row * width + column) * channels;
    }
};

// The bytes of a PNG file (ISO/IEC 15948). Throws Error for a picture without pixels, of another number of channels, or
// whose sizes contradict each other.
std::string encode_png(const Picture& picture);

// Replaces the file as a whole. Throws as encode_png, and Error when it cannot be written.
void write_png(const std::filesystem::path& path, const Picture& picture);

// Replaces a file by `content` as a whole: readers and crashes see the old file or the new one, never half of either.
// Throws Error.
void write_file(const std::filesystem::path& path, const std::string& content);

}    // namespace xtape::io
