// libFuzzer's target for the loader: whatever the bytes are, a State or io::Error comes out. Built by scripts/fuzz.sh.
//
// Random changes mostly fail at the checksums, so the bytes are read a second time with those made right.
#include <xtape/io/checkpoint.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "mutations.hpp"

namespace {

void read(std::span<const std::byte> bytes) {
    try {
        constexpr std::uint64_t limit = std::uint64_t{1} << 24;
        for (bool verify : {true, false})
            (void)xtape::io::read_state(bytes, {.verify = verify, .limits = {.bytes = limit}});
    } catch (const xtape::io::Error&) {
        return;
    }
}

}    // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto bytes = std::as_bytes(std::span(data, size));
    read(bytes);
    std::vector<std::byte> repaired(bytes.begin(), bytes.end());
    fuzz::repair_checksums(repaired);
    read(repaired);
    return 0;
}
