// The bytes under an HDF5 file: an open file descriptor, or memory. HDF5 reaches them through a driver of our own.
//
// Two things need it. HDF5 cannot be closed after a failed write (the disk is full), and then ends the process badly:
// so a failed write is remembered here, reported to HDF5 as done, and thrown by us. And HDF5 wants a chunk and its
// checksum in one block of memory: a `Split` lets the chunk be an array's own memory and the checksum stand elsewhere.
#pragma once

#include <xtape/io/detail/hdf5/library.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace xtape::io::hdf5 {

using Bytes = std::vector<std::byte>;

class Channel {
public:
    explicit Channel(int descriptor);    // borrowed
    explicit Channel(std::span<const std::byte> bytes) : memory_(bytes), size_(bytes.size()) {}

    std::uint64_t size() const { return size_; }

    // False when the bytes are not there; the first failure is kept as error().
    bool read(std::uint64_t position, void* buffer, std::size_t size) noexcept;
    void write(std::uint64_t position, const void* buffer, std::size_t size) noexcept;
    void truncate(std::uint64_t size) noexcept;

    // Takes disk space for the file ahead: it fails early when there is none, and is in one piece when there is.
    void reserve(std::uint64_t size);

    // Throws Reason when a write has failed.
    void check() const;
    const std::string& error() const { return error_; }

    // While it lives, a read or write of buffer[0, size + 4) moves buffer[0, size) and these four bytes.
    class Split {
    public:
        Split(Channel& channel, const void* buffer, std::size_t size, std::array<std::uint8_t, 4>& tail);
        Split(const Split&) = delete;
        Split& operator=(const Split&) = delete;
        ~Split() { channel_.split_ = nullptr; }

        // Whether the driver saw it, and not a copy that HDF5 made.
        bool used() const { return used_; }

    private:
        friend class Channel;
        Channel& channel_;
        const void* buffer_;
        std::size_t size_;
        std::array<std::uint8_t, 4>& tail_;
        bool used_ = false;
    };

private:
    bool transfer(bool writing, std::uint64_t position, void* buffer, std::size_t size) noexcept;
    bool move(bool writing, std::uint64_t position, void* buffer, std::size_t size) noexcept;
    void keep_error(const char* what, int code) noexcept;

    int descriptor_ = -1;
    std::span<const std::byte> memory_;
    std::uint64_t size_ = 0;
    std::string error_;
    Split* split_ = nullptr;
};

// A file of HDF5 over the bytes of a channel, which must outlive it.
Handle open_file(Channel& channel);
Handle create_file(Channel& channel);
Handle edit_file(Channel& channel);

}    // namespace xtape::io::hdf5
