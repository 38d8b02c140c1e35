// How the operands of a matrix product are brought into the order in which the tile kernel reads them. Another source
// of operands, such as the patches of an image, has packers of its own with the same call.
#pragma once

#include <xtape/core/detail/registers.hpp>
#include <xtape/ops/detail/blas.hpp>
#include <xtape/ops/detail/gemm/tile.hpp>

#include <algorithm>
#include <cstddef>

namespace xtape::detail {

// The transpose of width x width elements: to[k * to_lead + j] = from[j * step + k].
template <class T>
void pack_square(const T* from, std::ptrdiff_t step, T* to, std::size_t to_lead) {
    constexpr std::size_t width = Tiling<T>::width;
    using V = Vector<T, width>;
    V square[width];
#pragma GCC unroll 16
    for (std::size_t j = 0; j < width; ++j) square[j] = load<V>(from + static_cast<std::ptrdiff_t>(j) * step);
    transpose_square<T, width>(square);
#pragma GCC unroll 16
    for (std::size_t k = 0; k < width; ++k) store(square[k], to + k * to_lead);
}

// Rows of a, for the left side: rows that lie Tiling::lead apart.
template <class T>
class PackRows {
    using Tile = Tiling<T>;

public:
    explicit PackRows(const Matrix<T>& a) : a_(a) {}

    // Elements [first, end) x [k, k + depth), filled up with rows of zeros to a multiple of Tile::rows.
    void operator()(std::size_t first, std::size_t end, std::size_t k, std::size_t depth, T* to) const {
        const T* corner = a_.data + static_cast<std::ptrdiff_t>(first) * a_.row_step +
                          static_cast<std::ptrdiff_t>(k) * a_.column_step;
        const std::size_t count = end - first, filled = (count + Tile::rows - 1) / Tile::rows * Tile::rows;
        std::size_t i = 0;
        if (a_.row_step == 1 && a_.column_step != 1)
            for (; i + Tile::width <= count; i += Tile::width) {
                std::size_t d = 0;
                for (; d + Tile::width <= depth; d += Tile::width)
                    pack_square(corner + i + static_cast<std::ptrdiff_t>(d) * a_.column_step, a_.column_step,
                                to + i * Tile::lead + d, Tile::lead);
                for (std::size_t r = i; r < i + Tile::width; ++r) copy_row(corner + r, d, depth, to + r * Tile::lead);
            }
        for (; i < count; ++i)
            copy_row(corner + static_cast<std::ptrdiff_t>(i) * a_.row_step, 0, depth, to + i * Tile::lead);
        for (; i < filled; ++i) std::fill_n(to + i * Tile::lead, depth, T(0));
    }

private:
    void copy_row(const T* from, std::size_t begin, std::size_t end, T* to) const {
        if (a_.column_step == 1)
            std::copy(from + begin, from + end, to + begin);
        else
            for (std::size_t d = begin; d < end; ++d) to[d] = from[static_cast<std::ptrdiff_t>(d) * a_.column_step];
    }

    Matrix<T> a_;
};

// Columns of b, for the right side: rows of Tiling::columns elements, one after another.
template <class T>
class PackColumns {
    using Tile = Tiling<T>;

public:
    explicit PackColumns(const Matrix<T>& b) : b_(b) {}

    // Elements (k ..., first ...), `depth` rows of `count` <= Tile::columns elements, filled up with zeros.
    void operator()(std::size_t k, std::size_t depth, std::size_t first, std::size_t count, T* to) const {
        const T* corner = b_.data + static_cast<std::ptrdiff_t>(k) * b_.row_step +
                          static_cast<std::ptrdiff_t>(first) * b_.column_step;
        std::size_t d = 0;
        if (b_.row_step == 1 && b_.column_step != 1 && count == Tile::columns)
            for (; d + Tile::width <= depth; d += Tile::width)
                for (std::size_t j = 0; j < Tile::columns; j += Tile::width)
                    pack_square(corner + static_cast<std::ptrdiff_t>(j) * b_.column_step + d, b_.column_step,
                                to + d * Tile::columns + j, Tile::columns);
        for (; d < depth; ++d) {
            const T* from = corner + static_cast<std::ptrdiff_t>(d) * b_.row_step;
            T* row = to + d * Tile::columns;
            if (b_.column_step == 1 && count == Tile::columns)
                std::copy_n(from, Tile::columns, row);
            else if (b_.column_step == 1)
                std::copy_n(from, count, row);
            else
                for (std::size_t j = 0; j < count; ++j) row[j] = from[static_cast<std::ptrdiff_t>(j) * b_.column_step];
            std::fill(row + count, row + Tile::columns, T(0));
        }
    }

private:
    Matrix<T> b_;
};

}    // namespace xtape::detail
