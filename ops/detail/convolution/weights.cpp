// The gradient of a convolution's weights: patches, a row for each channel and tap, times the outputs' gradient, a
// column for each output channel, summed over the places of all images.
#include <xtape/core/array.hpp>
#include <xtape/core/detail/transpose.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/detail/convolution/depthwise.hpp>
#include <xtape/ops/detail/convolution/geometry.hpp>
#include <xtape/ops/detail/convolution/patch_product.hpp>
#include <xtape/ops/detail/convolution/winograd.hpp>
#include <xtape/ops/detail/gemm/pack.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace xtape::detail {
namespace {

constexpr std::size_t round_up(std::size_t length, std::size_t to) { return (length + to - 1) / to * to; }

template <class T>
class WeightProduct {
    using Tile = Tiling<T>;
    static constexpr std::size_t width = Tile::width;

public:
    explicit WeightProduct(const ConvolutionShape& shape)
        : shape_(shape),
          frame_(input_frame(shape)),
          taps_(input_taps(shape, frame_)),
          lattice_(output_lattice(shape, frame_)),
          places_(shape.outputs()),
          lead_(round_up(shape.out, width)),
          block_(std::clamp<std::size_t>(Tile::depth / places_, 1, shape.batch)) {
        const std::size_t total = block_ * places_, strips = (total + Tile::depth - 1) / Tile::depth;
        strip_ = round_up((total + strips - 1) / strips, width);
        strips_ = (total + strip_ - 1) / strip_;
        // How the work is cut depends on the shape alone: into a few sums over some of the images each, which are added
        // up in order, or by channels where the sums are long.
        const std::size_t units = (shape.batch + block_ - 1) / block_ * strips_;
        sums_ = std::min<std::size_t>(units, size() <= 1 << 16 ? 8 : size() <= 1 << 19 ? 4 : 1);
        units_ = (units + sums_ - 1) / sums_;
        channels_ = sums_ > 1 ? shape.in : std::min(shape.in, std::max<std::size_t>(1, 512 / taps_.size()));
    }

    void run(const T* x, const T* y, T* w) const {
        const std::size_t parts = (shape_.in + channels_ - 1) / channels_;
        Storage<T> storage(shape_.groups * sums_ * size());
        T* sums = storage.data();
        const std::size_t work = units_ * strip_ * channels_ * taps_.size() * shape_.out;
        parallel_for(shape_.groups * sums_ * parts, parallel_grain(work, parallel_products),
                     [&](std::size_t begin, std::size_t end) {
                         Scratch scratch(*this);
                         for (std::size_t i = begin; i < end; ++i) {
                             const std::size_t sum = i / parts, first = i % parts * channels_;
                             const Task task{sum / sums_, sum % sums_, first, std::min(channels_, shape_.in - first)};
                             add_up(task, x, y, sums + sum * size(), scratch);
                         }
                     });
        for (std::size_t g = 0; g < shape_.groups; ++g, w += rows() * shape_.out) join(sums + g * sums_ * size(), w);
    }

private:
    struct Task {
        std::size_t group, sum, channel, channels;
    };
    struct Move {
        std::size_t from, to;
    };
    struct Scratch {
        explicit Scratch(const WeightProduct& of)
            : frames(of.block_ * of.channels_ * of.frame_.plane() + width),
              left(Tile::rows * Tile::lead),
              right(of.strip_ * of.lead_) {}
        Storage<T> frames, left, right;
        std::vector<Move> moves;
    };

    std::size_t rows() const { return shape_.in * taps_.size(); }
    std::size_t size() const { return rows() * lead_; }

    void add_up(const Task& task, const T* x, const T* y, T* sums, Scratch& scratch) const {
        std::size_t filled = shape_.batch;
        bool add = false;
        sums += task.channel * taps_.size() * lead_;
        for (std::size_t unit = task.sum * units_; unit < (task.sum + 1) * units_; ++unit) {
            const std::size_t first = unit / strips_ * block_, begin = unit % strips_ * strip_;
            if (first >= shape_.batch) break;
            const std::size_t images = std::min(block_, shape_.batch - first),
                              end = std::min(begin + strip_, images * places_);
            if (begin >= end) continue;
            if (std::exchange(filled, first) != first) fill(task, x, first, images, scratch.frames.data());
            list_moves(task, begin, end, scratch.moves);
            pack_outputs(task, y, first, begin, end, scratch.right.data());
            each_row_tile<T>(task.channels * taps_.size(), [&](std::size_t row, std::size_t height) {
                T* left = scratch.left.data();
                for (std::size_t r = 0; r < height; ++r) pack_row(scratch, row + r, left + r * Tile::lead);
                const T* right = std::as_const(scratch.right).data();
                for (std::size_t o = 0; o < lead_; o += Tile::columns) {
                    const std::size_t vectors = std::min(Tile::columns, lead_ - o) / width;
                    AnyTile<T>::of(height, vectors)(end - begin, left, right, sums + row * lead_ + o, lead_, add,
                                                    nullptr);
                    right += (end - begin) * vectors * width;
                }
            });
            add = true;
        }
        if (!add) std::fill_n(sums, task.channels * taps_.size() * lead_, T(0));
    }

