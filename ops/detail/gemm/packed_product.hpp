// c = a b from operands that are packed on the way, after Goto and van de Geijn, "Anatomy of High-Performance Matrix
// Multiplication" (2008), as BLIS arranges it.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/detail/gemm/tile.hpp>

#include <algorithm>
#include <cstddef>

namespace xtape::detail {

// A product of m x depth and depth x n elements, or its addition to c, whose rows lie `lead` apart. pack_rows(first,
// end, k, depth, to) and pack_columns(k, depth, first, count, to) bring tiles of the operands into order (see
// pack.hpp). Each element is summed over strips of the depth in order, a strip in order of k, wherever it stands and
// whatever the number of threads.
template <class T, class RowPacker, class ColumnPacker>
class PackedProduct {
    using Tile = Tiling<T>;

public:
    PackedProduct(std::size_t m, std::size_t depth, std::size_t n, const RowPacker& pack_rows,
                  const ColumnPacker& pack_columns)
        : m_(m), depth_(depth), n_(n), pack_rows_(pack_rows), pack_columns_(pack_columns) {
        const std::size_t strips = std::max<std::size_t>(1, (depth + Tile::depth - 1) / Tile::depth);
        strip_ = (depth + strips - 1) / strips;
    }

    // The operand that is shared among threads, and packed once, is the one with fewer tiles.
    void run(T* c, std::size_t lead, bool accumulate) const {
        for (std::size_t k = 0; k < depth_; k += strip_) {
            const Strip strip{k, std::min(strip_, depth_ - k), accumulate || k > 0};
            if (m_ >= n_)
                for (std::size_t j = 0; j < n_; j += Tile::block_columns) share_columns(strip, j, c, lead);
            else
                for (std::size_t i = 0; i < m_; i += Tile::shared_rows) share_rows(strip, i, c, lead);
        }
    }

private:
    struct Strip {
        std::size_t k, length;
        bool add;
    };

    static std::size_t tiles(std::size_t length, std::size_t tile) { return (length + tile - 1) / tile; }

    void share_columns(const Strip& strip, std::size_t j0, T* c, std::size_t lead) const {
        const std::size_t count = std::min(Tile::block_columns, n_ - j0), strips = tiles(count, Tile::columns);
        Storage<T> packed(strips * Tile::columns * strip.length);
        T* right = packed.data();
        parallel_for(strips, parallel_grain(Tile::columns * strip.length), [&](std::size_t begin, std::size_t end) {
            pack_columns(strip, j0 + begin * Tile::columns, std::min(j0 + count, j0 + end * Tile::columns),
                         right + begin * Tile::columns * strip.length);
        });
        const std::size_t work = Tile::rows * strip.length * count;
        parallel_for(tiles(m_, Tile::rows), parallel_grain(work, parallel_products),
                     [&](std::size_t begin, std::size_t end) {
                         Storage<T> own(std::min(end - begin, Tile::block_tiles) * Tile::rows * Tile::lead);
                         T* left = own.data();
                         for (std::size_t tile = begin; tile < end; tile += Tile::block_tiles) {
                             const std::size_t i0 = tile * Tile::rows,
                                               i1 = std::min(m_, std::min(end, tile + Tile::block_tiles) * Tile::rows);
                             pack_rows(strip, i0, i1, left);
                             multiply(strip, left, i0, i1, right, j0, j0 + count, c, lead);
                         }
                     });
    }

    void share_rows(const Strip& strip, std::size_t i0, T* c, std::size_t lead) const {
        const std::size_t count = std::min(Tile::shared_rows, m_ - i0), rows = tiles(count, Tile::rows);
        Storage<T> packed(rows * Tile::rows * Tile::lead);
        T* left = packed.data();
        parallel_for(rows, parallel_grain(Tile::rows * strip.length), [&](std::size_t begin, std::size_t end) {
            pack_rows(strip, i0 + begin * Tile::rows, std::min(i0 + count, i0 + end * Tile::rows),
                      left + begin * Tile::rows * Tile::lead);
        });
        const std::size_t work = Tile::columns * strip.length * count;
        parallel_for(tiles(n_, Tile::columns), parallel_grain(work, parallel_products),
                     [&](std::size_t begin, std::size_t end) {
                         Storage<T> own(Tile::columns * strip.length);
                         T* right = own.data();
                         for (std::size_t tile = begin; tile < end; ++tile) {
                             const std::size_t j0 = tile * Tile::columns, j1 = std::min(n_, j0 + Tile::columns);
                             pack_columns(strip, j0, j1, right);
                             multiply(strip, left, i0, i0 + count, right, j0, j1, c, lead);
                         }
                     });
    }

    void pack_rows(const Strip& strip, std::size_t begin, std::size_t end, T* to) const {
        pack_rows_(begin, end, strip.k, strip.length, to);
    }
    void pack_columns(const Strip& strip, std::size_t begin, std::size_t end, T* to) const {
        for (std::size_t j = begin; j < end; j += Tile::columns, to += Tile::columns * strip.length)
            pack_columns_(strip.k, strip.length, j, std::min(Tile::columns, end - j), to);
    }

    // The elements [i0, i1) x [j0, j1) of c from the packed operands that begin there.
    void multiply(const Strip& strip, const T* left, std::size_t i0, std::size_t i1, const T* right, std::size_t j0,
                  std::size_t j1, T* c, std::size_t lead) const {
        alignas(64) T edge[Tile::rows * Tile::columns];
        for (std::size_t j = j0; j < j1; j += Tile::columns, right += Tile::columns * strip.length) {
            const T* x = left;
            for (std::size_t i = i0; i < i1; i += Tile::rows, x += Tile::rows * Tile::lead) {
                T* to = c + i * lead + j;
                const std::size_t rows = std::min(Tile::rows, i1 - i), columns = std::min(Tile::columns, j1 - j);
                if (rows == Tile::rows && columns == Tile::columns) {
                    compute_tile(strip.length, x, right, to, lead, strip.add);
                    continue;
                }
                compute_tile(strip.length, x, right, edge, Tile::columns, false);
                for (std::size_t r = 0; r < rows; ++r)
                    for (std::size_t s = 0; s < columns; ++s)
                        to[r * lead + s] = (strip.add ? to[r * lead + s] : T(0)) + edge[r * Tile::columns + s];
            }
        }
    }

    std::size_t m_, depth_, n_, strip_;
    const RowPacker& pack_rows_;
    const ColumnPacker& pack_columns_;
};

}    // namespace xtape::detail
