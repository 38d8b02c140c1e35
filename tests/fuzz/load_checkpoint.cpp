// libFuzzer's target for the loader: whatever the bytes are, a State or io::Error comes out. Built by scripts/fuzz.sh.
//
// Random changes mostly fail at HDF5's checksums. With XTAPE_FUZZ_REPAIR set, the bytes are read a second time with
// those checksums made right, which reaches HDF5's decoders. HDF5 1.10.8 does not survive that, so they are read as
// untrusted.
#include <xtape/io/checkpoint.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

extern "C" std::uint32_t H5_checksum_metadata(const void* data, std::size_t size, std::uint32_t start);

namespace {

void read(std::span<const std::byte> bytes, bool untrusted) {
    try {
        constexpr std::uint64_t limit = std::uint64_t{1} << 24;
        for (bool verify : {true, false})
            (void)xtape::io::read_state(bytes, {.verify = verify, .untrusted = untrusted, .limit = limit});
    } catch (const xtape::io::Error&) {
        return;
    }
}

std::uint32_t little_endian(const std::byte* at) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i) value |= std::to_integer<std::uint32_t>(at[i]) << (8 * i);
    return value;
}

void put_checksum(std::span<std::byte> structure) {
    std::size_t size = structure.size() - 4;
    std::uint32_t sum = H5_checksum_metadata(structure.data(), size, 0);
    for (unsigned i = 0; i < 4; ++i) structure[size + i] = static_cast<std::byte>(sum >> (8 * i) & 0xffU);
}

// The superblock and the first chunk of every object header, which hold nearly all that our files have.
void repair_checksums(std::vector<std::byte>& bytes) {
    constexpr std::size_t superblock = 48;
    if (bytes.size() < superblock) return;
    put_checksum(std::span(bytes).first(superblock));
    for (std::size_t at = 0; at + 16 < bytes.size(); ++at) {
        if (std::memcmp(&bytes[at], "OHDR", 4) != 0) continue;
        auto flags = std::to_integer<unsigned>(bytes[at + 5]);
        std::size_t begin = at + 6 + ((flags & 0x20U) != 0 ? 16 : 0) + ((flags & 0x10U) != 0 ? 4 : 0);
        std::size_t width = std::size_t{1} << (flags & 3U);
        if (begin + width + 4 > bytes.size() || width > 4) continue;
        std::size_t length = little_endian(&bytes[begin]) & (width == 4 ? 0xffffffffU : (1U << (8 * width)) - 1U);
        std::size_t end = begin + width + length + 4;
        if (end <= bytes.size()) put_checksum(std::span(bytes).subspan(at, end - at));
    }
}

}    // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto bytes = std::as_bytes(std::span(data, size));
    read(bytes, false);
    static const bool repairs = std::getenv("XTAPE_FUZZ_REPAIR") != nullptr;
    if (!repairs) return 0;
    std::vector<std::byte> repaired(bytes.begin(), bytes.end());
    repair_checksums(repaired);
    read(repaired, true);
    return 0;
}
