// Products with an operand that is brought into order once and used many times: the steps of a recurrence, the blocks
// of attention. Each element is one sum in the order of the depth, whatever the number of rows that are computed at
// once.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/ops/detail/blas.hpp>
#include <xtape/ops/detail/gemm/pack.hpp>
#include <xtape/ops/detail/gemm/tile.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace xtape::detail {

// A tile of `rows` rows and Tiling::columns columns: c = a b, or c += a b. The rows of a lie `lead` apart; a lead of 0
// stands for a transposed matrix that is read where it stands, its columns in order and a_lead apart.
template <class T, std::size_t lead, std::size_t rows>
void compute_panel_tile(std::size_t depth, const T* a, std::size_t a_lead, const T* b, T* c, std::size_t c_lead,
                        bool add) {
    using Tile = Tiling<T>;
    using Batch = typename Tile::Batch;
    Batch sums[rows][Tile::vectors];
#pragma GCC unroll 16
    for (std::size_t i = 0; i < rows; ++i)
#pragma GCC unroll 2
        for (std::size_t v = 0; v < Tile::vectors; ++v) sums[i][v] = Batch(T(0));
    for (std::size_t k = 0; k < depth; ++k) {
        Batch row[Tile::vectors];
#pragma GCC unroll 2
        for (std::size_t v = 0; v < Tile::vectors; ++v) row[v] = Batch::load_unaligned(b + v * Tile::width);
        b += Tile::columns;
#pragma GCC unroll 16
        for (std::size_t i = 0; i < rows; ++i) {
            const Batch factor(a[lead > 0 ? i * lead : i]);
#pragma GCC unroll 2
            for (std::size_t v = 0; v < Tile::vectors; ++v) sums[i][v] = xsimd::fma(factor, row[v], sums[i][v]);
        }
        a += lead > 0 ? 1 : a_lead;
    }
#pragma GCC unroll 16
    for (std::size_t i = 0; i < rows; ++i)
#pragma GCC unroll 2
        for (std::size_t v = 0; v < Tile::vectors; ++v) {
            T* to = c + i * c_lead + v * Tile::width;
            (add ? Batch::load_unaligned(to) + sums[i][v] : sums[i][v]).store_unaligned(to);
        }
}

template <class T, std::size_t lead, std::size_t... i>
constexpr auto panel_tiles(std::index_sequence<i...>) {
    return std::array{&compute_panel_tile<T, lead, i + 1>...};
}

// The number of elements that `rows` x `columns` take as panels.
template <class T>
std::size_t panel_elements(std::size_t rows, std::size_t columns) {
    constexpr std::size_t width = Tiling<T>::columns;
    return (columns + width - 1) / width * width * rows;
}
// The panels of Tiling::columns columns that a matrix falls into, the last filled up with zeros.
template <class T>
void pack_panels(const Matrix<T>& b, T* to) {
    const PackColumns<T> pack(b);
    for (std::size_t j = 0; j < b.columns; j += Tiling<T>::columns, to += b.rows * Tiling<T>::columns)
        pack(0, b.rows, j, std::min(Tiling<T>::columns, b.columns - j), to);
}

// A right operand of `depth` x `columns` elements in panels that lie `step` elements apart.
template <class T>
struct Panels {
    const T* data;
    std::size_t depth, columns, step;

    // The same columns of the rows from `row` on, `count` of them.
    Panels rows_from(std::size_t row, std::size_t count) const {
        return {data + row * Tiling<T>::columns, count, columns, step};
    }
};

// c = a b, or c += a b, for `rows` rows, which lie c_lead apart in c.
template <std::size_t lead, class T>
void multiply_panels(const T* a, std::size_t a_lead, std::size_t rows, const Panels<T>& b, T* c, std::size_t c_lead,
                     bool add) {
    using Tile = Tiling<T>;
    static constexpr auto tiles = panel_tiles<T, lead>(std::make_index_sequence<Tile::rows>{});
    if (rows == 0) return;
    alignas(64) T edge[Tile::rows * Tile::columns];
    const std::size_t count = (rows + Tile::rows - 1) / Tile::rows, height = (rows + count - 1) / count;
    const T* panel = b.data;
    for (std::size_t j = 0; j < b.columns; j += Tile::columns, panel += b.step) {
        const std::size_t width = std::min(Tile::columns, b.columns - j);
        for (std::size_t i = 0; i < rows; i += height) {
            const std::size_t some = std::min(height, rows - i);
            const T* from = a + (lead > 0 ? i * lead : i);
            T* to = c + i * c_lead + j;
            if (width == Tile::columns) {
                tiles[some - 1](b.depth, from, a_lead, panel, to, c_lead, add);
                continue;
            }
            tiles[some - 1](b.depth, from, a_lead, panel, edge, Tile::columns, false);
            for (std::size_t r = 0; r < some; ++r)
                for (std::size_t s = 0; s < width; ++s)
                    to[r * c_lead + s] = (add ? to[r * c_lead + s] : T(0)) + edge[r * Tile::columns + s];
        }
    }
}

// A matrix in panels of its own.
template <class T>
class PackedRight {
public:
    explicit PackedRight(const Matrix<T>& b)
        : elements_(panel_elements<T>(b.rows, b.columns)), depth_(b.rows), columns_(b.columns) {
        if (elements_.size() > 0) pack_panels(b, elements_.data());
    }
    Panels<T> panels() const { return {elements_.data(), depth_, columns_, depth_ * Tiling<T>::columns}; }

private:
    Storage<T> elements_;
    std::size_t depth_, columns_;
};

// Rows of any length as left operand, cut into strips of at most `strip` elements.
template <class T, std::size_t strip = Tiling<T>::depth>
class LeftRows {
public:
    static constexpr std::size_t lead = strip + 64 / sizeof(T);    // in different cache sets

    LeftRows(std::size_t rows, std::size_t length)
        : rows_(rows), length_(length), elements_(strips() * rows * lead, T(0)), data_(elements_.data()) {}

    void set(std::size_t row, const T* from) {
        for (std::size_t k = 0; k < length_; k += strip)
            std::copy_n(from + k, std::min(strip, length_ - k), data_ + (k / strip * rows_ + row) * lead);
    }
    // c = this b, or c += this b, for the first `rows` rows.
    void multiply(std::size_t rows, const Panels<T>& b, T* c, std::size_t c_lead, bool add) const {
        for (std::size_t s = 0; s < strips(); ++s)
            multiply_panels<lead>(static_cast<const T*>(data_) + s * rows_ * lead, std::size_t{0}, rows,
                                  b.rows_from(s * strip, std::min(strip, length_ - s * strip)), c, c_lead,
                                  add || s > 0);
    }

private:
    std::size_t strips() const { return std::max<std::size_t>(1, (length_ + strip - 1) / strip); }

    std::size_t rows_, length_;
    Storage<T> elements_;
    T* data_;
};

}    // namespace xtape::detail
