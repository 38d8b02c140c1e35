// Arguments that name axes and shapes.
#pragma once

#include <xtape/core/indices.hpp>

#include <concepts>
#include <cstddef>
#include <initializer_list>

namespace xtape {
namespace detail {

template <class R>
concept IntegerRange = requires(const R& r) {
    { *r.begin() } -> std::convertible_to<std::ptrdiff_t>;
    r.end();
};

}    // namespace detail

struct AllAxes {};
inline constexpr AllAxes all_axes{};

// One axis, several ({0, -1} or a vector), or all_axes. Negative axes count from the back. A list whose type is
// xtensor's (a Shape) is passed as Axes(list): with it as an argument, `sum(x, list)` would mean xt::sum.
class Axes {
public:
    // No initializer_list: beside a constructor from a number, GCC would take {.option = 1} for a list.
    template <std::integral... I>
    Axes(I... axes) : list_{static_cast<std::ptrdiff_t>(axes)...} {}
    template <detail::IntegerRange R>
    Axes(const R& axes) {
        for (auto axis : axes) list_.push_back(static_cast<std::ptrdiff_t>(axis));
    }
    Axes(AllAxes) : all_(true) {}

    bool all() const { return all_; }
    const Strides& list() const { return list_; }

private:
    Strides list_;
    bool all_ = false;
};

// A shape to be: {2, 3}, a Shape or a vector; a length of -1 stands for what the number of elements leaves.
class Lengths {
public:
    Lengths(std::initializer_list<detail::Integer> lengths) {
        for (detail::Integer length : lengths) list_.push_back(length.number);
    }
    template <detail::IntegerRange R>
    Lengths(const R& lengths) {
        for (auto length : lengths) list_.push_back(static_cast<std::ptrdiff_t>(length));
    }
    const Strides& list() const { return list_; }

private:
    Strides list_;
};

namespace detail {

// For each of `dimension` axes whether it is among `axes`. Throws ShapeError for one that is not there or named twice.
xt::svector<bool, 8> mark_axes(const char* operation, const Axes& axes, std::size_t dimension);

// The axes, counted from the front, in the given order. Throws like mark_axes.
Strides list_axes(const char* operation, const Axes& axes, std::size_t dimension);

// A shape after a reduction: `kept` has length 1 where an axis was reduced, `result` leaves those axes out unless
// keep_dims; `count` elements are reduced to one.
struct Reduced {
    Shape kept;
    Shape result;
    std::size_t count = 1;
    Reduced(const char* operation, const Shape& shape, const Axes& axes, bool keep_dims);
};

}    // namespace detail
}    // namespace xtape
