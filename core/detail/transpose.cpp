#include <xtape/core/detail/lanes.hpp>
#include <xtape/core/detail/registers.hpp>
#include <xtape/core/detail/transpose.hpp>

#include <algorithm>
#include <utility>

namespace xtape::detail {
namespace {

constexpr std::ptrdiff_t signed_index(std::size_t i) { return static_cast<std::ptrdiff_t>(i); }

// `first` and the vectors of `next` and behind shuffled into one: lane l takes lane `lane(l)` of vector `vector(l)`.
template <class Places, std::size_t next, class V, std::size_t... L>
[[gnu::always_inline]] inline V pick(const V& first, const V* all, std::index_sequence<L...> lanes) {
    constexpr std::size_t width = sizeof...(L);
    const V merged =
        __builtin_shufflevector(first, all[next],
                                (Places::vector(L) == next              ? static_cast<int>(width + Places::lane(L))
                                 : next > 1 || Places::vector(L) > next ? static_cast<int>(L)
                                                                        : static_cast<int>(Places::lane(L)))...);
    if constexpr (next + 1 < Places::vectors)
        return pick<Places, next + 1>(merged, all, lanes);
    else
        return merged;
}

// Where column `column` of rows of `length` stands in the vectors that hold `width` of them.
template <std::size_t width, std::size_t length, std::size_t column>
struct OfRows {
    static constexpr std::size_t vectors = length;
    static constexpr std::size_t vector(std::size_t l) { return (l * length + column) / width; }
    static constexpr std::size_t lane(std::size_t l) { return (l * length + column) % width; }
};
// Where the elements of vector `part` of the rows stand in the columns.
template <std::size_t width, std::size_t length, std::size_t part>
struct OfColumns {
    static constexpr std::size_t vectors = length;
    static constexpr std::size_t vector(std::size_t l) { return (part * width + l) % length; }
    static constexpr std::size_t lane(std::size_t l) { return (part * width + l) / length; }
};

// Rows of `length` that follow one another, into columns.
template <std::size_t length, class T, std::size_t... C>
void split_rows(const T* from, std::size_t rows, T* to, std::size_t to_step, std::index_sequence<C...>) {
    constexpr std::size_t width = widest<T>;
    using V = Vector<T, width>;
    constexpr auto lanes = std::make_index_sequence<width>{};
    std::size_t r = 0;
    for (; r + width <= rows; r += width) {
        const V all[length] = {load<V>(from + r * length + C * width)...};
        (store(pick<OfRows<width, length, C>, 1>(all[0], all, lanes), to + C * to_step + r), ...);
    }
    for (; r < rows; ++r) ((to[C * to_step + r] = from[r * length + C]), ...);
}

// Columns into rows of `length` that follow one another.
template <std::size_t length, class T, std::size_t... C>
void join_rows(const T* from, std::ptrdiff_t from_step, std::size_t rows, T* to, std::index_sequence<C...>) {
    constexpr std::size_t width = widest<T>;
    using V = Vector<T, width>;
    constexpr auto lanes = std::make_index_sequence<width>{};
    std::size_t r = 0;
    for (; r + width <= rows; r += width) {
        const V all[length] = {load<V>(from + signed_index(C) * from_step + signed_index(r))...};
        (store(pick<OfColumns<width, length, C>, 1>(all[0], all, lanes), to + r * length + C * width), ...);
    }
    for (; r < rows; ++r) ((to[r * length + C] = from[signed_index(C) * from_step + signed_index(r)]), ...);
}

// Calls body(length) with a constant, for a length from 2 to the longest that is short.
template <class Body, std::size_t... I>
void with_length(std::size_t length, Body body, std::index_sequence<I...>) {
    ((length == I + 2 ? body(std::make_index_sequence<I + 2>{}) : void()), ...);
}
template <class Body>
void with_length(std::size_t length, Body body) {
    with_length(length, body, std::make_index_sequence<longest_short_row - 1>{});
}

// A square, of which `rows` rows and `columns` columns are there.
template <class T, std::size_t width>
void transpose_part(const T* from, std::ptrdiff_t from_step, std::size_t rows, std::size_t columns, T* to,
                    std::size_t to_step) {
    using V = Vector<T, width>;
    V square[width] = {};
    T line[width];
    for (std::size_t r = 0; r < rows; ++r) {
        Lanes<T>::load_part(from + signed_index(r) * from_step, columns).store(line);
        square[r] = load<V>(line);
    }
    transpose_square<T, width>(square);
    for (std::size_t c = 0; c < columns; ++c) {
        store(square[c], line);
        Lanes<T>::load(line).store_part(to + c * to_step, rows);
    }
}

template <class T>
void transpose_squares(const T* from, std::ptrdiff_t from_step, std::size_t rows, std::size_t columns, T* to,
                       std::size_t to_step) {
    constexpr std::size_t width = widest<T>;
    using V = Vector<T, width>;
    for (std::size_t r = 0; r < rows; r += width)
        for (std::size_t c = 0; c < columns; c += width) {
            const T* corner = from + signed_index(r) * from_step + signed_index(c);
            T* target = to + c * to_step + r;
            if (r + width > rows || c + width > columns) {
                transpose_part<T, width>(corner, from_step, std::min(width, rows - r), std::min(width, columns - c),
                                         target, to_step);
                continue;
            }
            V square[width];
#pragma GCC unroll 16
            for (std::size_t k = 0; k < width; ++k) square[k] = load<V>(corner + signed_index(k) * from_step);
            transpose_square<T, width>(square);
#pragma GCC unroll 16
            for (std::size_t k = 0; k < width; ++k) store(square[k], target + k * to_step);
        }
}

}    // namespace

template <class T>
void transpose_block(const T* from, std::ptrdiff_t from_step, std::size_t rows, std::size_t columns, T* to,
                     std::size_t to_step) {
    if (columns == 1 && from_step == 1)
        std::copy_n(from, rows, to);
    else if (columns >= 2 && columns <= longest_short_row && from_step == signed_index(columns))
        with_length(columns, [=](auto all) { split_rows<all.size()>(from, rows, to, to_step, all); });
    else if (rows >= 2 && rows <= longest_short_row && to_step == rows)
        with_length(rows, [=](auto all) { join_rows<all.size()>(from, from_step, columns, to, all); });
    else
        transpose_squares(from, from_step, rows, columns, to, to_step);
}

template void transpose_block(const float*, std::ptrdiff_t, std::size_t, std::size_t, float*, std::size_t);
template void transpose_block(const double*, std::ptrdiff_t, std::size_t, std::size_t, double*, std::size_t);

}    // namespace xtape::detail
