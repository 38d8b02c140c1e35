#include <xtape/io/detail/hdf5/parser/btree.hpp>
#include <xtape/io/detail/hdf5/parser/heaps.hpp>
#include <xtape/io/detail/hdf5/parser/messages.hpp>

#include <algorithm>
#include <limits>

namespace xtape::io::hdf5 {
namespace {

constexpr std::size_t longest_text = std::size_t{1} << 16;

// Nothing when it is neither a number nor a text that we read.
std::optional<State::Value> value_of(Cursor type_message, const Dataspace& space, std::span<const std::byte> content) {
    using Kind = ElementType::Kind;
    if (space.is_null || std::any_of(space.shape.begin(), space.shape.end(), [](auto length) { return length != 1; }))
        return std::nullopt;
    ElementType type;
    try {
        type = parse_type(type_message);
    } catch (const Reason&) {
        return std::nullopt;
    }
    if (type.kind == Kind::variable_text || type.bytes > content.size() || type.bytes > longest_text)
        return std::nullopt;
    if (type.kind == Kind::text) {
        std::string text(reinterpret_cast<const char*>(content.data()), type.bytes);
        constexpr std::uint64_t padding = 0xf, spaces = 2;
        Cursor cursor(type_message);
        cursor.skip(1);    // padded by spaces, and that is by nothing: the zero bytes at the end are the text's
        if ((cursor.number(3) & padding) != spaces) text.erase(text.find_last_not_of('\0') + 1);
        return text;
    }
    if (type.kind == Kind::integer) {
        std::int64_t value = 0;
        convert(type, content.data(), 1, &value);
        if (type.bytes == 8 && !type.is_signed && value < 0) value = std::numeric_limits<std::int64_t>::max();
        return value;
    }
    double value = 0;
    convert(type, content.data(), 1, &value);
    return value;
}

// Spec, section IV.A.2.m.
Attribute parse_attribute(Metadata& metadata, Cursor cursor) {
    std::uint64_t version = cursor.number(1), flags = cursor.number(1);
    if (version < 1 || version > 3) throw Reason("has an unreadable attribute");
    std::uint64_t name_bytes = cursor.number(2), type_bytes = cursor.number(2), space_bytes = cursor.number(2);
    if (version == 3) cursor.skip(1);
    auto part = [&](std::uint64_t size) {
        auto bytes = cursor.take(size);
        if (version == 1) cursor.skip((8 - size % 8) % 8);
        return bytes;
    };
    auto name = part(name_bytes);
    auto end = std::find(name.begin(), name.end(), std::byte{0});
    Attribute attribute;
    attribute.name.assign(reinterpret_cast<const char*>(name.data()), static_cast<std::size_t>(end - name.begin()));
    auto type = part(type_bytes), space = part(space_bytes);
    Bytes shared_type, shared_space;
    if (version > 1 && (flags & 1U) != 0)
        type = shared_type = shared_content(metadata, Cursor(type), message::datatype);
    if (version > 1 && (flags & 2U) != 0)
        space = shared_space = shared_content(metadata, Cursor(space), message::dataspace);
    attribute.value = value_of(Cursor(type), parse_dataspace(metadata, Cursor(space)), cursor.take(cursor.left()));
    return attribute;
}

}    // namespace

std::vector<Attribute> attributes_of(Metadata& metadata, const ObjectHeader& object) {
    constexpr unsigned is_shared = 2;
    std::vector<Attribute> attributes;
    auto add = [&](unsigned flags, Cursor cursor) {
        if ((flags & is_shared) != 0) return;    // kept in a heap of the whole file, which is not read
        attributes.push_back(parse_attribute(metadata, cursor));
        metadata.charge(sizeof(Attribute) + attributes.back().name.size());
        if (const auto& value = attributes.back().value)
            if (const auto* text = std::get_if<std::string>(&*value)) metadata.charge(text->size());
    };
    for (const auto& found : object.messages())
        if (found.type == message::attribute) add(found.flags, Cursor(found.content));
    const auto* info = object.find(message::attribute_info);    // Spec, section IV.A.2.v
    if (info == nullptr) return attributes;
    Cursor cursor(info->content);
    cursor.skip(1);
    std::uint64_t flags = cursor.number(1);
    if ((flags & 1U) != 0) cursor.skip(2);
    std::uint64_t heap_address = metadata.address(cursor), tree = metadata.address(cursor);
    if (heap_address == no_address) return attributes;
    FractalHeap heap(metadata, heap_address);
    constexpr unsigned by_name = 8;
    constexpr std::uint64_t id_bytes = 8;
    for_each_record(metadata, tree, by_name, [&](Cursor record) {
        Cursor id(record.take(id_bytes)), kind(id);
        if ((kind.number(1) & 0x30U) != 0) return;    // longer than any number or text of ours, and kept elsewhere
        add(static_cast<unsigned>(record.number(1)), Cursor(heap.object(id)));
    });
    return attributes;
}

}    // namespace xtape::io::hdf5
