#include <xtape/io/detail/hdf5/parser/metadata.hpp>

#include <bit>

namespace xtape::io::hdf5 {

std::uint32_t lookup3(std::span<const std::byte> bytes) {
    auto word = [&](std::size_t at) {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < 4 && at + i < bytes.size(); ++i)
            value |= std::to_integer<std::uint32_t>(bytes[at + i]) << (8 * i);
        return value;
    };
    auto mix = [](std::uint32_t& x, std::uint32_t& y, std::uint32_t z, int turn) {
        x -= y;
        x ^= std::rotl(y, turn);
        y += z;
    };
    auto finish = [](std::uint32_t& x, std::uint32_t y, int turn) {
        x ^= y;
        x -= std::rotl(y, turn);
    };
    std::uint32_t a = 0xdeadbeefU + static_cast<std::uint32_t>(bytes.size()), b = a, c = a;
    std::size_t at = 0;
    for (; bytes.size() - at > 12; at += 12) {
        a += word(at);
        b += word(at + 4);
        c += word(at + 8);
        mix(a, c, b, 4);
        mix(b, a, c, 6);
        mix(c, b, a, 8);
        mix(a, c, b, 16);
        mix(b, a, c, 19);
        mix(c, b, a, 4);
    }
    if (at == bytes.size()) return c;
    a += word(at);
    b += word(at + 4);
    c += word(at + 8);
    finish(c, b, 14);
    finish(a, c, 11);
    finish(b, a, 25);
    finish(c, b, 16);
    finish(a, c, 4);
    finish(b, a, 14);
    finish(c, b, 24);
    return c;
}

}    // namespace xtape::io::hdf5
