// Memory that will be handed out again, filled with NaN, so that reading what nobody has written shows.
#pragma once

#include <xtape/core/array.hpp>

#include <cstddef>
#include <limits>
#include <vector>

inline void spoil_free_memory() {
    std::vector<xtape::Array<double>> blocks;
    for (std::size_t size = 8; size <= 4096; size += size < 32 ? 8 : size / 4)    // each class of sizes
        for (int count = 0; count < 8; ++count)
            blocks.emplace_back(xtape::Shape{size}, std::numeric_limits<double>::quiet_NaN());
    // As floats they are NaN and 0 in turn: the other half needs NaNs of its own.
    std::vector<xtape::Array<float>> more;
    for (std::size_t size = 16; size <= 8192; size += size < 64 ? 16 : size / 4)
        for (int count = 0; count < 4; ++count)
            more.emplace_back(xtape::Shape{size}, std::numeric_limits<float>::quiet_NaN());
}
