// Margins around an array.
#pragma once

#include <xtape/core/variable.hpp>
#include <xtape/ops/axes.hpp>

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <utility>
#include <vector>

namespace xtape {

// The elements to add along one axis.
struct PadWidth {
    detail::Integer before = 0;
    detail::Integer after = 0;
};

enum class PadMode {
    constant,    // one number
    reflect,     // the elements mirrored at the first and the last one, which are not repeated
    edge,        // the first and the last element repeated
    wrap         // the elements from the other end
};

struct PadOptions {
    PadMode mode = PadMode::constant;
    double value = 0;    // of PadMode::constant
};

// One PadWidth for each axis: {{1, 1}, {0, 2}}.
class PadWidths {
public:
    PadWidths(std::initializer_list<PadWidth> widths) : list_(widths) {}
    PadWidths(std::vector<PadWidth> widths) : list_(std::move(widths)) {}

    // One an axis. Throws ShapeError when there are more or fewer, and for a negative width.
    std::vector<PadWidth> of(std::size_t dimension) const;

private:
    std::vector<PadWidth> list_;
};

// y = x with margins, as NumPy's: before and after each axis, filled as options.mode says; its adjoint adds the margins
// to the elements that they were made of. Throws ShapeError for widths that are negative or not one per axis, for a
// reflection not shorter than the axis, a part from the other end longer than the axis, and for an edge of nothing.
template <class T>
Variable<T> pad(const Variable<T>& x, const PadWidths& widths, PadOptions options = {});
// One width for all sides.
template <class T, std::integral I>
Variable<T> pad(const Variable<T>& x, I width, PadOptions options = {}) {
    return pad(x, PadWidths(std::vector<PadWidth>(x.dimension(), PadWidth{width, width})), options);
}

}    // namespace xtape
