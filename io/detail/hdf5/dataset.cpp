// What a dataset says of itself, held against the file.
#include <xtape/core/shape.hpp>
#include <xtape/io/detail/hdf5/read.hpp>

#include <algorithm>
#include <limits>

namespace xtape::io::hdf5 {
namespace {

constexpr std::uint64_t largest_ratio = 1032;    // deflate's: 258 bytes for two bits
constexpr std::uint64_t largest_chunk = std::uint64_t{1} << 26;

}    // namespace

Dataset::Dataset(File& file, const Item& item) : file_(file), path_(item.path) {
    if (item.is_group) throw Reason("'" + path_ + "' is a group; wanted a dataset");
    try {
        Metadata::Work work(file.metadata);
        ObjectHeader header(file.metadata, item.address);
        read_properties(header);
        read_attributes(header);
    } catch (const Reason& reason) {
        throw Reason("'" + path_ + "' " + reason.what());
    }
}

void Dataset::read_properties(const ObjectHeader& header) {
    auto content = [&](unsigned type, const char* what) {
        auto bytes = header.content(file_.metadata, type);
        if (!bytes) throw Reason(std::string("has no ") + what);
        return std::move(*bytes);
    };
    type_ = parse_type(Cursor(content(message::datatype, "type")));
    Dataspace space = parse_dataspace(file_.metadata, Cursor(content(message::dataspace, "shape")));
    if (space.is_null) throw Reason("is empty: it has no shape");
    shape_ = Shape(space.shape.begin(), space.shape.end());
    bool any = std::find(shape_.begin(), shape_.end(), 0U) == shape_.end();
    constexpr auto most = std::numeric_limits<std::size_t>::max() / 64;    // room for larger elements in memory
    count_ = any ? 1 : 0;
    for (std::size_t length : shape_) {
        if (any && length > most / (count_ * type_.bytes))
            throw Reason("has the shape " + to_string(shape_) + ", which no memory holds");
        count_ *= any ? length : 0;
    }
    if (header.find(message::external_files) != nullptr)
        throw Reason("keeps its elements in another file, which is not opened");
    if (auto filters = header.content(file_.metadata, message::filters)) filters_ = parse_filters(Cursor(*filters));
    placement_ = parse_placement(file_.metadata, Cursor(content(message::layout, "layout")));
    has_checksums_ = header.has_checksum();
    if (bytes() == 0) return;
    if (placement_.place == Placement::Place::chunks)
        check_chunks(space);
    else
        check_run();
}

std::uint64_t Dataset::chunk_bytes() const { return element_count(chunk_) * type_.bytes; }

void Dataset::check_chunks(const Dataspace& space) {
    chunk_ = Shape(placement_.chunk.begin(), placement_.chunk.end());
    if (chunk_.size() != shape_.size() || placement_.chunk_element_bytes != type_.bytes)
        throw Reason("has unreadable chunks");
    std::uint64_t size = type_.bytes;
    for (std::size_t length : chunk_) {
        if (length == 0 || length > std::max(bytes(), largest_chunk) / size)
            throw Reason("has chunks of shape " + to_string(chunk_) + ", larger than itself");
        size *= length;
    }
    if (type_.kind == ElementType::Kind::variable_text)
        throw Reason("holds a text of varying length in chunks; wanted one without");
    chunks_ = stored_chunks(file_.metadata, {space, placement_, size, !filters_.empty()});
    std::uint64_t wanted = 1;    // not more than there are elements
    for (std::size_t axis = 0; axis < shape_.size(); ++axis)
        wanted *= shape_[axis] / chunk_[axis] + (shape_[axis] % chunk_[axis] != 0 ? 1 : 0);
    bool packed = std::any_of(filters_.begin(), filters_.end(),
                              [](const Filter& filter) { return filter.kind == Filter::Kind::deflate; });
    bool fits = true;
    for (const StoredChunk& chunk : chunks_) {
        stored_bytes_ += chunk.size;
        if (stored_bytes_ > file_.channel.size()) throw Reason("says that it has more bytes than the file");
        fits = fits && chunk.size >= size / (packed ? largest_ratio : 1);
    }
    if (chunks_.size() != wanted || !fits)
        throw Reason("has the shape " + to_string(shape_) + " but only " + std::to_string(stored_bytes_) +
                     " stored bytes");
}

void Dataset::check_run() {
    bool in_header = placement_.place == Placement::Place::header;
    if (placement_.size == no_address) placement_.size = bytes();
    stored_bytes_ = in_header ? placement_.content.size() : placement_.size;
    if (stored_bytes_ > file_.channel.size()) throw Reason("says that it has more bytes than the file");
    if (!in_header && placement_.address == no_address) throw Reason("has a shape but no stored elements");
    if (stored_bytes_ != bytes())
        throw Reason("has the shape " + to_string(shape_) + " but " + std::to_string(stored_bytes_) +
                     " stored bytes; wanted " + std::to_string(bytes()));
    if (!filters_.empty()) throw Reason("has filters without chunks");
    if (!in_header) placement_.address = file_.metadata.position(placement_.address, placement_.size);
}

void Dataset::read_attributes(const ObjectHeader& header) {
    using Kind = ElementType::Kind;
    bool is_text = type_.kind == Kind::text || type_.kind == Kind::variable_text;
    if (is_text && count_ != 1) throw Reason("holds " + to_string(shape_) + " texts; wanted one");
    if (!is_text && type_.kind != Kind::float16 && !shape_.empty()) return;
    for (const auto& attribute : hdf5::attributes_of(file_.metadata, header)) {
        if (attribute.name == array_attribute) is_array_ = shape_.empty();
        if (!attribute.value) continue;
        if (attribute.name == original_type_attribute && type_.kind == Kind::float16)
            if (const auto* text = std::get_if<std::string>(&*attribute.value)) original_type_ = *text;
        if (attribute.name == length_attribute && is_text)
            if (const auto* number = std::get_if<std::int64_t>(&*attribute.value)) length_ = *number;
    }
}

}    // namespace xtape::io::hdf5
