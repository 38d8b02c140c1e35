// Reading datasets that nobody vouches for: everything is compared with the file before memory is taken.
#pragma once

#include <xtape/core/state.hpp>
#include <xtape/io/detail/hdf5/channel.hpp>
#include <xtape/io/detail/hdf5/chunks.hpp>
#include <xtape/io/detail/hdf5/parser/chunk_index.hpp>
#include <xtape/io/detail/hdf5/parser/messages.hpp>
#include <xtape/io/detail/hdf5/types.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xtape::io::hdf5 {

// An open file, and what may be read from it.
struct File {
    Channel& channel;
    Metadata metadata;
    bool verify = true;
    std::uint64_t budget = 0;    // bytes of elements that may still be read; each reading takes its own

    void take(std::uint64_t bytes);
};

// A group or dataset of a file.
struct Item {
    std::string path;
    bool is_group = false;
    std::uint64_t address = no_address;    // of its header
};

// The object at a path ("/model/fc1"), found through hard links only. Throws Reason naming the first part that is not
// there, or is a link to elsewhere.
Item find_item(File& file, const std::string& path);

// All groups and datasets below the root, in the order in which they were made where the file remembers it. Throws
// Reason for links to other places, cycles, and nesting deeper than the limit.
std::vector<Item> list_items(File& file);

// The attributes of an object that are numbers or texts. Throws Reason.
std::vector<Attribute> attributes_of(File& file, const Item& item);

class Dataset {
public:
    // Throws Reason when it is no dataset, holds no numbers or text, or says more of itself than the file holds.
    Dataset(File& file, const Item& item);

    const std::string& path() const { return path_; }
    const ElementType& type() const { return type_; }
    const Shape& shape() const { return shape_; }
    std::uint64_t stored_bytes() const { return stored_bytes_; }
    std::uint64_t bytes() const { return count_ * type_.bytes; }
    bool is_checked() const;    // whether a checksum guards its elements

    // What read() gives, without the elements. Where the file leaves a choice (numbers without axes, float16 of unknown
    // origin), `wanted` makes it.
    State::Value layout(const State::Value* wanted = nullptr) const;
    State::Value read(const State::Value& as) const;

    // Rows are read in blocks: those of chunks that begin at the same row, or about a megabyte of a plain run. Wanted
    // is at least one axis. Told to `convert`, numbers that a T cannot hold are rounded to it, but none beyond its
    // range.
    std::size_t block_rows() const;
    template <class T>
    Array<T> read_block(std::size_t block, bool convert) const;

private:
    template <class T>
    Array<T> read_array() const;
    template <class T>
    T read_number() const;
    std::string read_text() const;
    template <class Convert>
    void read_elements(std::byte* to, std::size_t element_bytes, bool as_stored, const Convert& convert) const;
    template <class Convert>
    void read_chunk(const StoredChunk& stored, const ChunkPlace& place, const Shape& shape, std::byte* to,
                    std::size_t element_bytes, bool as_stored, const Convert& convert) const;
    template <class Convert>
    void read_run(std::size_t first, std::size_t count, std::byte* to, bool as_stored, const Convert& convert) const;
    template <class T>
    bool is_stored_as() const;
    void read_raw(std::uint64_t position, void* to, std::size_t size) const;
    void read_properties(const ObjectHeader& header);
    void read_attributes(const ObjectHeader& header);
    void check_chunks(const Dataspace& space);
    void check_run();
    std::uint64_t chunk_bytes() const;

    File& file_;
    std::string path_;
    ElementType type_;
    Shape shape_;
    Placement placement_;
    Shape chunk_;
    std::vector<StoredChunk> chunks_;
    std::vector<Filter> filters_;
    std::size_t count_ = 1;
    std::uint64_t stored_bytes_ = 0;
    bool has_checksums_ = false;    // in the object's header
    bool is_array_ = false;
    std::string original_type_;
    std::optional<std::int64_t> length_;
};

}    // namespace xtape::io::hdf5
