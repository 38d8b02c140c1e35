// Shapes in words, broadcasting, axes.
#pragma once

#include <xtape/core/array.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xtape {

// "(2, 3)", "(5,)", "()".
std::string to_string(const Shape& shape);

// The number of elements. Throws ShapeError when it does not fit in the address space.
std::size_t element_count(const Shape& shape);

// a == b, without a call for the few axes that shapes have.
inline bool same_shape(const Shape& a, const Shape& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t d = 0; d < a.size(); ++d)
        if (a[d] != b[d]) return false;
    return true;
}

// NumPy's broadcasting of two shapes. Throws ShapeError naming both and `operation`.
Shape broadcast_shapes(std::string_view operation, const Shape& a, const Shape& b);

// Whether `from` broadcasts to `to`.
bool broadcasts_to(const Shape& from, const Shape& to);

// An axis counted from the front; negative ones count from the back. Throws ShapeError.
std::size_t normalize_axis(std::string_view operation, std::ptrdiff_t axis, std::size_t dimension);

// Row-major strides in elements (an axis of length 1 has its step, not 0).
Strides contiguous_strides(const Shape& shape);

}    // namespace xtape
