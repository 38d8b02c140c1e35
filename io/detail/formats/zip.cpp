#include <xtape/io/detail/formats/zip.hpp>

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace xtape::io::formats {
namespace {

constexpr std::uint32_t member_signature = 0x04034b50, entry_signature = 0x02014b50, end_signature = 0x06054b50;
constexpr std::uint32_t end64_signature = 0x06064b50, locator64_signature = 0x07064b50;
constexpr std::uint64_t in_extra_field = 0xffffffff;    // the value is too large for 32 bits and stands elsewhere
constexpr std::uint32_t stored = 0, deflated = 8;

// Little-endian numbers in bytes that may end too early.
class Reader {
public:
    explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

    std::uint64_t number(std::uint64_t at, unsigned size) const {
        auto part = range(at, size);
        std::uint64_t value = 0;
        for (unsigned i = 0; i < size; ++i) value |= std::to_integer<std::uint64_t>(part[i]) << (8 * i);
        return value;
    }
    std::span<const std::byte> range(std::uint64_t at, std::uint64_t size) const {
        if (at > bytes_.size() || size > bytes_.size() - at) throw Reason("is a damaged ZIP file: it ends too early");
        return bytes_.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(size));
    }

private:
    std::span<const std::byte> bytes_;
};

std::uint64_t find_end(const Reader& reader, std::uint64_t size) {
    constexpr std::uint64_t end_bytes = 22, longest_comment = 65535;
    if (size < end_bytes) throw Reason("is not a ZIP file");
    std::uint64_t last = size - end_bytes, first = last > longest_comment ? last - longest_comment : 0;
    for (std::uint64_t at = last + 1; at-- > first;)
        if (reader.number(at, 4) == end_signature) return at;
    throw Reason("is not a ZIP file");
}

// Replaces the values that stand in the extra field, in their fixed order.
void read_extra(const Reader& reader, std::uint64_t at, std::uint64_t size, ZipMember& member) {
    for (std::uint64_t end = at + size; at + 4 <= end;) {
        std::uint64_t kind = reader.number(at, 2), length = reader.number(at + 2, 2);
        at += 4;
        if (kind == 1) {
            std::uint64_t field = at;
            for (std::uint64_t* value : {&member.bytes, &member.packed_bytes, &member.header})
                if (*value == in_extra_field && field + 8 <= at + length) {
                    *value = reader.number(field, 8);
                    field += 8;
                }
        }
        at += length;
    }
}

void append(std::string& text, std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) text += static_cast<char>(value >> (8 * i) & 0xffU);
}

}    // namespace

std::vector<ZipMember> list_zip(std::span<const std::byte> zip) {
    Reader reader(zip);
    std::uint64_t end = find_end(reader, zip.size());
    std::uint64_t count = reader.number(end + 10, 2), at = reader.number(end + 16, 4);
    if (end >= 20 && reader.number(end - 20, 4) == locator64_signature) {
        std::uint64_t end64 = reader.number(end - 12, 8);
        if (reader.number(end64, 4) != end64_signature) throw Reason("is a damaged ZIP file: its directory is missing");
        count = reader.number(end64 + 32, 8);
        at = reader.number(end64 + 48, 8);
    }
    std::vector<ZipMember> members;
    for (std::uint64_t i = 0; i < count; ++i) {
        if (reader.number(at, 4) != entry_signature)
            throw Reason("is a damaged ZIP file: its directory ends too early");
        if ((reader.number(at + 8, 2) & 1U) != 0) throw Reason("is an encrypted ZIP file");
        ZipMember member;
        member.method = static_cast<std::uint32_t>(reader.number(at + 10, 2));
        member.checksum = static_cast<std::uint32_t>(reader.number(at + 16, 4));
        member.packed_bytes = reader.number(at + 20, 4);
        member.bytes = reader.number(at + 24, 4);
        member.header = reader.number(at + 42, 4);
        std::uint64_t name = reader.number(at + 28, 2), extra = reader.number(at + 30, 2),
                      comment = reader.number(at + 32, 2);
        auto letters = reader.range(at + 46, name);
        member.name.assign(reinterpret_cast<const char*>(letters.data()), letters.size());
        read_extra(reader, at + 46 + name, extra, member);
        members.push_back(std::move(member));
        at += 46 + name + extra + comment;
    }
    return members;
}

