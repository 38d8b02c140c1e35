// Writing values as datasets and attributes.
#pragma once

#include <xtape/core/state.hpp>
#include <xtape/io/detail/hdf5/channel.hpp>

#include <cstddef>
#include <map>
#include <string>

namespace xtape::io::hdf5 {

struct DatasetOptions {
    int compression = 0;    // gzip's level after shuffling bytes; 0 stores plainly
    std::size_t chunk_bytes = std::size_t{1} << 20;
    bool float16 = false;
};

// What is small stands in the object's header, whose checksum HDF5 keeps; what is larger in chunks with checksums.
constexpr std::size_t largest_compact = 4096;

void write_dataset(Id group, const std::string& name, const State::Value& value, const DatasetOptions& options,
                   Channel& channel);

// A number or text as an attribute; replaces one of that name. Throws Reason for an array.
void write_attribute(Id object, const std::string& name, const State::Value& value);

// The object at a path ("/model/fc1"), and whether a group's member is a dataset. Throw Reason where a link leads
// elsewhere.
Handle open_object(Id file, const std::string& path);
bool is_dataset(Id group, const std::string& name);

// The groups of a file, made as they are asked for ("model/fc1", or "" for the root) and kept open.
class Groups {
public:
    explicit Groups(Id file) : file_(file) {}
    Id at(const std::string& path);

private:
    Id file_;
    std::map<std::string, Handle> open_;
};

}    // namespace xtape::io::hdf5
