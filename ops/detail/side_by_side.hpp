// Lines along an axis worked on many at a time: brought side by side into a tile, whose registers each hold an element
// of as many lines, so that neither short rows nor long columns leave lanes empty or fetch memory twice.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/core/detail/lanes.hpp>
#include <xtape/core/detail/transpose.hpp>
#include <xtape/core/threads.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace xtape::detail {

// Rows up to this length are worked on side by side; longer ones fill registers on their own.
inline constexpr std::size_t longest_side_by_side = 64;

// Brings `rows` rows of `length` elements of all inputs side by side, a tile at a time that depends on the shape alone,
// and calls
//     body(in, step, first, count)
// for each register of rows: element k of row `first` + c is lane c of the register at in[i] + k * step, for input i
// and c < count; the other lanes hold some number. What the body leaves at in[0] goes to `out`, of the inputs' shape,
// unless that is null.
template <class T, std::size_t inputs, class Body>
void side_by_side(std::size_t rows, std::size_t length, const std::array<const T*, inputs>& in, T* out,
                  std::size_t worth, const Body& body) {
    constexpr std::size_t width = Lanes<T>::width, most = 2048;    // elements of a tile, in the first cache
    if (rows * length == 0) return;
    const std::size_t at_once = std::clamp<std::size_t>(most / length / width * width, width, 512);
    const std::size_t size = length * std::min(at_once, (rows + width - 1) / width * width);
    parallel_for((rows + at_once - 1) / at_once, parallel_grain(size, worth), [&](std::size_t begin, std::size_t end) {
        Storage<T> space(inputs * size, T(0));
        for (std::size_t t = begin; t < end; ++t) {
            const std::size_t first = t * at_once, count = std::min(at_once, rows - first);
            const std::size_t step = (count + width - 1) / width * width;
            const auto along = static_cast<std::ptrdiff_t>(length);
            std::array<T*, inputs> tile;
            for (std::size_t i = 0; i < inputs; ++i) {
                tile[i] = space.data() + i * size;
                transpose_block(in[i] + first * length, along, count, length, tile[i], step);
            }
            for (std::size_t c = 0; c < count; c += width) {
                std::array<T*, inputs> column = tile;
                for (T*& x : column) x += c;
                body(column, step, first + c, std::min(width, count - c));
            }
            if (out != nullptr)
                transpose_block(std::as_const(tile[0]), static_cast<std::ptrdiff_t>(step), length, count,
                                out + first * length, length);
        }
    });
}

// The lanes of `count` rows, of an array with a number for each row.
template <class T>
Lanes<T> load_rows(const T* from, std::size_t count) {
    return count == Lanes<T>::width ? Lanes<T>::load(from) : Lanes<T>::load_part(from, count);
}
template <class T>
void store_rows(Lanes<T> lanes, T* to, std::size_t count) {
    count == Lanes<T>::width ? lanes.store(to) : lanes.store_part(to, count);
}

// Of the `length` registers of a column of a tile: the largest, lane by lane, and the sum of f(k-th registers).
template <class T>
Lanes<T> column_max(const T* x, std::size_t step, std::size_t length) {
    Lanes<T> most = Lanes<T>::load(x);
    for (std::size_t k = 1; k < length; ++k) most = max(most, Lanes<T>::load(x + k * step));
    return most;
}
template <class T, class F, class... In>
Lanes<T> column_sum(std::size_t step, std::size_t length, F f, const T* first, const In*... rest) {
    Lanes<T> total(0);
    for (std::size_t k = 0; k < length; ++k)
        total += f(Lanes<T>::load(first + k * step), Lanes<T>::load(rest + k * step)...);
    return total;
}
// to[k] = f(k-th registers).
template <class T, class F, class... In>
void map_column(T* to, std::size_t step, std::size_t length, F f, const In*... in) {
    for (std::size_t k = 0; k < length; ++k) Lanes<T>(f(Lanes<T>::load(in + k * step)...)).store(to + k * step);
}

}    // namespace xtape::detail
