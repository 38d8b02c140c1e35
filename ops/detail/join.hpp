// How arrays are copied side by side: each from where its elements stand, a tile of the result at a time.
#pragma once

#include <xtape/core/detail/strided.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/core/view.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

namespace xtape::detail {

inline std::size_t product(const Shape& shape, std::size_t begin, std::size_t end) {
    std::size_t count = 1;
    for (std::size_t d = begin; d < end; ++d) count *= shape[d];
    return count;
}

// The step that leads through all elements of some axes, if there is one; `alone` for a single element.
inline std::optional<std::ptrdiff_t> step_through(const Shape& shape, const Strides& strides, std::size_t begin,
                                                  std::size_t end, std::ptrdiff_t alone) {
    std::optional<std::ptrdiff_t> step;
    std::ptrdiff_t next = 0;
    for (std::size_t d = end; d-- > begin;) {
        if (shape[d] == 1) continue;
        if (step && strides[d] != next) return std::nullopt;
        if (!step) step = strides[d];
        next = strides[d] * static_cast<std::ptrdiff_t>(shape[d]);
    }
    return step ? step : alone;
}

// What an array gives to a row of the joined one: `length` elements of each of its own rows.
template <class T>
class JoinedPart {
public:
    // The first `axes` axes of the array count its rows.
    JoinedPart(const Variable<T>& array, std::size_t axes) : view_(view_of(array)) {
        if (!find_steps(axes)) {
            view_ = view(materialize(view_));
            find_steps(axes);
        }
        length_ = product(view_.shape, axes, view_.shape.size());
    }
    std::size_t length() const { return length_; }

    // Copies elements [begin, end) of the only row.
    void copy_elements(std::size_t begin, std::size_t end, T* to) const {
        read_run(view_.data() + static_cast<std::ptrdiff_t>(begin) * next_, next_, to, end - begin);
    }
    // Copies rows [begin, end) to places that are `step` apart.
    void copy(std::size_t begin, std::size_t end, T* to, std::size_t step) const {
        const T* from = view_.data() + static_cast<std::ptrdiff_t>(begin) * next_row_;
        const std::size_t rows = end - begin, length = length_;
        const std::ptrdiff_t next_row = next_row_;
        if (length == 1)
            for (std::size_t r = 0; r < rows; ++r) to[r * step] = from[static_cast<std::ptrdiff_t>(r) * next_row];
        else if (next_ == 1 && length < long_run)
            with_step(length, [=](auto width) {
                for (std::size_t r = 0; r < rows; ++r)
                    copy_run<width>(from + static_cast<std::ptrdiff_t>(r) * next_row, to + r * step, length);
            });
        else
            for (std::size_t r = 0; r < rows; ++r)
                read_run(from + static_cast<std::ptrdiff_t>(r) * next_row, next_, to + r * step, length);
    }

private:
    static constexpr std::size_t long_run = 128;

    // Whether each row is one number repeated or numbers side by side, all rows the same step apart; or the only row
    // has one step throughout.
    bool find_steps(std::size_t axes) {
        const auto inner = step_through(view_.shape, view_.strides, axes, view_.shape.size(), 1);
        const auto outer = step_through(view_.shape, view_.strides, 0, axes, 0);
        const bool one_row = product(view_.shape, 0, axes) == 1;
        if (!inner || !outer || (*inner != 0 && *inner != 1 && !one_row)) return false;
        next_ = *inner;
        next_row_ = *outer;
        return true;
    }

    View<T> view_;
    std::size_t length_ = 0;
    std::ptrdiff_t next_ = 1, next_row_ = 0;    // from an element of a row to the next, from a row to the next
};

// The arrays side by side in `shape`: rows, counted by the axes before `axis`, that hold some elements of each array.
template <class T>
Array<T> join(const Variables<T>& arrays, const Shape& shape, std::size_t axis) {
    Array<T> y = empty_array<T>(shape);
    if (y.size() == 0) return y;
    T* out = y.storage().data();
    const std::size_t rows = product(shape, 0, axis), row = y.size() / rows;
    std::vector<JoinedPart<T>> parts;
    parts.reserve(arrays.size());
    for (const auto& array : arrays)
        if (array.size() > 0) parts.emplace_back(array, axis);
    if (rows == 1) {
        for (const auto& part : parts) {
            parallel_for(part.length(), parallel_elements,
                         [&](std::size_t begin, std::size_t end) { part.copy_elements(begin, end, out + begin); });
            out += part.length();
        }
        return y;
    }
    // A tile of rows at a time, so that it is still in the cache when the next array fills its places.
    const std::size_t tile = std::max<std::size_t>(1, 4096 / row);
    parallel_for(rows, parallel_grain(row), [&](std::size_t begin, std::size_t end) {
        for (std::size_t r = begin; r < end; r += tile) {
            T* to = out + r * row;
            for (const auto& part : parts) {
                part.copy(r, std::min(end, r + tile), to, row);
                to += part.length();
            }
        }
    });
    return y;
}

}    // namespace xtape::detail
