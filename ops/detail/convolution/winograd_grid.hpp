// The tiles of an image, and their way to the 16 frequencies of Winograd's products.
#pragma once

#include <xtape/ops/detail/convolution/patch_product.hpp>
#include <xtape/ops/detail/convolution/winograd_tile.hpp>
#include <xtape/ops/detail/convolution/winograd_transforms.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace xtape::detail {

template <class T>
using TileBatch = typename Tiling<T>::Batch;

// Tiles of 2 x 2 outputs, and the 4 x 4 inputs that each reads from a frame of zeros around the image.
struct Grid {
    std::size_t input_rows, input_columns, rows, columns, padding;    // rows and columns of outputs

    std::size_t tile_rows() const { return (rows + 1) / 2; }
    std::size_t tile_columns() const { return (columns + 1) / 2; }
    std::size_t tiles() const { return tile_rows() * tile_columns(); }
    std::size_t frame_columns() const { return 2 * tile_columns() + 2; }
    std::size_t frame_size() const { return (2 * tile_rows() + 2) * frame_columns(); }
    // About `tiles` that are worked on together: rows of one image, or several images.
    struct Block {
        std::size_t rows, images;
    };
    Block block(std::size_t wanted) const {
        return {std::clamp<std::size_t>(wanted / tile_columns(), 1, tile_rows()),
                std::max<std::size_t>(1, wanted / tiles())};
    }
    // Where the pixels of an image, and of outputs, stand in a frame of pixels of `lead` elements.
    std::vector<std::size_t> input_places(std::size_t lead) const {
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < input_rows; ++i)
            for (std::size_t j = 0; j < input_columns; ++j)
                places.push_back(((i + padding) * frame_columns() + j + padding) * lead);
        return places;
    }
    std::vector<std::size_t> output_places(std::size_t lead) const {
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < rows; ++i)
            for (std::size_t j = 0; j < columns; ++j) places.push_back((i * 2 * tile_columns() + j) * lead);
        return places;
    }
};

// As many tiles as the second cache holds, where each takes so many bytes.
constexpr std::size_t tiles_in_cache(std::size_t bytes) {
    return std::clamp<std::size_t>((640 << 10) / bytes, 48, 256);
}

// Transformed elements of tiles, for each frequency: a row of `lead` channels for each tile, in panels of
// Tiling::columns channels one after another, or whole.
template <class T>
struct Transformed {
    std::size_t tiles, lead;
    bool panels;
    T* data;

    // Where frequency 0 of a vector of channels stands.
    T* at(std::size_t tile, std::size_t channel) const {
        if (!panels) return data + tile * lead + channel;
        const std::size_t panel = channel / Tiling<T>::columns * Tiling<T>::columns;
        return data + panel * tiles + tile * std::min(Tiling<T>::columns, lead - panel) + channel - panel;
    }
    void store(const TileBatch<T> (&m)[4][4], std::size_t tile, std::size_t channel) const {
        T* to = at(tile, channel);
#pragma GCC unroll 16
        for (std::size_t f = 0; f < frequencies; ++f) m[f / 4][f % 4].store_aligned(to + f * tiles * lead);
    }
};

// The tiles of rows [begin, end) of a frame of inputs, from number `tile` on.
template <class T>
void transform_inputs(const Grid& grid, const T* frame, std::size_t begin, std::size_t end, const Transformed<T>& to,
                      std::size_t tile) {
    for (std::size_t i = begin; i < end; ++i)
        for (std::size_t j = 0; j < grid.tile_columns(); ++j, ++tile)
            for (std::size_t c = 0; c < to.lead; c += Tiling<T>::width) {
                const T* corner = frame + (2 * i * grid.frame_columns() + 2 * j) * to.lead + c;
                TileBatch<T> d[4][4];
#pragma GCC unroll 16
                for (std::size_t k = 0; k < 16; ++k)
                    d[k / 4][k % 4] =
                        TileBatch<T>::load_aligned(corner + (k / 4 * grid.frame_columns() + k % 4) * to.lead);
                transform_input(d);
                to.store(d, tile, c);
            }
}

// The same of a frame of outputs' gradients.
template <class T>
void transform_gradients(const Grid& grid, const T* frame, std::size_t begin, std::size_t end, const Transformed<T>& to,
                         std::size_t tile) {
    const std::size_t row = 2 * grid.tile_columns();
    for (std::size_t i = begin; i < end; ++i)
        for (std::size_t j = 0; j < grid.tile_columns(); ++j, ++tile)
            for (std::size_t c = 0; c < to.lead; c += Tiling<T>::width) {
                const T* corner = frame + (2 * i * row + 2 * j) * to.lead + c;
                TileBatch<T> y[2][2], m[4][4];
                for (std::size_t k = 0; k < 4; ++k)
                    y[k / 2][k % 2] = TileBatch<T>::load_aligned(corner + (k / 2 * row + k % 2) * to.lead);
                transform_gradient(y, m);
                to.store(m, tile, c);
            }
}

}    // namespace xtape::detail
