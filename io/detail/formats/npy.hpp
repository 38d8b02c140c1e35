// One array in NumPy's format, in memory.
#pragma once

#include <xtape/io/detail/formats/elements.hpp>

#include <string>

namespace xtape::io::formats {

// Throws Reason when the bytes are no array in NumPy's format.
State::Value parse_npy(std::span<const std::byte> bytes);

// What stands before the elements.
std::string npy_header(const Elements& elements);

}    // namespace xtape::io::formats