Bytes extract(std::span<const std::byte> zip, const ZipMember& member) {
    Reader reader(zip);
    std::string called = "'" + member.name + "' ";
    if (reader.number(member.header, 4) != member_signature) throw Reason(called + "is not where the directory says");
    std::uint64_t begin =
        member.header + 30 + reader.number(member.header + 26, 2) + reader.number(member.header + 28, 2);
    auto packed = reader.range(begin, member.packed_bytes);
    Bytes content;
    if (member.method == stored) {
        content.assign(packed.begin(), packed.end());
    } else if (member.method == deflated) {
        constexpr std::uint64_t largest_ratio = 1032;
        if (member.bytes / largest_ratio > packed.size())
            throw Reason(called + "says that it is larger than it can be");
        content.resize(static_cast<std::size_t>(member.bytes));
        z_stream stream{};
        if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
        std::size_t in = 0, out = 0;
        int code = Z_OK;
        constexpr std::size_t most = std::numeric_limits<uInt>::max();
        while (code == Z_OK) {    // zlib counts in 32 bits
            stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data())) + in;
            stream.avail_in = static_cast<uInt>(std::min(packed.size() - in, most));
            stream.next_out = reinterpret_cast<Bytef*>(content.data()) + out;
            stream.avail_out = static_cast<uInt>(std::min(content.size() - out, most));
            uInt in_before = stream.avail_in, out_before = stream.avail_out;
            code = inflate(&stream, Z_NO_FLUSH);
            in += in_before - stream.avail_in;
            out += out_before - stream.avail_out;
        }
        inflateEnd(&stream);
        if (code != Z_STREAM_END || out != content.size()) throw Reason(called + "is damaged: it does not unpack");
    } else {
        throw Reason(called + "is packed by ZIP's method " + std::to_string(member.method) +
                     "; wanted stored or deflated");
    }
    if (content.size() != member.bytes) throw Reason(called + "has another size than the directory says");
    auto sum = crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size());
    if (sum != member.checksum) throw Reason(called + "does not fit its checksum: the data are damaged");
    return content;
}

void ZipWriter::add(const std::string& name, const std::vector<std::span<const std::byte>>& content) {
    std::uint64_t bytes = 0;
    uLong sum = crc32_z(0, nullptr, 0);
    for (auto part : content) {
        bytes += part.size();
        if (!part.empty()) sum = crc32_z(sum, reinterpret_cast<const Bytef*>(part.data()), part.size());
    }
    if (name.size() > 65000) throw Reason("got a name of " + std::to_string(name.size()) + " bytes; ZIP takes 65000");
    // Sizes always stand in the extra field, too, as they do in NumPy's own files.
    constexpr std::uint64_t version = 45, utf8 = 1U << 11, first_day = 1U << 5 | 1U;
    std::string shared_fields;
    append(shared_fields, version, 2);
    append(shared_fields, utf8, 2);
    append(shared_fields, stored, 2);
    append(shared_fields, 0, 2);
    append(shared_fields, first_day, 2);
    append(shared_fields, sum, 4);
    append(shared_fields, in_extra_field, 4);
    append(shared_fields, in_extra_field, 4);
    append(shared_fields, name.size(), 2);

    std::string extra;
    append(extra, 1, 2);
    append(extra, 16, 2);
    append(extra, bytes, 8);
    append(extra, bytes, 8);
    Piece piece;
    append(piece.header, member_signature, 4);
    piece.header += shared_fields;
    append(piece.header, extra.size(), 2);
    piece.header += name + extra;
    piece.content = content;

    extra[2] = 24;
    append(extra, size_, 8);
    append(directory_, entry_signature, 4);
    append(directory_, version, 2);
    directory_ += shared_fields;
    append(directory_, extra.size(), 2);
    append(directory_, 0, 2 + 2 + 2);    // no comment, the first disk, inner attributes
    append(directory_, 0, 4);            // outer attributes
    append(directory_, in_extra_field, 4);
    directory_ += name + extra;

    size_ += piece.header.size() + bytes;
    ++count_;
    pieces_.push_back(std::move(piece));
}

std::vector<std::span<const std::byte>> ZipWriter::finish() {
    std::uint64_t begin = size_, bytes = directory_.size(), end64 = begin + bytes;
    append(directory_, end64_signature, 4);
    append(directory_, 44, 8);
    append(directory_, 45, 2);
    append(directory_, 45, 2);
    append(directory_, 0, 8);
    append(directory_, count_, 8);
    append(directory_, count_, 8);
    append(directory_, bytes, 8);
    append(directory_, begin, 8);
    append(directory_, locator64_signature, 4);
    append(directory_, 0, 4);
    append(directory_, end64, 8);
    append(directory_, 1, 4);
    append(directory_, end_signature, 4);
    append(directory_, 0, 4);
    append(directory_, std::min<std::uint64_t>(count_, 0xffff), 2);
    append(directory_, std::min<std::uint64_t>(count_, 0xffff), 2);
    append(directory_, std::min(bytes, in_extra_field), 4);
    append(directory_, std::min(begin, in_extra_field), 4);
    append(directory_, 0, 2);
    std::vector<std::span<const std::byte>> parts;
    for (const Piece& piece : pieces_) {
        parts.push_back(as_bytes(piece.header));
        parts.insert(parts.end(), piece.content.begin(), piece.content.end());
    }
    parts.push_back(as_bytes(directory_));
    return parts;
}

}    // namespace xtape::io::formats
