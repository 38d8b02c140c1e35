// Digits drawn by the program as a hand would, so that the example runs with nothing downloaded.
#pragma once

#include <xtape/core/array.hpp>

#include <cstddef>
#include <cstdint>

namespace xtape::train::detail {

struct Drawings {
    Array<float> images;    // (count, 28, 28), 0 is the background and 1 full ink
    Indices labels;         // (count,), 0 to 9
};

// `count` digits, each written in one of its usual ways with random slant, size, turn, shift, thickness, unsteadiness
// and noise. The same seed draws the same digits to the last bit on every machine.
Drawings draw_digits(std::size_t count, std::uint64_t seed);

}    // namespace xtape::train::detail
