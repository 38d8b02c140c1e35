#include <xtape/core/error.hpp>
#include <xtape/core/shape.hpp>

namespace xtape {

std::string to_string(const Shape& shape) {
    std::string text = "(";
    for (std::size_t d = 0; d < shape.size(); ++d) text += (d > 0 ? ", " : "") + std::to_string(shape[d]);
    return text + (shape.size() == 1 ? ",)" : ")");
}

std::size_t element_count(const Shape& shape) {
    std::size_t count = 1;
    for (std::size_t length : shape)
        if (__builtin_mul_overflow(count, length, &count) || count > (std::size_t{1} << 56))
            throw ShapeError("[shape] " + to_string(shape) + " has more elements than memory can hold");
    return count;
}

Shape broadcast_shapes(std::string_view operation, const Shape& a, const Shape& b) {
    const Shape& longer = a.size() >= b.size() ? a : b;
    const Shape& shorter = a.size() >= b.size() ? b : a;
    Shape result = longer;
    std::size_t lead = longer.size() - shorter.size();
    for (std::size_t d = 0; d < shorter.size(); ++d) {
        if (shorter[d] == 1 || shorter[d] == longer[lead + d]) continue;
        if (longer[lead + d] != 1)
            throw ShapeError("[" + std::string(operation) + "] got the shapes " + to_string(a) + " and " +
                             to_string(b) +
                             ", which do not broadcast; wanted equal lengths or 1, counted from the back");
        result[lead + d] = shorter[d];
    }
    return result;
}

bool broadcasts_to(const Shape& from, const Shape& to) {
    if (from.size() > to.size()) return false;
    std::size_t lead = to.size() - from.size();
    for (std::size_t d = 0; d < from.size(); ++d)
        if (from[d] != 1 && from[d] != to[lead + d]) return false;
    return true;
}

std::size_t normalize_axis(std::string_view operation, std::ptrdiff_t axis, std::size_t dimension) {
    auto count = static_cast<std::ptrdiff_t>(dimension);
    if (axis < -count || axis >= count)
        throw ShapeError("[" + std::string(operation) + "] got axis " + std::to_string(axis) + " of an array with " +
                         std::to_string(count) + " axes; wanted " + std::to_string(-count) + " to " +
                         std::to_string(count - 1));
    return static_cast<std::size_t>(axis < 0 ? axis + count : axis);
}

Strides contiguous_strides(const Shape& shape) {
    Strides strides(shape.size());
    std::ptrdiff_t step = 1;
    for (std::size_t d = shape.size(); d-- > 0;) {
        strides[d] = step;
        step *= static_cast<std::ptrdiff_t>(shape[d]);
    }
    return strides;
}

}    // namespace xtape
