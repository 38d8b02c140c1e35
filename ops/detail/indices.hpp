// Checked indices, for the operations that look up and add by them.
#pragma once

#include <xtape/core/array.hpp>

#include <cstddef>
#include <cstdint>

namespace xtape::detail {

// The indices counted from the front. Throws std::out_of_range for one that is not among `length` elements.
Indices normalize_indices(const char* name, const Indices& indices, std::size_t length);

[[noreturn]] void refuse_index(const char* name, std::int64_t index, std::size_t position, std::size_t length);
[[noreturn]] void refuse_source(const char* name, const Shape& source, const Shape& wanted);

}    // namespace xtape::detail
