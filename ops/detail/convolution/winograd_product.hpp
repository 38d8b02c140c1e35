// Winograd's products of images and kernels: outputs, and gradients of inputs.
#pragma once

#include <xtape/core/threads.hpp>
#include <xtape/ops/detail/convolution/winograd_grid.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace xtape::detail {

template <class T>
class WinogradProduct {
    using Tile = Tiling<T>;
    static constexpr std::size_t width = Tile::width;

public:
    // weight(group, output channel, input channel) points at nine weights.
    template <class Weight>
    WinogradProduct(std::size_t batch, std::size_t groups, std::size_t in, std::size_t out, const Grid& grid,
                    const Weight& weight)
        : batch_(batch),
          groups_(groups),
          in_(in),
          out_(out),
          in_lead_(round_up(in, width)),
          out_lead_(round_up(out, width)),
          grid_(grid),
          places_(grid.input_places(in_lead_)),
          block_(grid.block(tiles_in_cache(frequencies * (in_lead_ + out_lead_) * sizeof(T)))),
          weights_(groups * frequencies * in * out_lead_) {
        T* to = weights_.data();
        parallel_for(groups * out, parallel_grain(in * 64), [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                const std::size_t g = i / out, o = i % out, panel = o / Tile::columns * Tile::columns,
                                  columns = std::min(Tile::columns, out_lead_ - panel);
                for (std::size_t c = 0; c < in; ++c) {
                    T w[3][3], u[4][4];
                    weight(g, o, c, w);
                    transform_weights(w, u);
                    for (std::size_t f = 0; f < frequencies; ++f)
                        to[(g * frequencies + f) * in * out_lead_ + panel * in + c * columns + o - panel] =
                            u[f / 4][f % 4];
                }
            }
        });
        for (std::size_t g = 0; g < groups * frequencies; ++g)
            for (std::size_t o = out; o < out_lead_; ++o) {
                const std::size_t panel = o / Tile::columns * Tile::columns,
                                  columns = std::min(Tile::columns, out_lead_ - panel);
                for (std::size_t c = 0; c < in; ++c) to[g * in * out_lead_ + panel * in + c * columns + o - panel] = 0;
            }
    }

    void run(const T* x, const T* bias, T* y) const {
        const std::size_t blocks = (grid_.tile_rows() + block_.rows - 1) / block_.rows,
                          units = (batch_ + block_.images - 1) / block_.images * groups_;
        // Threads share the images, or the blocks of images where there are few of them.
        const std::size_t parts = units < static_cast<std::size_t>(get_num_threads()) ? blocks : 1,
                          steps = blocks / parts,
                          work = block_.images * frequencies * grid_.tiles() * in_ * out_ / parts;
        parallel_for(units * parts, parallel_grain(work, parallel_products), [&](std::size_t begin, std::size_t end) {
            const std::size_t most = block_.images * block_.rows * grid_.tile_columns();
            Storage<T> frame(grid_.frame_size() * in_lead_), inputs(frequencies * most * in_lead_),
                outputs(frequencies * most * out_lead_), pixels(4 * block_.rows * grid_.tile_columns() * out_lead_);
            std::fill_n(frame.data(), frame.size(), T(0));
            std::size_t filled = batch_ * groups_;
            const std::size_t size = grid_.input_rows * grid_.input_columns;
            for (std::size_t i = begin; i < end; ++i) {
                const std::size_t unit = i / parts, group = unit % groups_, image = unit / groups_ * block_.images,
                                  images = std::min(block_.images, batch_ - image);
                for (std::size_t b = i % parts * steps; b < (i % parts + 1) * steps; ++b) {
                    const std::size_t first = b * block_.rows, last = std::min(first + block_.rows, grid_.tile_rows()),
                                      tiles = (last - first) * grid_.tile_columns();
                    for (std::size_t k = 0; k < images; ++k) {
                        const std::size_t number = (image + k) * groups_ + group;
                        if (std::exchange(filled, number) != number)
                            to_pixels(x + number * in_ * size, in_, size, places_, frame.data());
                        transform_inputs<T>(grid_, std::as_const(frame).data(), first, last,
                                            {images * tiles, in_lead_, false, inputs.data()}, k * tiles);
                    }
                    multiply(group, images * tiles, inputs.data(), outputs.data());
                    for (std::size_t k = 0; k < images; ++k)
                        finish((image + k) * groups_ + group, first, last, bias, outputs.data() + k * tiles * out_lead_,
                               images * tiles, pixels.data(), y);
                }
            }
        });
    }

private:
    void multiply(std::size_t group, std::size_t tiles, const T* inputs, T* outputs) const {
        for (std::size_t f = 0; f < frequencies; ++f) {
            const T *left = inputs + f * tiles * in_lead_,
                    *right = std::as_const(weights_).data() + (group * frequencies + f) * in_ * out_lead_;
            T* to = outputs + f * tiles * out_lead_;
            for (std::size_t o = 0; o < out_lead_; o += Tile::columns) {
                const std::size_t columns = std::min(Tile::columns, out_lead_ - o);
                each_row_tile<T>(tiles, [&](std::size_t t, std::size_t height) {
                    AnyTransformedTile<T, false>::of(height, columns / width)(
                        in_, left + t * in_lead_, in_lead_, right + o * in_, to + t * out_lead_ + o, out_lead_, false);
                });
            }
        }
    }

    void finish(std::size_t image, std::size_t first, std::size_t last, const T* bias, const T* outputs,
                std::size_t tiles, T* pixels, T* y) const {
        const std::size_t rows = std::min(2 * last, grid_.rows) - 2 * first;
        const T* start = bias == nullptr ? nullptr : bias + image % groups_ * out_;
        for (std::size_t o = 0; o < out_lead_; o += width) {
            alignas(64) T added[width] = {};
            if (start != nullptr) std::copy_n(start + o, std::min(width, out_ - o), added);
            const TileBatch<T> shift = TileBatch<T>::load_aligned(added);
            std::size_t tile = 0;
            for (std::size_t i = 0; i < last - first; ++i)
                for (std::size_t j = 0; j < grid_.tile_columns(); ++j, ++tile) {
                    TileBatch<T> m[4][4], out[2][2];
#pragma GCC unroll 16
                    for (std::size_t f = 0; f < frequencies; ++f)
                        m[f / 4][f % 4] = TileBatch<T>::load_aligned(outputs + (f * tiles + tile) * out_lead_ + o);
                    transform_output(m, out);
                    for (std::size_t a = 0; a < std::min<std::size_t>(2, rows - 2 * i); ++a)
                        for (std::size_t b = 0; b < std::min<std::size_t>(2, grid_.columns - 2 * j); ++b)
                            (out[a][b] + shift)
                                .store_aligned(pixels + ((2 * i + a) * grid_.columns + 2 * j + b) * out_lead_ + o);
                }
        }
        const std::size_t size = grid_.rows * grid_.columns;
        to_planes(pixels, out_lead_, rows * grid_.columns, out_, y + image * out_ * size + 2 * first * grid_.columns,
                  size);
    }

    std::size_t batch_, groups_, in_, out_, in_lead_, out_lead_;
    Grid grid_;
    std::vector<std::size_t> places_;
    Grid::Block block_;
    Storage<T> weights_;
};

}    // namespace xtape::detail
