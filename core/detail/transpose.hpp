// Matrices turned over in registers: how short rows are brought side by side, so that many of them are worked on at
// once.
#pragma once

#include <cstddef>

namespace xtape::detail {

// Rows up to this length are taken apart and put together without a detour, where they follow one another.
inline constexpr std::size_t longest_short_row = 8;

// to[c to_step + r] = from[r from_step + c]. A step of 0 reads one row over and over, a negative one runs backwards.
template <class T>
void transpose_block(const T* from, std::ptrdiff_t from_step, std::size_t rows, std::size_t columns, T* to,
                     std::size_t to_step);

}    // namespace xtape::detail
