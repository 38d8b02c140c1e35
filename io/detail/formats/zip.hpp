// The parts of the ZIP format that NumPy's .npz needs: stored and deflated members, up to 2^64 bytes.
#pragma once

#include <xtape/io/detail/formats/elements.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace xtape::io::formats {

struct ZipMember {
    std::string name;
    std::uint32_t method = 0, checksum = 0;
    std::uint64_t packed_bytes = 0, bytes = 0, header = 0;
};

// The central directory. Throws Reason. Source: PKWARE's APPNOTE 6.3.
std::vector<ZipMember> list_zip(std::span<const std::byte> zip);

// A member's content, its size and checksum verified. Throws Reason.
Bytes extract(std::span<const std::byte> zip, const ZipMember& member);

// Collects members, in parts that refer to the given bytes.
class ZipWriter {
public:
    void add(const std::string& name, const std::vector<std::span<const std::byte>>& content);
    // All parts of the file; they refer to this writer and to what was given to it.
    std::vector<std::span<const std::byte>> finish();

private:
    struct Piece {
        std::string header;
        std::vector<std::span<const std::byte>> content;
    };
    std::vector<Piece> pieces_;
    std::string directory_;
    std::uint64_t size_ = 0, count_ = 0;
};

}    // namespace xtape::io::formats
