// HDF5's two kinds of B-tree, from their first record to their last.
#pragma once

#include <xtape/io/detail/hdf5/parser/metadata.hpp>

#include <cstdint>
#include <functional>

namespace xtape::io::hdf5 {

// Version 1, of groups (type 0) and chunks (type 1): visits each child of the lowest nodes with the key before it, of
// `key_bytes`. Throws Reason.
using VisitChild = std::function<void(Cursor key, std::uint64_t child)>;
void for_each_child(Metadata& metadata, std::uint64_t root, unsigned type, std::size_t key_bytes,
                    const VisitChild& visit);

// Version 2, of the given record type. Throws Reason.
using VisitRecord = std::function<void(Cursor record)>;
void for_each_record(Metadata& metadata, std::uint64_t header, unsigned type, const VisitRecord& visit);

}    // namespace xtape::io::hdf5
