// What the messages of a dataset's header say.
#pragma once

#include <xtape/core/shape.hpp>
#include <xtape/core/state.hpp>
#include <xtape/io/detail/hdf5/chunks.hpp>
#include <xtape/io/detail/hdf5/parser/object_header.hpp>
#include <xtape/io/detail/hdf5/types.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xtape::io::hdf5 {

struct Dataspace {
    bool is_null = false;    // no elements and no shape
    std::vector<std::uint64_t> shape;
    std::vector<std::uint64_t> most;    // as far as it may grow; all ones: for ever
};
Dataspace parse_dataspace(Metadata& metadata, Cursor cursor);

// Throws Reason naming the type when a State cannot hold it.
ElementType parse_type(Cursor cursor);

struct Placement {
    enum class Place { header, run, chunks };
    Place place = Place::run;
    Bytes content;                            // in the header
    std::uint64_t address = no_address;       // of the run, or of the index of chunks
    std::uint64_t size = 0;                   // of the run
    std::vector<std::uint64_t> chunk;         // the shape of a chunk
    std::uint64_t chunk_element_bytes = 0;    // the last number of that shape in the file

    // Spec, section IV.A.2.i, "Chunk Indexing Type".
    enum class Index { old_tree, single, implicit, fixed_array, extensible_array, new_tree };
    Index index = Index::old_tree;
    bool plain_edges = false;         // chunks that are partly outside pass through no filters
    std::uint64_t single_size = 0;    // of a single chunk that passed through filters; 0: as large as a chunk
    std::uint64_t single_skipped = 0;
};
Placement parse_placement(Metadata& metadata, Cursor cursor);

// Throws Reason naming a filter that is not ours.
std::vector<Filter> parse_filters(Cursor cursor);

struct Attribute {
    std::string name;
    std::optional<State::Value> value;    // nothing when it is no number and no text
};
// All attributes of an object. Throws Reason.
std::vector<Attribute> attributes_of(Metadata& metadata, const ObjectHeader& object);

}    // namespace xtape::io::hdf5
