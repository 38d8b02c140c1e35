#include <xtape/train/loop/event_file.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace xtape::train {
namespace {

// CRC-32C (Castagnoli), of RFC 3720.
constexpr std::array<std::uint32_t, 256> crc_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t sum = byte;
        for (int bit = 0; bit < 8; ++bit) sum = sum >> 1 ^ (sum & 1U ? 0x82f63b78U : 0U);
        table[byte] = sum;
    }
    return table;
}();

// Rotated and shifted, so that the sum of bytes that hold sums is none of these.
std::uint32_t masked_crc(std::string_view bytes) {
    std::uint32_t sum = ~0U;
    for (char byte : bytes) sum = sum >> 8 ^ crc_table[(sum ^ static_cast<unsigned char>(byte)) & 0xffU];
    return std::rotr(~sum, 15) + 0xa282ead8U;
}

template <class Unsigned>
std::string little_endian(Unsigned number) {
    std::string bytes;
    for (std::size_t i = 0; i < sizeof number; ++i) bytes += static_cast<char>(number >> 8 * i & 0xff);
    return bytes;
}

// A message in the encoding of protocol buffers: https://protobuf.dev/programming-guides/encoding.
class Message {
public:
    Message& integer(unsigned field, std::uint64_t value) {
        key(field, 0);
        varint(value);
        return *this;
    }
    Message& number(unsigned field, double value) {
        key(field, 1);
        bytes_ += little_endian(std::bit_cast<std::uint64_t>(value));
        return *this;
    }
    Message& number(unsigned field, float value) {
        key(field, 5);
        bytes_ += little_endian(std::bit_cast<std::uint32_t>(value));
        return *this;
    }
    Message& text(unsigned field, std::string_view value) {
        key(field, 2);
        varint(value.size());
        bytes_ += value;
        return *this;
    }
    Message& numbers(unsigned field, const std::vector<double>& values) {
        std::string packed;
        for (double value : values) packed += little_endian(std::bit_cast<std::uint64_t>(value));
        return text(field, packed);
    }
    const std::string& bytes() const { return bytes_; }

private:
    void key(unsigned field, unsigned type) { varint(field << 3 | type); }
    void varint(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
        bytes_ += static_cast<char>(value);
    }

    std::string bytes_;
};

double seconds_now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Message event(std::int64_t step) {
    Message result;
    result.number(1, seconds_now()).integer(2, static_cast<std::uint64_t>(step));
    return result;
}

// An event with one value, whose content is in one of the fields of Summary.Value.
std::string value_event(std::string_view tag, std::int64_t step, Message value) {
    value.text(1, tag);
    return event(step).text(5, Message().text(1, value.bytes()).bytes()).bytes();
}

}    // namespace

EventFile::EventFile(const std::filesystem::path& folder, std::int64_t first_step) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw io::Error("[EventFile] cannot make the folder '" + folder.string() + "': " + error.message());
    // TensorBoard reads a folder's files in the order of their names.
    char name[96];
    const auto now = static_cast<std::int64_t>(seconds_now() * 1e6);
    std::snprintf(name, sizeof name, "events.out.tfevents.%010lld.%06lld.%ld", static_cast<long long>(now / 1000000),
                  static_cast<long long>(now % 1000000), static_cast<long>(::getpid()));
    path_ = folder / name;
    file_.open(path_, std::ios::binary);
    write(Message().number(1, seconds_now()).text(3, "brain.Event:2").bytes());
    constexpr std::uint64_t start = 1;
    write(event(first_step).text(7, Message().integer(1, start).bytes()).bytes());
    flush();
}

void EventFile::write(const std::string& content) {
    const std::string length = little_endian(std::uint64_t{content.size()});
    file_ << length << little_endian(masked_crc(length)) << content << little_endian(masked_crc(content));
    if (!file_) throw io::Error("[EventFile] cannot write '" + path_.string() + "'");
}

void EventFile::flush() {
    file_.flush();
    if (!file_) throw io::Error("[EventFile] cannot write '" + path_.string() + "'");
}

void EventFile::scalar(std::string_view tag, std::int64_t step, double value) {
    write(value_event(tag, step, Message().number(2, static_cast<float>(value))));
}

template <class T>
void EventFile::histogram(std::string_view tag, std::int64_t step, const Array<T>& values, std::size_t buckets) {
    if (buckets == 0) throw std::invalid_argument("[EventFile] got buckets = 0; wanted 1 or more");
    double least = std::numeric_limits<double>::infinity(), most = -least, count = 0, sum = 0, squares = 0;
    for (T each : values.storage()) {
        const auto value = static_cast<double>(each);
        if (!std::isfinite(value)) continue;
        least = std::min(least, value);
        most = std::max(most, value);
        ++count;
        sum += value;
        squares += value * value;
    }
    if (count == 0) return;
    const std::size_t used = most > least ? buckets : 1;
    const double width = (most - least) / static_cast<double>(used);
    std::vector<double> limits(used), counts(used, 0);
    for (std::size_t i = 0; i < used; ++i)
        limits[i] = i + 1 == used ? most : least + width * static_cast<double>(i + 1);
    for (T each : values.storage()) {
        const auto value = static_cast<double>(each);
        if (!std::isfinite(value)) continue;
        const double place = width > 0 ? (value - least) / width : 0;
        ++counts[std::min(used - 1, static_cast<std::size_t>(place))];
    }
    Message histogram;
    histogram.number(1, least).number(2, most).number(3, count).number(4, sum).number(5, squares);
    histogram.numbers(6, limits).numbers(7, counts);
    write(value_event(tag, step, Message().text(5, histogram.bytes())));
}

void EventFile::image(std::string_view tag, std::int64_t step, const io::Picture& picture) {
    const std::string png = io::encode_png(picture);
    Message image;
    image.integer(1, picture.height).integer(2, picture.width).integer(3, picture.channels).text(4, png);
    write(value_event(tag, step, Message().text(4, image.bytes())));
}

template void EventFile::histogram(std::string_view, std::int64_t, const Array<float>&, std::size_t);
template void EventFile::histogram(std::string_view, std::int64_t, const Array<double>&, std::size_t);

}    // namespace xtape::train
