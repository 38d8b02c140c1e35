// The structure of an HDF5 file, read without HDF5: the bytes are taken for what anybody may have written. Whatever
// they are, reading them ends in a value or a Reason, within the limits. Nothing here includes or calls HDF5.
//
// "Spec" in comments is the HDF5 File Format Specification, version 3.0.
#pragma once

#include <xtape/io/detail/hdf5/channel.hpp>
#include <xtape/io/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xtape::io::hdf5 {

constexpr std::uint64_t no_address = ~std::uint64_t{0};

// Reads little-endian numbers one after the other. Throws Reason beyond the end.
class Cursor {
public:
    explicit Cursor(std::span<const std::byte> bytes) : bytes_(bytes) {}

    std::uint64_t number(std::size_t size);    // of 1 to 8 bytes
    std::span<const std::byte> take(std::uint64_t size);
    void skip(std::uint64_t size) { take(size); }
    std::size_t left() const { return bytes_.size(); }

private:
    std::span<const std::byte> bytes_;
};

// Places that a traversal has been to. Throws Reason at the second visit, which no sound file makes.
class Visited {
public:
    void enter(std::uint64_t address, std::string_view what);

private:
    std::set<std::uint64_t> addresses_;
};

class Metadata {
public:
    // Reads the superblock. Throws Reason, as everything here does.
    Metadata(Channel& channel, const FileOptions& options);

    std::uint64_t root() const { return root_; }    // the address of the root group's header
    std::uint64_t file_bytes() const { return channel_.size(); }
    std::size_t deepest() const;    // groups within groups

    // The numbers of bytes in which this file keeps addresses and lengths, and both read from a cursor.
    std::size_t address_bytes() const { return address_bytes_; }
    std::size_t length_bytes() const { return length_bytes_; }
    std::uint64_t address(Cursor& cursor) const;    // no_address where the file has "undefined"
    std::uint64_t length(Cursor& cursor) const { return cursor.number(length_bytes_); }

    // The bytes at an address.
    Bytes block(std::uint64_t address, std::uint64_t size);
    // A block that begins with a signature of four letters; with its checksum, its last four bytes, verified and gone.
    Bytes signed_block(std::uint64_t address, std::uint64_t size, std::string_view signature);
    Bytes checked_block(std::uint64_t address, std::uint64_t size, std::string_view signature);
    void check_sum(std::span<const std::byte> block) const;    // throws Reason unless its last four bytes fit

    // Where in the file [address, address + size) is. Throws Reason when it is outside.
    std::uint64_t position(std::uint64_t address, std::uint64_t size) const;

    // Counts memory that a result takes. Throws Reason beyond the limit.
    void charge(std::uint64_t bytes);

    // While one lives, processor time is counted as the structure's, and limited.
    class Work {
    public:
        explicit Work(Metadata& metadata);
        Work(const Work&) = delete;
        Work& operator=(const Work&) = delete;
        ~Work();

    private:
        Metadata& metadata_;
        bool is_outer_;
    };

private:
    void read_superblock(std::uint64_t start);
    void read_old_superblock(Cursor& cursor, unsigned version);
    void read_new_superblock(Cursor& cursor, std::uint64_t start);
    void check_extension(std::uint64_t address);
    void check_time(std::uint64_t bytes);

    Channel& channel_;
    Limits limits_;
    bool trusted_;
    std::size_t address_bytes_ = 8, length_bytes_ = 8;
    std::uint64_t base_ = 0, root_ = no_address;
    std::uint64_t charged_ = 0, unchecked_ = 0;
    double seconds_ = 0, started_ = -1;
    Bytes window_;    // the last small piece of the file that was read
    std::uint64_t window_start_ = 0;
};

// Bob Jenkins's lookup3 hash, hashlittle() with the initial value 0: HDF5's checksum of metadata.
// Source: http://burtleburtle.net/bob/c/lookup3.c, which is in the public domain.
std::uint32_t lookup3(std::span<const std::byte> bytes);

}    // namespace xtape::io::hdf5
