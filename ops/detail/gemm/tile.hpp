// The inner kernel of matrix products: a tile of c stays in registers while packed operands stream past it.
#pragma once

#include <xsimd/xsimd.hpp>

#include <cstddef>

namespace xtape::detail {

// The sizes are measured: docs/adr/matrix-products.md.
template <class T>
struct Tiling {
    using Batch = xsimd::batch<T>;
    static constexpr std::size_t width = Batch::size;
    static constexpr std::size_t vectors = 2;    // a row of the tile
    static constexpr std::size_t columns = vectors * width;
    static constexpr std::size_t rows = width * sizeof(T) == 64 ? 14 : 6;    // what 32, or 16, registers hold
    static constexpr std::size_t depth = 2048 / sizeof(T);                   // of a strip of b
    static constexpr std::size_t block_tiles = 12;                           // of rows that stay in the second cache
    static constexpr std::size_t shared_rows = rows * 72;                    // that several threads read
    static constexpr std::size_t block_columns = 1024;
    static constexpr std::size_t lead = depth + 64 / sizeof(T);    // of a's rows as packed: in different cache sets
};

// The tile c = or += a b of packed operands: rows of a that lie Tiling::lead apart, rows of b one after another.
template <class T>
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
            const Batch factor(a[i * Tile::lead]);
#pragma GCC unroll 2
            for (std::size_t v = 0; v < Tile::vectors; ++v) sums[i][v] = xsimd::fma(factor, row[v], sums[i][v]);
        }
        ++a;
    }
#pragma GCC unroll 16
    for (std::size_t i = 0; i < Tile::rows; ++i)
#pragma GCC unroll 2
        for (std::size_t v = 0; v < Tile::vectors; ++v) {
            T* to = c + i * c_lead + v * Tile::width;
            (add ? Batch::load_unaligned(to) + sums[i][v] : sums[i][v]).store_unaligned(to);
        }
}

}    // namespace xtape::detail
