#include <xtape/io/detail/hdf5/parser/heaps.hpp>

#include <algorithm>
#include <bit>

namespace xtape::io::hdf5 {
namespace {

constexpr const char* unreadable = "is damaged: it has an unreadable heap";

std::uint64_t log2_of(std::uint64_t number) { return static_cast<std::uint64_t>(std::bit_width(number)) - 1; }

}    // namespace

// Spec, section III.D.
LocalHeap::LocalHeap(Metadata& metadata, std::uint64_t address) {
    Bytes header = metadata.signed_block(address, 8 + 2 * metadata.length_bytes() + metadata.address_bytes(), "HEAP");
    Cursor cursor(header);
    cursor.skip(8);
    std::uint64_t size = metadata.length(cursor);
    cursor.skip(metadata.length_bytes());
    content_ = metadata.block(metadata.address(cursor), size);
}

std::string LocalHeap::name(std::uint64_t offset) const {
    if (offset >= content_.size()) throw Reason("is damaged: a name is missing");
    auto begin = content_.begin() + static_cast<std::ptrdiff_t>(offset);
    auto end = std::find(begin, content_.end(), std::byte{0});
    if (end == content_.end()) throw Reason("is damaged: a name does not end");
    std::string name(static_cast<std::size_t>(end - begin), '\0');
    std::transform(begin, end, name.begin(), [](std::byte byte) { return static_cast<char>(byte); });
    return name;
}

// Spec, section III.G.
FractalHeap::FractalHeap(Metadata& metadata, std::uint64_t address) : metadata_(metadata), address_(address) {
    std::size_t size = 14 + 12 * metadata.length_bytes() + 3 * metadata.address_bytes() + 12;
    Bytes header = metadata.checked_block(address, size, "FRHP");
    Cursor cursor(header);
    cursor.skip(7);
    if (cursor.number(2) != 0) throw Reason("packs its links or attributes, which is not read");
    has_checksums_ = (cursor.number(1) & 2U) != 0;
    std::uint64_t largest_object = cursor.number(4);
    cursor.skip(10 * metadata.length_bytes() + 2 * metadata.address_bytes());
    table_.width = cursor.number(2);
    table_.start = metadata.length(cursor);
    table_.most_direct = metadata.length(cursor);
    std::uint64_t heap_bits = cursor.number(2);
    cursor.skip(2);
    std::uint64_t root = metadata.address(cursor), rows = cursor.number(2);
    if (!std::has_single_bit(table_.width) || !std::has_single_bit(table_.start) ||
        !std::has_single_bit(table_.most_direct) || table_.start > table_.most_direct || heap_bits == 0 ||
        heap_bits > 64 || table_.most_direct > std::uint64_t{1} << 40 || rows > 64)
        throw Reason(unreadable);
    offset_bytes_ = static_cast<std::size_t>((heap_bits + 7) / 8);
    size_bytes_ = std::min<std::size_t>((log2_of(table_.most_direct) + 7) / 8,
                                        largest_object == 0 ? 1 : log2_of(largest_object) / 8 + 1);
    if (root == no_address) return;
    if (rows == 0)
        add_direct(root, table_.start, 0);
    else
        add_indirect(root, rows, 0);
}

void FractalHeap::add_direct(std::uint64_t address, std::uint64_t size, std::uint64_t offset) {
    visited_.enter(address, "is damaged: it has a block of a heap");
    metadata_.charge(size);
    Bytes block = metadata_.signed_block(address, size, "FHDB");
    Cursor cursor(block);
    cursor.skip(5);
    if (metadata_.address(cursor) != address_ || cursor.number(offset_bytes_) != offset) throw Reason(unreadable);
    if (has_checksums_) {    // over the block, with zeros in the checksum's place
        std::size_t at = block.size() - cursor.left();
        std::uint64_t sum = cursor.number(4);
        std::fill_n(block.begin() + static_cast<std::ptrdiff_t>(at), 4, std::byte{0});
        if (sum != lookup3(block)) throw Reason("is damaged: its structure does not fit its checksum");
    }
    blocks_.emplace(offset, std::move(block));
}

void FractalHeap::add_indirect(std::uint64_t address, std::uint64_t rows, std::uint64_t offset) {
    if (rows == 0 || rows > 64) throw Reason(unreadable);    // as many as there are bits
    visited_.enter(address, "is damaged: it has a block of a heap");
    std::uint64_t direct_rows = log2_of(table_.most_direct) - log2_of(table_.start) + 2;
    std::uint64_t size =
        5 + metadata_.address_bytes() + offset_bytes_ + rows * table_.width * metadata_.address_bytes();
    Bytes block = metadata_.checked_block(address, size + 4, "FHIB");
    Cursor cursor(block);
    cursor.skip(5);
    if (metadata_.address(cursor) != address_ || cursor.number(offset_bytes_) != offset) throw Reason(unreadable);
    for (std::uint64_t row = 0; row < rows; ++row) {
        std::uint64_t row_block = table_.row_block(row);
        if (row_block > std::uint64_t{1} << 56) throw Reason(unreadable);
        for (std::uint64_t column = 0; column < table_.width; ++column, offset += row_block) {
            std::uint64_t child = metadata_.address(cursor);
            if (child == no_address) continue;
            if (row < direct_rows)
                add_direct(child, row_block, offset);
            else    // a child is smaller than its parent: the recursion is short
                add_indirect(child, log2_of(row_block) - log2_of(table_.start * table_.width) + 1, offset);
        }
    }
}

std::span<const std::byte> FractalHeap::object(Cursor id) const {
    std::uint64_t kind = id.number(1);
    if ((kind & 0xf0U) != 0) throw Reason("has a link or an attribute too large to be read");
    std::uint64_t offset = id.number(offset_bytes_), size = id.number(size_bytes_);
    auto after = blocks_.upper_bound(offset);
    if (after == blocks_.begin()) throw Reason(unreadable);
    const auto& [start, block] = *std::prev(after);
    Cursor cursor(block);
    cursor.skip(offset - start);
    return cursor.take(size);
}

// Spec, sections IV.B and III.E.
std::string variable_text(Metadata& metadata, Cursor reference) {
    std::uint64_t length = reference.number(4), heap = metadata.address(reference), wanted = reference.number(4);
    if (length == 0) return "";
    constexpr std::size_t prefix = 16;    // of the heap and of an object: 8 bytes, a length, and zeros
    std::size_t padding = prefix - 8 - metadata.length_bytes();
    Bytes header = metadata.signed_block(heap, prefix, "GCOL");
    Cursor sizes(header);
    sizes.skip(8);
    Bytes block = metadata.block(heap, metadata.length(sizes));
    Cursor cursor(block);
    cursor.skip(prefix);
    while (cursor.left() >= prefix) {
        std::uint64_t index = cursor.number(2);
        cursor.skip(6);
        std::uint64_t size = metadata.length(cursor);
        cursor.skip(padding);
        if (index == 0) break;
        if (index == wanted) {
            auto content = cursor.take(std::min(size, length));
            auto end = std::find(content.begin(), content.end(), std::byte{0});
            return std::string(reinterpret_cast<const char*>(content.data()),
                               static_cast<std::size_t>(end - content.begin()));
        }
        cursor.skip(size);
        cursor.skip(std::min<std::uint64_t>((8 - size % 8) % 8, cursor.left()));
    }
    throw Reason("holds a text of varying length that is not there");
}

}    // namespace xtape::io::hdf5
