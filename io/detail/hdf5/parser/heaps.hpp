// Where HDF5 keeps names, links, attributes and texts that are not in an object's header.
#pragma once

#include <xtape/io/detail/hdf5/parser/metadata.hpp>

#include <cstdint>
#include <map>
#include <string>

namespace xtape::io::hdf5 {

// The names of an old group.
class LocalHeap {
public:
    LocalHeap(Metadata& metadata, std::uint64_t address);
    std::string name(std::uint64_t offset) const;    // throws Reason

private:
    Bytes content_;
};

// Links and attributes of new groups, as objects with an identifier each.
class FractalHeap {
public:
    FractalHeap(Metadata& metadata, std::uint64_t address);
    // Throws Reason; also for objects so large that they stand elsewhere, which links never are.
    std::span<const std::byte> object(Cursor id) const;

private:
    struct Table {
        std::uint64_t width, start, most_direct;
        std::uint64_t row_block(std::uint64_t row) const { return row == 0 ? start : start << (row - 1); }
    };
    void add_direct(std::uint64_t address, std::uint64_t size, std::uint64_t offset);
    void add_indirect(std::uint64_t address, std::uint64_t rows, std::uint64_t offset);

    Metadata& metadata_;
    std::uint64_t address_;
    Table table_{};
    bool has_checksums_ = false;
    std::size_t offset_bytes_ = 0, size_bytes_ = 0;
    std::map<std::uint64_t, Bytes> blocks_;    // by where they begin in the heap
    Visited visited_;
};

// The text that a reference in a dataset or attribute stands for: its length, the address of a heap, its number there.
std::string variable_text(Metadata& metadata, Cursor reference);

}    // namespace xtape::io::hdf5
