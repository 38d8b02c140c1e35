// Digits that the library draws, so that programs run with nothing downloaded.
#pragma once

#include <xtape/train/data/dataset.hpp>

#include <cstddef>
#include <cstdint>

namespace xtape::train {

struct DigitOptions {
    std::size_t count = 1000;
    std::uint64_t seed = 0;
};

// Written digits 0 to 9 in 28 x 28 pixels, flat (784 inputs), 0 being paper and 1 full ink; each in one of its usual
// ways with random slant, size, turn, shift, thickness, unsteadiness and noise. The same seed draws the same digits to
// the last bit on every machine, and more digits begin with the same ones.
template <class T>
Dataset<T> digits(const DigitOptions& options = {});

}    // namespace xtape::train
