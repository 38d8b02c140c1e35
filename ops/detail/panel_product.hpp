// Products with an operand that is brought into order once and used many times: the steps of a recurrence, the blocks of
// attention. Each element is one sum in the order of the depth, whatever the number of rows that are computed at once.
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

// How the elements of the left operand lie: rows that are Tiling::lead apart, or each column in order (a transposed
// matrix, read where it stands).
enum class Left { rows, columns };

// A tile of `rows` rows and Tiling::columns columns: c = a b, or c += a b. a_lead counts for Left::columns alone.
template <class T, Left left, std::size_t rows>
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
            const Batch factor(a[left == Left::rows ? i * Tile::lead : i]);
#pragma GCC unroll 2
            for (std::size_t v = 0; v < Tile::vectors; ++v) sums[i][v] = xsimd::fma(factor, row[v], sums[i][v]);
        }
        a += left == Left::rows ? 1 : a_lead;
    }
#pragma GCC unroll 16
    for (std::size_t i = 0; i < rows; ++i)
#pragma GCC unroll 2
        for (std::size_t v = 0; v < Tile::vectors; ++v) {
            T* to = c + i * c_lead + v * Tile::width;
            (add ? Batch::load_unaligned(to) + sums[i][v] : sums[i][v]).store_unaligned(to);
        }
}

template <class T, Left left, std::size_t... i>
constexpr auto panel_tiles(std::index_sequence<i...>) {
    return std::array{&compute_panel_tile<T, left, i + 1>...};
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
template <Left left, class T>
void multiply_panels(const T* a, std::size_t a_lead, std::size_t rows, const Panels<T>& b, T* c, std::size_t c_lead,
                     bool add) {
    using Tile = Tiling<T>;
    static constexpr auto tiles = panel_tiles<T, left>(std::make_index_sequence<Tile::rows>{});
    if (rows == 0) return;
    alignas(64) T edge[Tile::rows * Tile::columns];
    const std::size_t count = (rows + Tile::rows - 1) / Tile::rows, height = (rows + count - 1) / count;
    const T* panel = b.data;
    for (std::size_t j = 0; j < b.columns; j += Tile::columns, panel += b.step) {
        const std::size_t width = std::min(Tile::columns, b.columns - j);
        for (std::size_t i = 0; i < rows; i += height) {
            const std::size_t some = std::min(height, rows - i);
            const T* from = a + (left == Left::rows ? i * Tile::lead : i);
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

// Rows of any length as left operand, cut into strips of at most Tiling::depth elements.
template <class T>
class LeftRows {
    using Tile = Tiling<T>;

public:
    LeftRows(std::size_t rows, std::size_t length)
        : rows_(rows), length_(length), elements_(strips() * rows * Tile::lead, T(0)), data_(elements_.data()) {}

    void set(std::size_t row, const T* from) {
        for (std::size_t k = 0; k < length_; k += Tile::depth)
            std::copy_n(from + k, std::min(Tile::depth, length_ - k),
                        data_ + (k / Tile::depth * rows_ + row) * Tile::lead);
    }
    void clear(std::size_t row) {
        for (std::size_t s = 0; s < strips(); ++s) std::fill_n(data_ + (s * rows_ + row) * Tile::lead, Tile::depth, T(0));
    }
    // c = this b, or c += this b.
    void multiply(const Panels<T>& b, T* c, std::size_t c_lead, bool add) const {
        for (std::size_t s = 0; s < strips(); ++s) {
            const std::size_t k = s * Tile::depth;
            multiply_panels<Left::rows>(static_cast<const T*>(data_) + s * rows_ * Tile::lead, std::size_t{0}, rows_,
                                        b.rows_from(k, std::min(Tile::depth, length_ - k)), c, c_lead, add || s > 0);
        }
    }

private:
    std::size_t strips() const { return std::max<std::size_t>(1, (length_ + Tile::depth - 1) / Tile::depth); }

    std::size_t rows_, length_;
    Storage<T> elements_;
    T* data_;
};

}    // namespace xtape::detail
