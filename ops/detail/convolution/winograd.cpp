#include <xtape/core/threads.hpp>
#include <xtape/ops/detail/convolution/patch_product.hpp>
#include <xtape/ops/detail/convolution/winograd.hpp>
#include <xtape/ops/detail/convolution/winograd_tile.hpp>
#include <xtape/ops/detail/convolution/winograd_transforms.hpp>

#include <algorithm>
#include <utility>

namespace xtape::detail {
namespace {

template <class T>
using Batch = typename Tiling<T>::Batch;

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
    void store(const Batch<T> (&m)[4][4], std::size_t tile, std::size_t channel) const {
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
                Batch<T> d[4][4];
#pragma GCC unroll 16
                for (std::size_t k = 0; k < 16; ++k)
                    d[k / 4][k % 4] = Batch<T>::load_aligned(corner + (k / 4 * grid.frame_columns() + k % 4) * to.lead);
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
                Batch<T> y[2][2], m[4][4];
                for (std::size_t k = 0; k < 4; ++k)
                    y[k / 2][k % 2] = Batch<T>::load_aligned(corner + (k / 2 * row + k % 2) * to.lead);
                transform_gradient(y, m);
                to.store(m, tile, c);
            }
}

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
            const Batch<T> shift = Batch<T>::load_aligned(added);
            std::size_t tile = 0;
            for (std::size_t i = 0; i < last - first; ++i)
                for (std::size_t j = 0; j < grid_.tile_columns(); ++j, ++tile) {
                    Batch<T> m[4][4], out[2][2];
#pragma GCC unroll 16
                    for (std::size_t f = 0; f < frequencies; ++f)
                        m[f / 4][f % 4] = Batch<T>::load_aligned(outputs + (f * tiles + tile) * out_lead_ + o);
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

}    // namespace

bool has_winograd(const ConvolutionShape& shape) {
    const auto& [a, b, c] = shape.axes;
    auto fits = [](const ConvolutionAxis& axis) {
        return axis.kernel == 3 && axis.stride == 1 && axis.dilation == 1 && axis.padding >= 0 && axis.padding <= 2 &&
               axis.output >= 4 && axis.input >= 4 &&
               axis.output + 2 == axis.input + 2 * static_cast<std::size_t>(axis.padding);
    };
    return shape.in >= 16 && shape.out >= 16 && a.input == 1 && a.kernel == 1 && a.output == 1 && a.padding == 0 &&
           fits(b) && fits(c) && b.padding == c.padding && shape.batch * shape.outputs() >= 256;
}

bool has_winograd_for_weights(const ConvolutionShape& shape) {
    return has_winograd(shape) && (shape.outputs() >= 256 || shape.in * shape.out <= 1 << 14);
}

template <class T>
void convolve_winograd(const ConvolutionShape& shape, const T* x, const T* w, const T* bias, T* y) {
    const auto &rows = shape.axes[1], &columns = shape.axes[2];
    const Grid grid{rows.input, columns.input, rows.output, columns.output, static_cast<std::size_t>(rows.padding)};
    WinogradProduct<T>(shape.batch, shape.groups, shape.in, shape.out, grid,
                       [&](std::size_t g, std::size_t o, std::size_t c, T(&to)[3][3]) {
                           const T* from = w + ((g * shape.out + o) * shape.in + c) * 9;
                           for (std::size_t k = 0; k < 9; ++k) to[k / 3][k % 3] = from[k];
                       })
        .run(x, bias, y);
}

template <class T>
void convolve_winograd_transposed(const ConvolutionShape& shape, const T* y, const T* w, const T* bias, T* x) {
    const auto &rows = shape.axes[1], &columns = shape.axes[2];
    const Grid grid{rows.output, columns.output, rows.input, columns.input, 2 - static_cast<std::size_t>(rows.padding)};
    WinogradProduct<T>(shape.batch, shape.groups, shape.out, shape.in, grid,
                       [&](std::size_t g, std::size_t c, std::size_t o, T(&to)[3][3]) {
                           const T* from = w + ((g * shape.out + o) * shape.in + c) * 9;
                           for (std::size_t k = 0; k < 9; ++k) to[k / 3][k % 3] = from[8 - k];
                       })
        .run(y, bias, x);
}

template <class T>
void convolve_winograd_for_weights(const ConvolutionShape& shape, const T* x, const T* y, T* w) {
    const auto &rows = shape.axes[1], &columns = shape.axes[2];
    const Grid grid{rows.input, columns.input, rows.output, columns.output, static_cast<std::size_t>(rows.padding)};
    WinogradWeightProduct<T>(shape, grid).run(x, y, w);
}

template void convolve_winograd(const ConvolutionShape&, const float*, const float*, const float*, float*);
template void convolve_winograd(const ConvolutionShape&, const double*, const double*, const double*, double*);
template void convolve_winograd_transposed(const ConvolutionShape&, const float*, const float*, const float*, float*);
template void convolve_winograd_transposed(const ConvolutionShape&, const double*, const double*, const double*,
                                           double*);
template void convolve_winograd_for_weights(const ConvolutionShape&, const float*, const float*, float*);
template void convolve_winograd_for_weights(const ConvolutionShape&, const double*, const double*, double*);

}    // namespace xtape::detail
