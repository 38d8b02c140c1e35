// The inner kernel of matrix products: a tile of c stays in registers while packed operands stream past it.
#pragma once

#include <xsimd/xsimd.hpp>

#include <array>
#include <cstddef>
#include <utility>

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

// The rows of a packed right operand, one after another.
template <class T, std::size_t vectors>
struct PackedRows {
    const T* data;
    xsimd::batch<T> load(std::size_t k, std::size_t v) const {
        return xsimd::batch<T>::load_aligned(data + (k * vectors + v) * Tiling<T>::width);
    }
};
// How many pieces a vector of patches may consist of to be read where it stands. With registers of 512 bits, choosing
// lanes takes none of those that the tile needs.
template <class T>
inline constexpr std::size_t most_pieces = Tiling<T>::width * sizeof(T) == 64 ? 3 : 1;

// Rows of two vectors that are read where they stand: row k at offsets[k] from the places of the first one. A vector
// may consist of pieces, each of which owns the lanes up to the next one.
template <class T>
struct ScatteredRows {
    using Batch = xsimd::batch<T>;
    std::array<std::array<const T*, most_pieces<T>>, 2> places;
    std::array<std::array<typename Batch::batch_bool_type, most_pieces<T>>, 2>
        own;    // this piece's and all later lanes
    const std::size_t* offsets;

    template <std::size_t pieces>
    struct Of {
        ScatteredRows rows;
        Batch load(std::size_t k, std::size_t v) const {
            Batch row = Batch::load_unaligned(rows.places[v][0] + rows.offsets[k]);
            for (std::size_t i = 1; i < pieces; ++i)
                row = xsimd::select(rows.own[v][i], Batch::load_unaligned(rows.places[v][i] + rows.offsets[k]), row);
            return row;
        }
    };
};

// The tile c = or += a b: rows of a that lie Tiling::lead apart, rows of b as `right` loads them. Where c is not added
// to, `start` may have a number for each row to begin with.
template <class T, std::size_t rows, std::size_t vectors, class Right>
[[gnu::always_inline]] inline void compute_rows(std::size_t depth, const T* a, const Right& right, T* c,
                                                std::size_t c_lead, bool add, const T* start) {
    using Tile = Tiling<T>;
    using Batch = typename Tile::Batch;
    Batch sums[rows][vectors];
#pragma GCC unroll 16
    for (std::size_t i = 0; i < rows; ++i)
#pragma GCC unroll 2
        for (std::size_t v = 0; v < vectors; ++v) sums[i][v] = Batch(start == nullptr ? T(0) : start[i]);
    for (std::size_t k = 0; k < depth; ++k) {
        Batch row[vectors];
#pragma GCC unroll 2
        for (std::size_t v = 0; v < vectors; ++v) row[v] = right.load(k, v);
#pragma GCC unroll 16
        for (std::size_t i = 0; i < rows; ++i) {
            const Batch factor(a[i * Tile::lead]);
#pragma GCC unroll 2
            for (std::size_t v = 0; v < vectors; ++v) sums[i][v] = xsimd::fma(factor, row[v], sums[i][v]);
        }
        ++a;
    }
#pragma GCC unroll 16
    for (std::size_t i = 0; i < rows; ++i)
#pragma GCC unroll 2
        for (std::size_t v = 0; v < vectors; ++v) {
            T* to = c + i * c_lead + v * Tile::width;
            (add ? Batch::load_unaligned(to) + sums[i][v] : sums[i][v]).store_unaligned(to);
        }
}

// The same for packed operands, rows of b one after another.
template <class T, std::size_t rows = Tiling<T>::rows, std::size_t vectors = Tiling<T>::vectors>
void compute_tile(std::size_t depth, const T* a, const T* b, T* c, std::size_t c_lead, bool add,
                  const T* start = nullptr) {
    compute_rows<T, rows, vectors>(depth, a, PackedRows<T, vectors>{b}, c, c_lead, add, start);
}
template <class T, std::size_t rows, std::size_t pieces>
void compute_scattered_tile(std::size_t depth, const T* a, const ScatteredRows<T>& b, T* c, std::size_t c_lead,
                            bool add, const T* start) {
    compute_rows<T, rows, 2>(depth, a, typename ScatteredRows<T>::template Of<pieces>{b}, c, c_lead, add, start);
}

// The same for numbers of rows and vectors that are known only now, up to those of a whole tile.
template <class T>
class AnyTile {
    using Kernel = void (*)(std::size_t, const T*, const T*, T*, std::size_t, bool, const T*);
    template <std::size_t vectors, std::size_t... i>
    static constexpr std::array<Kernel, sizeof...(i)> kernels(std::index_sequence<i...>) {
        return {&compute_tile<T, i + 1, vectors>...};
    }
    static constexpr auto all_rows = std::make_index_sequence<Tiling<T>::rows>{};
    static constexpr std::array<std::array<Kernel, Tiling<T>::rows>, 2> table{kernels<1>(all_rows),
                                                                              kernels<2>(all_rows)};

public:
    static Kernel of(std::size_t rows, std::size_t vectors) { return table[vectors - 1][rows - 1]; }
};
template <class T>
class AnyScatteredTile {
    using Kernel = void (*)(std::size_t, const T*, const ScatteredRows<T>&, T*, std::size_t, bool, const T*);
    template <std::size_t pieces, std::size_t... i>
    static constexpr std::array<Kernel, sizeof...(i)> kernels(std::index_sequence<i...>) {
        return {&compute_scattered_tile<T, i + 1, pieces>...};
    }
    template <std::size_t... p>
    static constexpr std::array<std::array<Kernel, Tiling<T>::rows>, sizeof...(p)> all(std::index_sequence<p...>) {
        return {kernels<p + 1>(std::make_index_sequence<Tiling<T>::rows>{})...};
    }
    static constexpr auto table = all(std::make_index_sequence<most_pieces<T>>{});

public:
    static Kernel of(std::size_t rows, std::size_t pieces) { return table[pieces - 1][rows - 1]; }
};

}    // namespace xtape::detail
