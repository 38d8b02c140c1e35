#include <xtape/io/detail/formats/elements.hpp>
#include <xtape/io/png.hpp>

#include <zlib.h>

#include <array>
#include <limits>
#include <string_view>

namespace xtape::io {
namespace {

// A big-endian number of 32 bits, as PNG has them.
void append_number(std::string& bytes, std::size_t number) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xff);
}

void append_chunk(std::string& file, std::string_view type, const std::string& content) {
    append_number(file, content.size());
    const std::size_t begin = file.size();
    file += type;
    file += content;
    const auto* summed = reinterpret_cast<const Bytef*>(file.data() + begin);
    append_number(file, crc32_z(0, summed, file.size() - begin));
}

std::string compressed(const std::string& bytes) {
    uLongf length = compressBound(static_cast<uLong>(bytes.size()));
    std::string result(length, '\0');
    if (compress2(reinterpret_cast<Bytef*>(result.data()), &length, reinterpret_cast<const Bytef*>(bytes.data()),
                  static_cast<uLong>(bytes.size()), Z_BEST_COMPRESSION) != Z_OK)
        throw Error("[io::encode_png] there is not enough memory to compress a picture");
    result.resize(length);
    return result;
}

}    // namespace

std::string encode_png(const Picture& picture) {
    const auto& [width, height, channels, pixels] = picture;
    constexpr std::size_t largest = std::numeric_limits<std::int32_t>::max();
    if (width == 0 || height == 0 || channels == 0 || channels > 4 || width > largest || height > largest ||
        pixels.size() / width / channels != height || pixels.size() != height * width * channels)
        throw Error("[io::encode_png] got " + std::to_string(pixels.size()) + " bytes for " + std::to_string(height) +
                    " rows of " + std::to_string(width) + " pixels of " + std::to_string(channels) +
                    " channels; wanted at least one pixel, 1 to 4 channels, and a byte for each");

    constexpr std::array<char, 5> color_types{0, 0, 4, 2, 6};
    std::string header;
    append_number(header, width);
    append_number(header, height);
    header += {8, color_types[channels], 0, 0, 0};    // bits; deflate, adaptive filters, not interlaced

    std::string rows;    // each behind the number of its filter: none
    rows.reserve(pixels.size() + height);
    for (std::size_t row = 0; row < height; ++row) {
        rows += '\0';
        rows.append(reinterpret_cast<const char*>(picture.at(row, 0)), width * channels);
    }
    std::string file("\x89PNG\r\n\x1a\n");
    append_chunk(file, "IHDR", header);
    append_chunk(file, "IDAT", compressed(rows));
    append_chunk(file, "IEND", {});
    return file;
}

void write_png(const std::filesystem::path& path, const Picture& picture) { write_file(path, encode_png(picture)); }

void write_file(const std::filesystem::path& path, const std::string& content) {
    formats::in_operation("write_file", path, [&] {
        const std::array parts{formats::as_bytes(content)};
        formats::replace_file(path, parts);
    });
}

}    // namespace xtape::io
