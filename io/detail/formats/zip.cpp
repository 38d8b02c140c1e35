#include <xtape/io/detail/formats/zip.hpp>

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace xtape::io::formats {
namespace {

constexpr std::uint32_t member_signature = 0x04034b50, entry_signature = 0x02014b50, end_signature = 0x06054b50;
constexpr std::uint32_t descriptor_signature = 0x08074b50;
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

constexpr std::uint64_t end_bytes = 22, end64_bytes = 56, locator64_bytes = 20;

[[noreturn]] void fail_damaged(const std::string& what) { throw Reason("is a damaged ZIP file: " + what); }

// The end record: the last bytes of the file, but for a comment whose length it states.
std::uint64_t find_end(const Reader& reader, std::uint64_t size) {
    constexpr std::uint64_t longest_comment = 65535;
    if (size < end_bytes) throw Reason("is not a ZIP file");
    std::uint64_t last = size - end_bytes, first = last > longest_comment ? last - longest_comment : 0;
    for (std::uint64_t at = last + 1; at-- > first;)
        if (reader.number(at, 4) == end_signature && reader.number(at + 20, 2) == last - at) return at;
    throw Reason("is not a ZIP file, or is cut off");
}

struct Directory {
    std::uint64_t begin, bytes, count;
};

// What the end records say of the directory, compared with each other and with where they stand.
Directory find_directory(const Reader& reader, std::uint64_t size) {
    std::uint64_t end = find_end(reader, size);
    auto field = [&](std::uint64_t at, unsigned bytes) { return reader.number(end + at, bytes); };
    std::uint64_t here = field(8, 2), count = field(10, 2), bytes = field(12, 4), begin = field(16, 4);
    if (field(4, 2) != 0 || field(6, 2) != 0 || here != count) throw Reason("is a ZIP file in several parts");
    std::uint64_t directory_end = end;
    if (end >= locator64_bytes && reader.number(end - locator64_bytes, 4) == locator64_signature) {
        std::uint64_t end64 = reader.number(end - 12, 8);
        if (end64 != end - locator64_bytes - end64_bytes || reader.number(end64, 4) != end64_signature ||
            reader.number(end64 + 4, 8) != end64_bytes - 12 || reader.number(end64 + 16, 8) != 0 ||
            reader.number(end - 16, 4) != 0 || reader.number(end - 4, 4) != 1)
            fail_damaged("its end records do not fit together");
        auto take = [&](std::uint64_t& value, std::uint64_t too_large, std::uint64_t at) {
            std::uint64_t value64 = reader.number(end64 + at, 8);
            if (value != too_large && value != value64) fail_damaged("its end records do not fit together");
            value = value64;
        };
        if (reader.number(end64 + 24, 8) != reader.number(end64 + 32, 8))
            throw Reason("is a ZIP file in several parts");
        take(count, 0xffff, 32);
        take(bytes, in_extra_field, 40);
        take(begin, in_extra_field, 48);
        directory_end = end64;
    }
    if (begin > directory_end || bytes != directory_end - begin)
        fail_damaged("its directory is not where its end says");
    return {begin, bytes, count};
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

// Compares a member's own header with what the directory says of it; where its content ends.
std::uint64_t check_local_header(const Reader& reader, const ZipMember& member, std::uint64_t flags) {
    std::string called = "'" + member.name + "' ";
    std::uint64_t at = member.header;
    if (reader.number(at, 4) != member_signature) fail_damaged(called + "is not where the directory says");
    std::uint64_t name = reader.number(at + 26, 2), extra = reader.number(at + 28, 2);
    auto letters = reader.range(at + 30, name);
    ZipMember local;
    local.name.assign(reinterpret_cast<const char*>(letters.data()), letters.size());
    local.packed_bytes = reader.number(at + 18, 4);
    local.bytes = reader.number(at + 22, 4);
    read_extra(reader, at + 30 + name, extra, local);
    bool same =
        local.name == member.name && reader.number(at + 6, 2) == flags && reader.number(at + 8, 2) == member.method;
    std::uint64_t end = at + 30 + name + extra + member.packed_bytes;
    constexpr std::uint64_t sizes_follow = 1U << 3;
    if ((flags & sizes_follow) == 0) {
        same = same && reader.number(at + 14, 4) == member.checksum && local.bytes == member.bytes &&
               local.packed_bytes == member.packed_bytes;
    } else {    // a descriptor of 12 to 24 bytes
        if (reader.number(end, 4) == descriptor_signature) end += 4;
        same = same && reader.number(end, 4) == member.checksum;
        bool long_sizes =
            reader.number(end + 4, 8) == member.packed_bytes && reader.number(end + 12, 8) == member.bytes;
        end += long_sizes ? 20 : 12;
    }
    if (!same) fail_damaged(called + "has another header than the directory says");
    return end;
}

void append(std::string& text, std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) text += static_cast<char>(value >> (8 * i) & 0xffU);
}

}    // namespace

std::vector<ZipMember> list_zip(std::span<const std::byte> zip) {
    Reader reader(zip);
    const Directory directory = find_directory(reader, zip.size());
    std::uint64_t at = directory.begin, content_end = 0;
    std::vector<ZipMember> members;
    while (members.size() < directory.count) {
        if (reader.number(at, 4) != entry_signature) fail_damaged("its directory ends too early");
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
        if (member.header != content_end) fail_damaged("'" + member.name + "' is not where the one before it ends");
        content_end = check_local_header(reader, member, reader.number(at + 8, 2));
        members.push_back(std::move(member));
        at += 46 + name + extra + comment;
    }
    if (content_end != directory.begin) fail_damaged("it holds more than its directory lists");
    if (at != directory.begin + directory.bytes) fail_damaged("its directory is longer than it says");
    return members;
}

Bytes extract(std::span<const std::byte> zip, const ZipMember& member) {
    Reader reader(zip);
    std::string called = "'" + member.name + "' ";
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
