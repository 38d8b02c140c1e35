// Parts of an array: NumPy's basic slicing. Results are views: nothing is copied until somebody needs the elements.
#pragma once

#include <xtape/core/variable.hpp>
#include <xtape/ops/axes.hpp>

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <span>

namespace xtape {

// NumPy's begin:end:step. Negative bounds count from the back, bounds beyond the axis are moved to its ends, a bound
// left open is the end that the step comes from or goes to: Range{} is the whole axis, Range{.step = -1} the whole axis
// backwards.
struct Range {
    static constexpr std::ptrdiff_t open = std::numeric_limits<std::ptrdiff_t>::min();
    detail::Integer begin = open;
    detail::Integer end = open;
    detail::Integer step = 1;
};
struct Ellipsis {};
struct NewAxis {};
inline constexpr Ellipsis ellipsis{};    // as many whole axes as the other items leave
inline constexpr NewAxis new_axis{};     // an axis of length 1 that x does not have

// What slice does with one axis: an index (the axis goes), a Range, an ellipsis, or a new axis.
struct SliceItem {
    enum class Kind { index, range, rest, added } kind;
    Range range;    // an index is its begin
    template <std::integral I>
    SliceItem(I index) : kind(Kind::index), range{index} {}
    SliceItem(Range r) : kind(Kind::range), range(r) {}
    SliceItem(Ellipsis) : kind(Kind::rest) {}
    SliceItem(NewAxis) : kind(Kind::added) {}
};

// y = x[items...], the axes that no item names whole: slice(x, {Range{1, -1, 2}, Range{}, 3}); dy/dx = 1 at the
// elements taken, 0 elsewhere. Ordinary backward adds the gradient of a further slice of the same x to the first's in
// place, so slicing x part by part costs as much as x has elements, not more. Throws ShapeError for more items than
// axes or two ellipses, std::out_of_range for an index, std::invalid_argument for a step of 0.
template <class T>
Variable<T> slice(const Variable<T>& x, std::initializer_list<SliceItem> items);
template <class T>
Variable<T> slice(const Variable<T>& x, std::span<const SliceItem> items);

// y = x at one index of an axis, without that axis: pick(x, t) is NumPy's x[t], pick(x, -1, 1) its x[:, -1]. Gradient
// and errors are those of slice.
template <class T>
Variable<T> pick(const Variable<T>& x, std::ptrdiff_t index, std::ptrdiff_t axis = 0);

// The part of x along one axis. Gradient and errors are those of slice.
template <class T>
Variable<T> narrow(const Variable<T>& x, std::ptrdiff_t axis, Range range);

namespace detail {

// Writes elements in row-major order to the places of a strided block of memory, or adds them to what is there.
enum class Put { assign, add };
template <class T>
void put_strided(Put how, const T* elements, const Shape& shape, const Strides& strides, T* to);

}    // namespace detail
}    // namespace xtape
