#include <xtape/io/detail/hdf5/parser/messages.hpp>

#include <array>
#include <bit>

namespace xtape::io::hdf5 {
namespace {

constexpr std::size_t most_axes = 32;

}    // namespace

// Spec, section IV.A.2.b.
Dataspace parse_dataspace(Metadata& metadata, Cursor cursor) {
    std::uint64_t version = cursor.number(1);
    auto rank = static_cast<std::size_t>(cursor.number(1));
    std::uint64_t flags = cursor.number(1);
    Dataspace space;
    if (version == 1)
        cursor.skip(5);
    else if (version == 2)
        space.is_null = cursor.number(1) == 2;
    else
        throw Reason("has an unreadable shape");
    if (rank > most_axes) throw Reason("has an unreadable shape");
    for (std::size_t i = 0; i < rank; ++i) space.shape.push_back(metadata.length(cursor));
    space.most = space.shape;
    std::uint64_t unlimited = ~std::uint64_t{0} >> (64 - 8 * metadata.length_bytes());
    for (std::size_t i = 0; i < rank && (flags & 1U) != 0; ++i) {
        std::uint64_t most = metadata.length(cursor);
        space.most[i] = most == unlimited ? ~std::uint64_t{0} : most;
        if (space.most[i] < space.shape[i]) throw Reason("has an unreadable shape");
    }
    return space;
}

namespace {

ElementType integer_type(std::uint64_t flags, std::uint64_t bytes, Cursor cursor) {
    std::uint64_t offset = cursor.number(2), precision = cursor.number(2);
    bool usual = (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8) && precision == bytes * 8 && offset == 0;
    if (!usual) throw Reason("holds integers of an unusual format");
    bool is_signed = (flags & 8U) != 0, is_big = (flags & 1U) != 0;
    return {ElementType::Kind::integer, static_cast<std::size_t>(bytes), is_signed,
            bytes > 1 && is_big != (std::endian::native == std::endian::big),
            (is_signed ? "int" : "uint") + std::to_string(bytes * 8)};
}

ElementType float_type(std::uint64_t flags, std::uint64_t bytes, Cursor cursor) {
    struct Format {
        std::uint64_t bytes, exponent_at, exponent_bits, mantissa_bits, bias;
        ElementType::Kind kind;
        const char* name;
    };
    using Kind = ElementType::Kind;
    constexpr std::array<Format, 3> formats{Format{2, 10, 5, 10, 15, Kind::float16, "float16"},
                                            Format{4, 23, 8, 23, 127, Kind::float32, "float32"},
                                            Format{8, 52, 11, 52, 1023, Kind::float64, "float64"}};
    constexpr std::uint64_t implied_one = 0x20, order_and_normalization = 0x71, big = 1;
    std::uint64_t offset = cursor.number(2), precision = cursor.number(2), exponent_at = cursor.number(1),
                  exponent_bits = cursor.number(1), mantissa_at = cursor.number(1), mantissa_bits = cursor.number(1),
                  bias = cursor.number(4), sign_at = flags >> 8 & 0xffU;
    bool is_big = (flags & big) != 0;
    for (const Format& format : formats)
        if (bytes == format.bytes && (flags & order_and_normalization & ~big) == implied_one && offset == 0 &&
            precision == 8 * bytes && sign_at == precision - 1 && exponent_at == format.exponent_at &&
            exponent_bits == format.exponent_bits && mantissa_at == 0 && mantissa_bits == format.mantissa_bits &&
            bias == format.bias)
            return {format.kind, static_cast<std::size_t>(bytes), true,
                    is_big != (std::endian::native == std::endian::big), format.name};
    throw Reason("holds floating-point numbers of an unusual format");
}

}    // namespace

// Spec, section IV.A.2.d.
ElementType parse_type(Cursor cursor) {
    constexpr const char* wanted = "; wanted floating-point numbers, integers or text";
    std::uint64_t kind = cursor.number(1) & 0xfU, flags = cursor.number(3), bytes = cursor.number(4);
    constexpr std::array<const char*, 11> others{"",
                                                 "",
                                                 "times",
                                                 "",
                                                 "bit fields",
                                                 "opaque bytes",
                                                 "compound values",
                                                 "references",
                                                 "enumerated values",
                                                 "lists of varying length",
                                                 "arrays as elements"};
    switch (kind) {
        case 0: return integer_type(flags, bytes, cursor);
        case 1: return float_type(flags, bytes, cursor);
        case 3:
            if (bytes == 0) throw Reason("holds texts of no bytes");
            return {ElementType::Kind::text, static_cast<std::size_t>(bytes), true, false, "text"};
        case 9:
            if ((flags & 0xfU) == 1)
                return {ElementType::Kind::variable_text, static_cast<std::size_t>(bytes), true, false, "text"};
            break;
        default: break;
    }
    if (kind >= others.size()) throw Reason(std::string("holds values of an unreadable type") + wanted);
    throw Reason(std::string("holds ") + others.at(kind) + wanted);
}

namespace {

void parse_chunk_shape(Placement& placement, Cursor& cursor, std::uint64_t axes, std::size_t width) {
    if (axes < 2 || axes > most_axes + 1) throw Reason("has unreadable chunks");
    for (std::uint64_t i = 0; i + 1 < axes; ++i) placement.chunk.push_back(cursor.number(width));
    placement.chunk_element_bytes = cursor.number(width);
}

void parse_old_placement(Metadata& metadata, Placement& placement, Cursor cursor) {
    std::uint64_t axes = cursor.number(1), kind = cursor.number(1);
    cursor.skip(5);
    if (kind != 0) placement.address = metadata.address(cursor);
    if (kind == 2) {
        placement.place = Placement::Place::chunks;
        return parse_chunk_shape(placement, cursor, axes, 4);
    }
    if (kind > 2) throw Reason("has an unreadable layout");
    cursor.skip(4 * axes);
    if (kind == 1) {
        placement.size = no_address;    // it has what its shape says
        return;
    }
    placement.place = Placement::Place::header;
    auto content = cursor.take(cursor.number(4));
    placement.content.assign(content.begin(), content.end());
}

void parse_new_chunks(Metadata& metadata, Placement& placement, Cursor cursor) {
    std::uint64_t flags = cursor.number(1), axes = cursor.number(1), width = cursor.number(1);
    if (width < 1 || width > 8) throw Reason("has unreadable chunks");
    parse_chunk_shape(placement, cursor, axes, static_cast<std::size_t>(width));
    placement.plain_edges = (flags & 1U) != 0;
    switch (cursor.number(1)) {
        case 1:
            placement.index = Placement::Index::single;
            if ((flags & 2U) == 0) break;
            placement.single_size = metadata.length(cursor);
            placement.single_skipped = cursor.number(4);
            break;
        case 2: placement.index = Placement::Index::implicit; break;
        case 3:
            placement.index = Placement::Index::fixed_array;
            cursor.skip(1);
            break;
        case 4:
            placement.index = Placement::Index::extensible_array;
            cursor.skip(5);
            break;
        case 5:
            placement.index = Placement::Index::new_tree;
            cursor.skip(6);
            break;
        default: throw Reason("has an unreadable index of chunks");
    }
    placement.address = metadata.address(cursor);
}

}    // namespace

// Spec, section IV.A.2.i.
Placement parse_placement(Metadata& metadata, Cursor cursor) {
    Placement placement;
    std::uint64_t version = cursor.number(1);
    if (version == 1 || version == 2) {
        parse_old_placement(metadata, placement, cursor);
        return placement;
    }
    if (version != 3 && version != 4) throw Reason("has an unreadable layout");
    switch (cursor.number(1)) {
        case 0: {
            placement.place = Placement::Place::header;
            auto content = cursor.take(cursor.number(2));
            placement.content.assign(content.begin(), content.end());
            break;
        }
        case 1:
            placement.address = metadata.address(cursor);
            placement.size = metadata.length(cursor);
            break;
        case 2:
            placement.place = Placement::Place::chunks;
            if (version == 4) {
                parse_new_chunks(metadata, placement, cursor);
            } else {
                std::uint64_t axes = cursor.number(1);
                placement.address = metadata.address(cursor);
                parse_chunk_shape(placement, cursor, axes, 4);
            }
            break;
        case 3: throw Reason("is virtual: its elements are in other datasets, which are not opened");
        default: throw Reason("has an unreadable layout");
    }
    return placement;
}

// Spec, section IV.A.2.l.
std::vector<Filter> parse_filters(Cursor cursor) {
    constexpr std::uint64_t first_of_others = 256;
    std::uint64_t version = cursor.number(1), count = cursor.number(1);
    if (version != 1 && version != 2) throw Reason("has unreadable filters");
    if (version == 1) cursor.skip(6);
    std::vector<Filter> filters;
    for (std::uint64_t i = 0; i < count; ++i) {
        std::uint64_t id = cursor.number(2);
        std::uint64_t name_bytes = version == 1 || id >= first_of_others ? cursor.number(2) : 0;
        cursor.skip(2);
        std::uint64_t values = cursor.number(2);
        cursor.skip(version == 1 ? (name_bytes + 7) / 8 * 8 : name_bytes);
        std::uint64_t first = values > 0 ? cursor.number(4) : 0;
        cursor.skip(values > 0 ? 4 * (values - 1) : 0);
        if (version == 1 && values % 2 == 1) cursor.skip(4);
        if (id == 1)
            filters.push_back({Filter::Kind::deflate, static_cast<unsigned>(first)});
        else if (id == 2 && values >= 1)
            filters.push_back({Filter::Kind::shuffle, static_cast<unsigned>(first)});
        else if (id == 3)
            filters.push_back({Filter::Kind::fletcher32});
        else
            throw Reason("is packed with the filter " + std::to_string(id) +
                         "; wanted shuffle, gzip or fletcher32: h5repack can change it");
    }
    constexpr std::size_t most = 32;    // a chunk's mask has so many bits
    if (filters.size() > most) throw Reason("has unreadable filters");
    return filters;
}

}    // namespace xtape::io::hdf5
