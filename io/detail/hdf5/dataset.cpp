// What a dataset says of itself, held against the file.
#include <xtape/core/shape.hpp>
#include <xtape/io/detail/hdf5/read.hpp>

#include <hdf5.h>

#include <algorithm>
#include <array>
#include <limits>

namespace xtape::io::hdf5 {
namespace {

constexpr std::uint64_t largest_ratio = 1032;    // deflate's: 258 bytes for two bits
constexpr std::uint64_t largest_chunk = std::uint64_t{1} << 26;

std::vector<Filter> read_filters(Id list) {
    int count = check(H5Pget_nfilters(list), "has unreadable filters");
    std::vector<Filter> filters;
    for (int i = 0; i < count; ++i) {
        unsigned flags = 0, config = 0;
        std::array<unsigned, 8> values{};
        std::size_t value_count = values.size();
        std::array<char, 64> name{};
        H5Z_filter_t id = H5Pget_filter2(list, static_cast<unsigned>(i), &flags, &value_count, values.data(),
                                         name.size(), name.data(), &config);
        if (id == H5Z_FILTER_SHUFFLE && value_count >= 1)
            filters.push_back({Filter::Kind::shuffle, values[0]});
        else if (id == H5Z_FILTER_DEFLATE)
            filters.push_back({Filter::Kind::deflate, values[0]});
        else if (id == H5Z_FILTER_FLETCHER32)
            filters.push_back({Filter::Kind::fletcher32});
        else
            throw Reason("is packed with the filter " + std::to_string(id) +
                         "; wanted shuffle, gzip or fletcher32: h5repack can change it");
    }
    return filters;
}

}    // namespace

Dataset::Dataset(File& file, std::string path) : file_(file), path_(std::move(path)) {
    id_ = open_object(file.handle, path_);
    if (H5Iget_type(id_) != H5I_DATASET) throw Reason("'" + path_ + "' is a group; wanted a dataset");
    try {
        read_properties();
        check_storage();
    } catch (const Reason& reason) {
        throw Reason("'" + path_ + "' " + reason.what());
    }
}

void Dataset::read_properties() {
    Handle type(H5Dget_type(id_), H5Tclose, "has an unreadable type");
    type_ = element_type(type);
    Handle space(H5Dget_space(id_), H5Sclose, "has an unreadable shape");
    if (H5Sget_simple_extent_type(space) == H5S_NULL) throw Reason("is empty: it has no shape");
    int rank = check(H5Sget_simple_extent_ndims(space), "has an unreadable shape");
    std::vector<hsize_t> lengths(static_cast<std::size_t>(rank));
    check(H5Sget_simple_extent_dims(space, lengths.data(), nullptr), "has an unreadable shape");
    shape_ = Shape(lengths.begin(), lengths.end());
    bool any = std::find(lengths.begin(), lengths.end(), 0U) == lengths.end();
    constexpr auto most = std::numeric_limits<std::size_t>::max() / 64;    // room for larger elements in memory
    count_ = any ? 1 : 0;
    for (std::size_t length : shape_) {
        if (any && length > most / (count_ * type_.bytes))
            throw Reason("has the shape " + to_string(shape_) + ", which no memory holds");
        count_ *= any ? length : 0;
    }

    Handle list(H5Dget_create_plist(id_), H5Pclose, "has unreadable properties");
    filters_ = read_filters(list);
    if (H5Pget_external_count(list) != 0) throw Reason("keeps its elements in another file, which is not opened");
    switch (H5Pget_layout(list)) {
        case H5D_COMPACT: place_ = Place::header; break;
        case H5D_CONTIGUOUS: place_ = Place::run; break;
        case H5D_CHUNKED: {
            place_ = Place::chunks;
            if (rank == 0 || H5Pget_chunk(list, rank, lengths.data()) != rank) fail("has unreadable chunks");
            chunk_ = Shape(lengths.begin(), lengths.end());
            break;
        }
        case H5D_VIRTUAL: throw Reason("is virtual: its elements are in other datasets, which are not opened");
        default: fail("has an unreadable layout");
    }

    using Kind = ElementType::Kind;
    if (type_.kind == Kind::float16)
        if (auto original = read_attribute(id_, original_type_attribute))
            if (const auto* text = std::get_if<std::string>(&*original)) original_type_ = *text;
    if (shape_.empty()) is_array_ = check(H5Aexists(id_, array_attribute), "has unreadable attributes") > 0;
    if (type_.kind != Kind::text && type_.kind != Kind::variable_text) return;
    if (count_ != 1) throw Reason("holds " + to_string(shape_) + " texts; wanted one");
    if (auto length = read_attribute(id_, length_attribute))
        if (const auto* number = std::get_if<std::int64_t>(&*length)) length_ = *number;
}

void Dataset::check_storage() {
    stored_bytes_ = H5Dget_storage_size(id_);
    std::uint64_t wanted = bytes(), file_bytes = file_.channel.size();
    if (wanted == 0) return;
    if (stored_bytes_ > file_bytes) throw Reason("says that it has more bytes than the file");
    if (place_ == Place::chunks) {
        std::uint64_t chunk_bytes = type_.bytes;
        for (std::size_t length : chunk_) {
            if (length == 0 || length > std::max(wanted, largest_chunk) / chunk_bytes)
                throw Reason("has chunks of shape " + to_string(chunk_) + ", larger than itself");
            chunk_bytes *= length;
        }
        bool packed = std::any_of(filters_.begin(), filters_.end(),
                                  [](const Filter& filter) { return filter.kind == Filter::Kind::deflate; });
        if (stored_bytes_ < wanted / (packed ? largest_ratio : 1))
            throw Reason("has the shape " + to_string(shape_) + " but only " + std::to_string(stored_bytes_) +
                         " stored bytes");
    } else {
        if (stored_bytes_ != wanted)
            throw Reason("has the shape " + to_string(shape_) + " but " + std::to_string(stored_bytes_) +
                         " stored bytes; wanted " + std::to_string(wanted));
        if (!filters_.empty()) throw Reason("has filters without chunks");
    }
    if (place_ == Place::run) {
        haddr_t offset = H5Dget_offset(id_);
        if (offset == HADDR_UNDEF) throw Reason("has a shape but no stored elements");
        if (offset > file_bytes - stored_bytes_) throw Reason("lies outside of the file");
        offset_ = offset;
    }
    if (type_.kind == ElementType::Kind::variable_text && place_ != Place::run)
        throw Reason("holds a text of varying length in chunks; wanted one without");
}

std::string read_variable_text(Channel& channel, std::uint64_t position) {
    // A length (4 bytes), the address of a heap (8), the number of an object in it (4). Source: HDF5 File Format
    // Specification 3.0, sections III.E and VIII.B.
    auto bytes_at = [&](std::uint64_t at, std::size_t size) {
        Bytes bytes(size);
        if (!channel.read(at, bytes.data(), size)) throw Reason("holds a text of varying length that is not there");
        return bytes;
    };
    auto number = [](const Bytes& bytes, std::size_t at, std::size_t size) {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < size; ++i) value |= std::to_integer<std::uint64_t>(bytes[at + i]) << (8 * i);
        return value;
    };
    Bytes reference = bytes_at(position, 16);
    std::uint64_t length = number(reference, 0, 4), heap = number(reference, 4, 8), wanted = number(reference, 12, 4);
    if (length == 0) return "";
    Bytes header = bytes_at(heap, 16);
    if (number(header, 0, 4) != 0x4c4f4347U) throw Reason("holds a text of varying length without a heap");    // "GCOL"
    std::uint64_t at = 16, end = number(header, 8, 8);
    while (at + 16 <= end) {
        Bytes object = bytes_at(heap + at, 16);
        std::uint64_t index = number(object, 0, 2), size = number(object, 8, 8);
        if (index == 0 || size > channel.size()) break;
        if (index == wanted) {
            Bytes content = bytes_at(heap + at + 16, static_cast<std::size_t>(std::min(size, length)));
            std::string text(reinterpret_cast<const char*>(content.data()), content.size());
            return text.substr(0, text.find('\0'));
        }
        at += 16 + (size + 7) / 8 * 8;
    }
    throw Reason("holds a text of varying length that is not there");
}

}    // namespace xtape::io::hdf5
