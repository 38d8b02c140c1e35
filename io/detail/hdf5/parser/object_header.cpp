#include <xtape/io/detail/hdf5/parser/object_header.hpp>

#include <algorithm>
#include <cstring>

namespace xtape::io::hdf5 {
namespace {

constexpr unsigned is_shared = 2;
constexpr std::size_t new_prefix = 6;    // "OHDR", the version, flags

}    // namespace

// Spec, section IV.A.1.
ObjectHeader::ObjectHeader(Metadata& metadata, std::uint64_t address) : address_(address) {
    Bytes start = metadata.block(address, 4);
    if (std::memcmp(start.data(), "OHDR", 4) == 0)
        read_new(metadata);
    else
        read_old(metadata);
}

void ObjectHeader::read_old(Metadata& metadata) {
    Bytes prefix = metadata.block(address_, 16);
    Cursor cursor(prefix);
    if (cursor.number(1) != 1) throw Reason("is damaged: there is no object where one is wanted");
    cursor.skip(7);
    Pieces pieces{{address_ + 16, cursor.number(4)}};
    Visited visited;
    while (!pieces.empty()) {
        auto [at, size] = pieces.back();
        pieces.pop_back();
        visited.enter(at, "is damaged: it has a part");
        add_messages(metadata, metadata.block(at, size), 0, true, false, pieces);
    }
}

void ObjectHeader::read_new(Metadata& metadata) {
    has_checksum_ = true;
    Bytes prefix = metadata.block(address_, new_prefix);
    Cursor cursor(prefix);
    cursor.skip(4);
    if (cursor.number(1) != 2) throw Reason("is damaged: there is no object where one is wanted");
    std::uint64_t flags = cursor.number(1);
    bool has_order = (flags & 4U) != 0;
    std::size_t extra = ((flags & 0x20U) != 0 ? 16 : 0) + ((flags & 0x10U) != 0 ? 4 : 0);
    std::size_t width = std::size_t{1} << (flags & 3U);
    Bytes size_bytes = metadata.block(address_ + new_prefix + extra, width);
    std::uint64_t size = Cursor(size_bytes).number(width);
    std::size_t skipped = new_prefix + extra + width;
    metadata.position(address_, size);    // no overflow below
    Pieces pieces;
    add_messages(metadata, metadata.checked_block(address_, skipped + size + 4, "OHDR"), skipped, false, has_order,
                 pieces);
    Visited visited;
    while (!pieces.empty()) {
        auto [at, length] = pieces.back();
        pieces.pop_back();
        visited.enter(at, "is damaged: it has a part");
        add_messages(metadata, metadata.checked_block(at, length, "OCHK"), 4, false, has_order, pieces);
    }
}

void ObjectHeader::add_messages(Metadata& metadata, Bytes bytes, std::size_t skipped, bool is_old, bool has_order,
                                Pieces& pieces) {
    blocks_.push_back(std::move(bytes));
    Cursor cursor(blocks_.back());
    cursor.skip(skipped);
    std::size_t prefix = is_old ? 8 : has_order ? 6 : 4;
    while (cursor.left() >= prefix) {
        auto type = static_cast<unsigned>(cursor.number(is_old ? 2 : 1));
        std::uint64_t size = cursor.number(2);
        auto flags = static_cast<unsigned>(cursor.number(1));
        cursor.skip(prefix - (is_old ? 5 : 4));
        auto content = cursor.take(size);
        if (type == message::continuation) {
            Cursor place(content);
            std::uint64_t at = metadata.address(place);
            pieces.emplace_back(at, metadata.length(place));
        } else if (type != 0) {
            messages_.push_back({type, flags, content});
        }
    }
}

const ObjectHeader::Message* ObjectHeader::find(unsigned type) const {
    auto found = std::find_if(messages_.begin(), messages_.end(), [&](const Message& m) { return m.type == type; });
    return found == messages_.end() ? nullptr : &*found;
}

std::optional<Bytes> ObjectHeader::content(Metadata& metadata, unsigned type) const {
    const Message* found = find(type);
    if (found == nullptr) return std::nullopt;
    if ((found->flags & is_shared) != 0) return shared_content(metadata, Cursor(found->content), type);
    return Bytes(found->content.begin(), found->content.end());
}

// Spec, section IV.A.2 ("Shared Message").
Bytes shared_content(Metadata& metadata, Cursor reference, unsigned type) {
    std::uint64_t version = reference.number(1), kind = reference.number(1);
    if (version == 1) reference.skip(6);
    if (version < 1 || version > 3) throw Reason("is damaged: it has an unreadable reference");
    if (version == 3 && kind == 1) throw Reason("shares its type or shape in a heap, which is not read");
    ObjectHeader other(metadata, metadata.address(reference));
    const auto* found = other.find(type);
    if (found == nullptr || (found->flags & is_shared) != 0)
        throw Reason("is damaged: it has a reference to what is not there");
    return Bytes(found->content.begin(), found->content.end());
}

}    // namespace xtape::io::hdf5
