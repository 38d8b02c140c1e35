// After Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008), as BLIS arranges it: a tile
// of c stays in registers while a strip of b and a block of a, both in the second cache, stream past it. The sizes are
// measured: docs/adr/matrix-products.md.
#include <xtape/core/array.hpp>
#include <xtape/core/detail/lanes.hpp>
#include <xtape/ops/detail/blas.hpp>
#include <xtape/ops/detail/gemm.hpp>

#include <algorithm>
#include <utility>

namespace xtape::detail {
namespace {

template <class T>
struct Tiling {
    using Batch = xsimd::batch<T>;
    static constexpr std::size_t width = Batch::size;
    static constexpr std::size_t vectors = 2;    // a row of the tile
    static constexpr std::size_t columns = vectors * width;
    static constexpr std::size_t rows = width * sizeof(T) == 64 ? 14 : 6;    // what 32, or 16, registers hold
    static constexpr std::size_t depth = 2048 / sizeof(T);                   // of a strip of b
    static constexpr std::size_t block_rows = rows * 12;
    static constexpr std::size_t block_columns = columns * 32;
    static constexpr std::size_t lead = depth + 64 / sizeof(T);    // of a's rows as packed: in different cache sets
};

// The tile c = or += a b of packed operands. `by_rows`: element (i, k) of a is a[i * lead + k], else a[k * rows + i].
template <class T, bool by_rows>
void compute_tile(std::size_t depth, const T* a, const T* b, T* c, std::size_t c_lead, bool add) {
    using Tile = Tiling<T>;
    using Batch = typename Tile::Batch;
    Batch sums[Tile::rows][Tile::vectors];
#pragma GCC unroll 16
    for (std::size_t i = 0; i < Tile::rows; ++i)
#pragma GCC unroll 2
        for (std::size_t v = 0; v < Tile::vectors; ++v) sums[i][v] = Batch(T(0));
    for (std::size_t k = 0; k < depth; ++k) {
        Batch row[Tile::vectors];
#pragma GCC unroll 2
        for (std::size_t v = 0; v < Tile::vectors; ++v) row[v] = Batch::load_aligned(b + v * Tile::width);
        b += Tile::columns;
#pragma GCC unroll 16
        for (std::size_t i = 0; i < Tile::rows; ++i) {
            const Batch factor(by_rows ? a[i * Tile::lead] : a[i]);
#pragma GCC unroll 2
            for (std::size_t v = 0; v < Tile::vectors; ++v) sums[i][v] = xsimd::fma(factor, row[v], sums[i][v]);
        }
        a += by_rows ? 1 : Tile::rows;
    }
#pragma GCC unroll 16
    for (std::size_t i = 0; i < Tile::rows; ++i)
#pragma GCC unroll 2
        for (std::size_t v = 0; v < Tile::vectors; ++v) {
            T* to = c + i * c_lead + v * Tile::width;
            (add ? Batch::load_unaligned(to) + sums[i][v] : sums[i][v]).store_unaligned(to);
        }
}

template <class T>
using Vector [[gnu::vector_size(Tiling<T>::width * sizeof(T))]] = T;

// Exchanges the off-diagonal quarters of all blocks of 2 half x 2 half: done for each half, this transposes.
template <class T, std::size_t half, std::size_t... L>
void exchange(Vector<T>* rows, std::index_sequence<L...>) {
    constexpr std::size_t width = sizeof...(L);
    for (std::size_t i = 0; i < width; ++i) {
        if ((i & half) != 0) continue;
        const Vector<T> a = rows[i], b = rows[i | half];
        rows[i] = __builtin_shufflevector(a, b, ((L & half) != 0 ? width + L - half : L)...);
        rows[i | half] = __builtin_shufflevector(a, b, ((L & half) != 0 ? width + L : L + half)...);
    }
}

// to[k * to_lead + j] = from[j * step + k] for width x width elements.
template <class T>
void transpose_square(const T* from, std::ptrdiff_t step, T* to, std::size_t to_lead) {
    constexpr std::size_t width = Tiling<T>::width;
    Vector<T> rows[width];
    for (std::size_t j = 0; j < width; ++j)
        __builtin_memcpy(&rows[j], from + static_cast<std::ptrdiff_t>(j) * step, sizeof rows[j]);
    constexpr auto lanes = std::make_index_sequence<width>{};
    if constexpr (width >= 16) exchange<T, 8>(rows, lanes);
    if constexpr (width >= 8) exchange<T, 4>(rows, lanes);
    if constexpr (width >= 4) exchange<T, 2>(rows, lanes);
    exchange<T, 1>(rows, lanes);
    for (std::size_t k = 0; k < width; ++k) __builtin_memcpy(to + k * to_lead, &rows[k], sizeof rows[k]);
}

// A strip of b, `depth` x `count` <= columns elements of it, as rows of `columns` elements, filled up with zeros.
template <class T>
void pack_strip(const Matrix<T>& b, std::size_t depth, std::size_t count, T* to) {
    constexpr std::size_t width = Tiling<T>::width, columns = Tiling<T>::columns;
    std::size_t k = 0;
    if (b.row_step == 1 && b.column_step != 1 && count == columns)
        for (; k + width <= depth; k += width)
            for (std::size_t j = 0; j < columns; j += width)
                transpose_square(b.data + static_cast<std::ptrdiff_t>(j) * b.column_step + k, b.column_step,
                                 to + k * columns + j, columns);
    for (; k < depth; ++k) {
        const T* from = b.data + static_cast<std::ptrdiff_t>(k) * b.row_step;
        T* row = to + k * columns;
        if (b.column_step == 1)
            std::copy_n(from, count, row);
        else
            for (std::size_t j = 0; j < count; ++j) row[j] = from[static_cast<std::ptrdiff_t>(j) * b.column_step];
        std::fill(row + count, row + columns, T(0));
    }
}

// `count` <= rows of a, as rows (or, where its columns have the unit step, as columns), filled up with zeros.
template <class T, bool by_rows>
void pack_rows(const Matrix<T>& a, std::size_t count, std::size_t depth, T* to) {
    using Tile = Tiling<T>;
    if constexpr (by_rows) {
        for (std::size_t i = 0; i < Tile::rows; ++i) {
            const T* from = a.data + static_cast<std::ptrdiff_t>(i) * a.row_step;
            T* row = to + i * Tile::lead;
            if (i >= count)
                std::fill_n(row, depth, T(0));
            else if (a.column_step == 1)
                std::copy_n(from, depth, row);
            else
                for (std::size_t k = 0; k < depth; ++k) row[k] = from[static_cast<std::ptrdiff_t>(k) * a.column_step];
        }
    } else {
        for (std::size_t k = 0; k < depth; ++k) {
            const T* from = a.data + static_cast<std::ptrdiff_t>(k) * a.column_step;
            std::copy_n(from, count, to + k * Tile::rows);
            std::fill(to + k * Tile::rows + count, to + (k + 1) * Tile::rows, T(0));
        }
    }
}

template <class T>
Matrix<T> part(const Matrix<T>& x, std::size_t row, std::size_t column) {
    Matrix<T> rest = x;
    rest.data += static_cast<std::ptrdiff_t>(row) * x.row_step + static_cast<std::ptrdiff_t>(column) * x.column_step;
    return rest;
}

template <class T, bool by_rows>
void run(const Matrix<T>& a, const Matrix<T>& b, T* c, std::size_t lead, bool accumulate) {
    using Tile = Tiling<T>;
    const std::size_t m = a.rows, depth = a.columns, n = b.columns;
    const std::size_t parts = (depth + Tile::depth - 1) / Tile::depth, strip = (depth + parts - 1) / parts;
    Storage<T> a_packed(Tile::block_rows * Tile::lead), b_packed(Tile::depth * Tile::block_columns);
    T *left = a_packed.data(), *right = b_packed.data();
    alignas(64) T edge[Tile::rows * Tile::columns];
    for (std::size_t j0 = 0; j0 < n; j0 += Tile::block_columns) {
        const std::size_t j1 = std::min(n, j0 + Tile::block_columns);
        for (std::size_t k0 = 0; k0 < depth; k0 += strip) {
            const std::size_t length = std::min(strip, depth - k0);
            const bool add = accumulate || k0 > 0;
            for (std::size_t j = j0; j < j1; j += Tile::columns)
                pack_strip(part(b, k0, j), length, std::min(Tile::columns, j1 - j), right + (j - j0) * length);
            for (std::size_t i0 = 0; i0 < m; i0 += Tile::block_rows) {
                const std::size_t i1 = std::min(m, i0 + Tile::block_rows);
                for (std::size_t i = i0; i < i1; i += Tile::rows)
                    pack_rows<T, by_rows>(part(a, i, k0), std::min(Tile::rows, i1 - i), length,
                                          left + (i - i0) * Tile::lead);
                for (std::size_t j = j0; j < j1; j += Tile::columns)
                    for (std::size_t i = i0; i < i1; i += Tile::rows) {
                        const T *x = left + (i - i0) * Tile::lead, *y = right + (j - j0) * length;
                        T* to = c + i * lead + j;
                        const std::size_t rows = std::min(Tile::rows, i1 - i),
                                          columns = std::min(Tile::columns, j1 - j);
                        if (rows == Tile::rows && columns == Tile::columns) {
                            compute_tile<T, by_rows>(length, x, y, to, lead, add);
                            continue;
                        }
                        compute_tile<T, by_rows>(length, x, y, edge, Tile::columns, false);
                        for (std::size_t r = 0; r < rows; ++r)
                            for (std::size_t s = 0; s < columns; ++s)
                                to[r * lead + s] = (add ? to[r * lead + s] : T(0)) + edge[r * Tile::columns + s];
                    }
            }
        }
    }
}

}    // namespace

bool has_gemm() { return Tiling<float>::width * sizeof(float) >= 64; }

template <class T>
void gemm(const Matrix<T>& a, const Matrix<T>& b, T* c, std::size_t lead, bool accumulate) {
    if (a.row_step == 1 && a.column_step != 1)
        run<T, false>(a, b, c, lead, accumulate);
    else
        run<T, true>(a, b, c, lead, accumulate);
}

template void gemm(const Matrix<float>&, const Matrix<float>&, float*, std::size_t, bool);
template void gemm(const Matrix<double>&, const Matrix<double>&, double*, std::size_t, bool);

}    // namespace xtape::detail