    void fill(const Task& task, const T* x, std::size_t first, std::size_t images, T* frames) const {
        for (std::size_t n = first; n < first + images; ++n, frames += task.channels * frame_.plane())
            frame_.fill(x + ((n * shape_.groups + task.group) * shape_.in + task.channel) * shape_.inputs(),
                        task.channels, frames);
    }

    // How a row of patches is copied: vectors, whose ends the next one writes over.
    void list_moves(const Task& task, std::size_t begin, std::size_t end, std::vector<Move>& moves) const {
        moves.clear();
        for (std::size_t place = begin; place < end;) {
            const auto at = lattice_.at(place % places_);
            const std::size_t run = std::min(at.rest, end - place);
            const std::size_t from = place / places_ * task.channels * frame_.plane() + at.frame;
            for (std::size_t done = 0; done < run; done += width) moves.push_back({from + done, place - begin + done});
            place += run;
        }
    }

    void pack_row(const Scratch& scratch, std::size_t row, T* to) const {
        using Batch = typename Tile::Batch;
        const T* from = scratch.frames.data() + row / taps_.size() * frame_.plane() + taps_[row % taps_.size()];
        for (const auto& move : scratch.moves) Batch::load_unaligned(from + move.from).store_unaligned(to + move.to);
    }

    // Outputs of a block of images in panels of channels: a row for each place.
    void pack_outputs(const Task& task, const T* y, std::size_t first, std::size_t begin, std::size_t end,
                      T* to) const {
        const T* corner = y + (first * shape_.groups + task.group) * shape_.out * places_;
        for (std::size_t o = 0; o < lead_; o += Tile::columns) {
            const std::size_t columns = std::min(Tile::columns, lead_ - o);
            for (std::size_t place = begin; place < end;) {
                const std::size_t image = place / places_, inside = place % places_,
                                  run = std::min(places_ - inside, end - place);
                const T* from = corner + (image * shape_.groups * shape_.out + o) * places_ + inside;
                for (std::size_t v = 0; v < columns; v += width)
                    pack_vector(from + v * places_, std::min(width, shape_.out - o - v), run, to + v, columns);
                to += run * columns;
                place += run;
            }
        }
    }
    // The transpose of `count` <= width rows, which lie places_ apart, filled up with zeros.
    void pack_vector(const T* from, std::size_t count, std::size_t length, T* to, std::size_t to_lead) const {
        std::size_t k = 0;
        if (count == width)
            for (; k + width <= length; k += width)
                pack_square(from + k, static_cast<std::ptrdiff_t>(places_), to + k * to_lead, to_lead);
        for (; k < length; ++k) {
            for (std::size_t j = 0; j < count; ++j) to[k * to_lead + j] = from[j * places_ + k];
            std::fill_n(to + k * to_lead + count, width - count, T(0));
        }
    }

    // w = the total of the sums, transposed.
    void join(const T* sums, T* w) const {
        using Batch = typename Tile::Batch;
        parallel_for(lead_ / width, parallel_grain(rows() * sums_ * width), [&](std::size_t begin, std::size_t end) {
            alignas(64) T square[width * width];
            for (std::size_t o = begin * width; o < end * width; o += width)
                for (std::size_t r = 0; r < rows(); r += width) {
                    const std::size_t height = std::min(width, rows() - r), columns = std::min(width, shape_.out - o);
                    for (std::size_t i = 0; i < height; ++i) {
                        const T* from = sums + (r + i) * lead_ + o;
                        Batch total = Batch::load_aligned(from);
                        for (std::size_t s = 1; s < sums_; ++s) total += Batch::load_aligned(from + s * size());
                        total.store_aligned(square + i * width);
                    }
                    transpose_block<T>(square, width, height, columns, w + o * rows() + r, rows());
                }
        });
    }

    ConvolutionShape shape_;
    Frame frame_;
    std::vector<std::size_t> taps_;
    Lattice lattice_;
    std::size_t places_, lead_, block_, strip_, strips_, sums_, units_, channels_;
};

}    // namespace

template <class T>
void convolve_for_weights(const ConvolutionShape& shape, const T* x, const T* y, T* w) {
    const std::size_t size = shape.groups * shape.out * shape.in * shape.taps();
    if (size == 0) return;
    if (shape.batch * shape.outputs() == 0)
        std::fill_n(w, size, T(0));
    else if (has_winograd_for_weights(shape))
        convolve_winograd_for_weights(shape, x, y, w);
    else if (is_depthwise(shape))
        convolve_depthwise_for_weights(shape, x, y, w);
    else
        WeightProduct<T>(shape).run(x, y, w);
}

template void convolve_for_weights(const ConvolutionShape&, const float*, const float*, float*);
template void convolve_for_weights(const ConvolutionShape&, const double*, const double*, double*);

}    // namespace xtape::detail
