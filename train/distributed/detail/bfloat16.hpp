// bfloat16: the upper half of a float, on its way between ranks.
#pragma once

#include <bit>
#include <cstdint>

namespace xtape::train::detail {

// A float with 8 bits of precision instead of 24, and the same range.
enum class BFloat16 : std::uint16_t {};

// The nearest bfloat16, of two that are equally near the one whose last bit is 0; a NaN stays one.
inline BFloat16 to_bfloat16(float x) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    const std::uint32_t rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
    const std::uint32_t nan = bits >> 16 | 0x40;
    return static_cast<BFloat16>((bits & 0x7FFFFFFF) > 0x7F800000 ? nan : rounded);
}
inline float to_float(BFloat16 x) { return std::bit_cast<float>(static_cast<std::uint32_t>(x) << 16); }

}    // namespace xtape::train::detail
