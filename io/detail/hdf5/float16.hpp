// IEEE half-precision numbers, as bits, for weights that are stored small.
#pragma once

#include <bit>
#include <cstdint>

namespace xtape::io::hdf5 {

// The nearest half, ties to even; beyond 65519 infinity; NaN stays NaN.
inline std::uint16_t to_half(float value) {
    auto bits = std::bit_cast<std::uint32_t>(value);
    auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000U);
    bits &= 0x7fffffffU;
    auto with_sign = [&](std::uint32_t magnitude) { return static_cast<std::uint16_t>(sign | magnitude); };
    if (bits > 0x7f800000U) return with_sign(0x7e00U | (bits >> 13 & 0x1ffU));
    if (bits >= 0x477ff000U) return with_sign(0x7c00U);
    if (bits < 0x38800000U) {    // below the smallest normal half: let the addition round
        float sum = std::bit_cast<float>(bits) + 0.5F;
        return with_sign(std::bit_cast<std::uint32_t>(sum) - std::bit_cast<std::uint32_t>(0.5F));
    }
    bits += 0xfffU + (bits >> 13 & 1U);
    return with_sign((bits - 0x38000000U) >> 13);
}

// Exact.
inline float from_half(std::uint16_t half) {
    std::uint32_t sign = std::uint32_t{half & 0x8000U} << 16;
    std::uint32_t magnitude = half & 0x7fffU;
    if (magnitude >= 0x7c00U) return std::bit_cast<float>(sign | 0x7f800000U | (magnitude & 0x3ffU) << 13);
    // 2^112 moves the exponent's bias from 15 to 127, subnormal halves included.
    float scaled = std::bit_cast<float>(magnitude << 13) * 0x1p112F;
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(scaled));
}

}    // namespace xtape::io::hdf5
