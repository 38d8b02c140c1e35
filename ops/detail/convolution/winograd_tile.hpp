// The inner kernel of Winograd's products, whose left operand stays where the transform has left it.
#pragma once

#include <xtape/ops/detail/gemm/tile.hpp>

#include <array>
#include <cstddef>
#include <utility>

namespace xtape::detail {

// Element (i, k) of the left operand stands at a + i row_step + k step. With across, row_step is 1, else step is.
template <class T, std::size_t rows, std::size_t vectors, bool across>
void compute_transformed_tile(std::size_t depth, const T* a, std::size_t lead, const T* b, T* c, std::size_t c_lead,
                              bool add) {
    using Tile = Tiling<T>;
    using Batch = typename Tile::Batch;
    constexpr std::size_t together = 3;    // rows that one pointer serves
    const T* left[(rows + together - 1) / together];
    for (std::size_t i = 0; i < rows; i += together) left[i / together] = a + i * (across ? 1 : lead);
    Batch sums[rows][vectors];
#pragma GCC unroll 16
    for (std::size_t i = 0; i < rows; ++i)
#pragma GCC unroll 2
        for (std::size_t v = 0; v < vectors; ++v) sums[i][v] = Batch(T(0));
    for (std::size_t k = 0; k < depth; ++k) {
        Batch row[vectors];
#pragma GCC unroll 2
        for (std::size_t v = 0; v < vectors; ++v) row[v] = Batch::load_aligned(b + v * Tile::width);
        b += vectors * Tile::width;
#pragma GCC unroll 16
        for (std::size_t i = 0; i < rows; ++i) {
            const Batch factor(across ? a[i] : left[i / together][i % together * lead]);
#pragma GCC unroll 2
            for (std::size_t v = 0; v < vectors; ++v) sums[i][v] = xsimd::fma(factor, row[v], sums[i][v]);
        }
        if constexpr (across)
            a += lead;
        else
#pragma GCC unroll 5
            for (auto& pointer : left) ++pointer;
    }
#pragma GCC unroll 16
    for (std::size_t i = 0; i < rows; ++i)
#pragma GCC unroll 2
        for (std::size_t v = 0; v < vectors; ++v) {
            T* to = c + i * c_lead + v * Tile::width;
            (add ? Batch::load_aligned(to) + sums[i][v] : sums[i][v]).store_aligned(to);
        }
}

template <class T, bool across>
class AnyTransformedTile {
    using Kernel = void (*)(std::size_t, const T*, std::size_t, const T*, T*, std::size_t, bool);
    template <std::size_t vectors, std::size_t... i>
    static constexpr std::array<Kernel, sizeof...(i)> kernels(std::index_sequence<i...>) {
        return {&compute_transformed_tile<T, i + 1, vectors, across>...};
    }
    static constexpr auto all_rows = std::make_index_sequence<Tiling<T>::rows>{};
    static constexpr std::array<std::array<Kernel, Tiling<T>::rows>, 2> table{kernels<1>(all_rows),
                                                                              kernels<2>(all_rows)};

public:
    static Kernel of(std::size_t rows, std::size_t vectors) { return table[vectors - 1][rows - 1]; }
};

}    // namespace xtape::detail
