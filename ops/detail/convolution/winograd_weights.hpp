// Winograd's products of images and gradients of outputs: gradients of kernels.
#pragma once

#include <xtape/core/threads.hpp>
#include <xtape/ops/detail/convolution.hpp>
#include <xtape/ops/detail/convolution/winograd_grid.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace xtape::detail {

// The sums over tiles of transformed gradients times inputs, an output channel a row, an input channel a column.
template <class T>
class WinogradWeightProduct {
    using Tile = Tiling<T>;
    static constexpr std::size_t width = Tile::width;

public:
    WinogradWeightProduct(const ConvolutionShape& shape, const Grid& grid)
        : shape_(shape),
          in_lead_(round_up(shape.in, width)),
          out_lead_(round_up(shape.out, width)),
          grid_(grid),
          input_places_(grid.input_places(in_lead_)),
          output_places_(grid.output_places(out_lead_)),
          block_(grid.block(2 * tiles_in_cache(frequencies * (in_lead_ + out_lead_) * sizeof(T)))) {
        // The number of sums depends on the shape alone.
        const std::size_t units = (shape.batch + block_.images - 1) / block_.images;
        sums_ = std::min<std::size_t>(units, size() <= 1 << 17 ? 8 : size() <= 1 << 20 ? 4 : 2);
        units_ = (units + sums_ - 1) / sums_;
    }

    void run(const T* x, const T* y, T* w) const {
        Storage<T> storage(shape_.groups * sums_ * size());
        T* sums = storage.data();
        const std::size_t work = units_ * block_.images * grid_.tiles() * size();
        parallel_for(shape_.groups * sums_, parallel_grain(work, parallel_products),
                     [&](std::size_t begin, std::size_t end) {
                         Scratch scratch(*this);
                         for (std::size_t i = begin; i < end; ++i)
                             add_up(i / sums_, i % sums_, x, y, sums + i * size(), scratch);
                     });
        parallel_for(shape_.groups * shape_.out, parallel_grain(shape_.in * sums_ * 64),
                     [&](std::size_t begin, std::size_t end) {
                         for (std::size_t i = begin; i < end; ++i)
                             join(sums + i / shape_.out * sums_ * size() + i % shape_.out * in_lead_,
                                  w + i * shape_.in * 9);
                     });
    }

private:
    struct Scratch {
        explicit Scratch(const WinogradWeightProduct& of)
            : inputs(of.grid_.frame_size() * of.in_lead_),
              outputs(4 * of.grid_.tiles() * of.out_lead_),
              left(frequencies * of.tiles() * of.out_lead_),
              right(frequencies * of.tiles() * of.in_lead_) {
            std::fill_n(inputs.data(), inputs.size(), T(0));
            std::fill_n(outputs.data(), outputs.size(), T(0));
        }
        Storage<T> inputs, outputs, left, right;
    };

    std::size_t tiles() const { return block_.images * block_.rows * grid_.tile_columns(); }
    std::size_t size() const { return frequencies * shape_.out * in_lead_; }

    void add_up(std::size_t group, std::size_t sum, const T* x, const T* y, T* sums, Scratch& scratch) const {
        bool add = false;
        for (std::size_t unit = sum * units_; unit < (sum + 1) * units_ && unit * block_.images < shape_.batch;
             ++unit) {
            const std::size_t image = unit * block_.images, images = std::min(block_.images, shape_.batch - image);
            std::size_t filled = shape_.batch;
            for (std::size_t first = 0; first < grid_.tile_rows(); first += block_.rows) {
                const std::size_t last = std::min(first + block_.rows, grid_.tile_rows()),
                                  tiles = (last - first) * grid_.tile_columns();
                for (std::size_t k = 0; k < images; ++k) {
                    if (std::exchange(filled, image + k) != image + k) {
                        const std::size_t number = (image + k) * shape_.groups + group;
                        to_pixels(x + number * shape_.in * shape_.inputs(), shape_.in, shape_.inputs(), input_places_,
                                  scratch.inputs.data());
                        to_pixels(y + number * shape_.out * shape_.outputs(), shape_.out, shape_.outputs(),
                                  output_places_, scratch.outputs.data());
                    }
                    transform_inputs<T>(grid_, std::as_const(scratch.inputs).data(), first, last,
                                        {images * tiles, in_lead_, true, scratch.right.data()}, k * tiles);
                    transform_gradients<T>(grid_, std::as_const(scratch.outputs).data(), first, last,
                                           {images * tiles, out_lead_, false, scratch.left.data()}, k * tiles);
                }
                multiply(images * tiles, scratch.left.data(), scratch.right.data(), sums, std::exchange(add, true));
            }
        }
        if (!add) std::fill_n(sums, size(), T(0));
    }

    void multiply(std::size_t tiles, const T* left, const T* right, T* sums, bool add) const {
        for (std::size_t f = 0; f < frequencies; ++f)
            for (std::size_t c = 0; c < in_lead_; c += Tile::columns) {
                const std::size_t columns = std::min(Tile::columns, in_lead_ - c);
                each_row_tile<T>(shape_.out, [&](std::size_t o, std::size_t height) {
                    AnyTransformedTile<T, true>::of(height, columns / width)(
                        tiles, left + f * tiles * out_lead_ + o, out_lead_, right + f * tiles * in_lead_ + c * tiles,
                        sums + (f * shape_.out + o) * in_lead_ + c, in_lead_, add);
                });
            }
    }

    // The weights of one output channel.
    void join(const T* sums, T* w) const {
        for (std::size_t c = 0; c < shape_.in; ++c, w += 9) {
            T u[4][4] = {}, weights[3][3];
            for (std::size_t s = 0; s < sums_; ++s)
                for (std::size_t f = 0; f < frequencies; ++f)
                    u[f / 4][f % 4] += sums[s * size() + f * shape_.out * in_lead_ + c];
            transform_weight_sums(u, weights);
            for (std::size_t k = 0; k < 9; ++k) w[k] = weights[k / 3][k % 3];
        }
    }

    ConvolutionShape shape_;
    std::size_t in_lead_, out_lead_;
    Grid grid_;
    std::vector<std::size_t> input_places_, output_places_;
    Grid::Block block_;
    std::size_t sums_, units_;
};

}    // namespace xtape::detail
