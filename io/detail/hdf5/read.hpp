// Reading datasets that nobody vouches for: everything is compared with the file before memory is taken.
#pragma once

#include <xtape/core/state.hpp>
#include <xtape/io/detail/hdf5/channel.hpp>
#include <xtape/io/detail/hdf5/chunks.hpp>
#include <xtape/io/detail/hdf5/types.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xtape::io::hdf5 {

// An open file, and what may be read from it.
struct File {
    Channel& channel;
    Handle handle;
    bool verify = true;
    std::uint64_t budget = 0;    // bytes of elements that may still be read; each reading takes its own

    void take(std::uint64_t bytes);
};

// Opens the object at a path ("/model/fc1"), through hard links only. Throws Reason naming the first part that is not
// there, or is a link to elsewhere.
Handle open_object(Id file, const std::string& path);

struct Item {
    std::string path;
    bool is_group;
};
// All groups and datasets below the root, in the order in which they were made where the file remembers it. Throws
// Reason for links to other places, cycles, and nesting deeper than 100 groups.
std::vector<Item> list_items(Id file);

class Dataset {
public:
    // Throws Reason when it is no dataset, holds no numbers or text, or says more of itself than the file holds.
    Dataset(File& file, std::string path);

    const std::string& path() const { return path_; }
    const ElementType& type() const { return type_; }
    const Shape& shape() const { return shape_; }
    std::uint64_t stored_bytes() const { return stored_bytes_; }
    std::uint64_t bytes() const { return count_ * type_.bytes; }
    const std::vector<Filter>& filters() const { return filters_; }
    bool is_checked() const;    // whether a checksum guards its elements

    // What read() gives, without the elements. Where the file leaves a choice (numbers without axes, float16 of unknown
    // origin), `wanted` makes it.
    State::Value layout(const State::Value* wanted = nullptr) const;
    State::Value read(const State::Value& as) const;

private:
    enum class Place { header, run, chunks };

    template <class T>
    Array<T> read_array() const;
    template <class T>
    T read_number() const;
    std::string read_text() const;
    template <class Convert>
    void read_elements(std::byte* to, std::size_t element_bytes, bool as_stored, const Convert& convert) const;
    template <class Convert>
    void read_chunk(const ChunkPlace& place, std::byte* to, std::size_t element_bytes, bool as_stored,
                    const Convert& convert) const;
    void read_properties();
    void check_storage();

    File& file_;
    std::string path_;
    Handle id_;
    ElementType type_;
    Shape shape_;
    Place place_ = Place::run;
    Shape chunk_;
    std::vector<Filter> filters_;
    std::size_t count_ = 1;
    std::uint64_t stored_bytes_ = 0;
    std::uint64_t offset_ = 0;
    bool is_array_ = false;
    std::string original_type_;
    std::optional<std::int64_t> length_;
};

// A number or text; nothing when there is no such attribute, or it holds something else.
std::optional<State::Value> read_attribute(Id object, const std::string& name);
std::vector<std::string> attribute_names(Id object);

// The text at a place that holds HDF5's reference to a string of varying length (as h5py writes them).
std::string read_variable_text(Channel& channel, std::uint64_t position);

}    // namespace xtape::io::hdf5
