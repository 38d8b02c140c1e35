// Weights times the patches of images, which are brought into the kernel's order on the way from a frame: what a
// convolution is, and its transpose.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/detail/convolution/lattice.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace xtape::detail {

// Rows of weights over (channel, tap), in strips of the depth and in tiles of rows of nearly equal height.
template <class T>
class PackedWeights {
    using Tile = Tiling<T>;

public:
    // weight(row, d) is the element of a row.
    template <class Weight>
    PackedWeights(std::size_t rows, std::size_t depth, const Weight& weight)
        : rows_(rows),
          depth_(depth),
          strips_(std::max<std::size_t>(1, (depth + Tile::depth - 1) / Tile::depth)),
          strip_((depth + strips_ - 1) / strips_),
          packed_(strips_ * rows * Tile::lead) {
        T* to = packed_.data();
        for (std::size_t s = 0; s < strips_; ++s)
            for (std::size_t r = 0; r < rows; ++r, to += Tile::lead)
                for (std::size_t d = begin(s); d < end(s); ++d) to[d - begin(s)] = weight(r, d);
    }

    std::size_t rows() const { return rows_; }
    std::size_t strips() const { return strips_; }
    std::size_t longest_strip() const { return strip_; }
    std::size_t begin(std::size_t strip) const { return std::min(depth_, strip * strip_); }
    std::size_t end(std::size_t strip) const { return std::min(depth_, (strip + 1) * strip_); }
    const T* row(std::size_t strip, std::size_t r) const { return packed_.data() + (strip * rows_ + r) * Tile::lead; }

private:
    std::size_t rows_, depth_, strips_, strip_;
    Storage<T> packed_;
};

// Calls work(first, height) on rows cut into tiles of nearly equal height.
template <class T, class Work>
void each_row_tile(std::size_t rows, const Work& work) {
    const std::size_t tiles = (rows + Tiling<T>::rows - 1) / Tiling<T>::rows;
    for (std::size_t i = 0, first = 0; i < tiles; ++i) {
        const std::size_t height = rows / tiles + (i < rows % tiles ? 1 : 0);
        work(first, height);
        first += height;
    }
}

// The products of one convolution for one lattice of outputs: those that the same taps reach.
template <class T>
struct Part {
    Lattice lattice;
    std::vector<std::size_t> taps;            // where they stand in a frame
    std::vector<PackedWeights<T>> weights;    // of each group
    std::vector<std::size_t> offsets = {};    // of each channel and tap in an image's frames
};

template <class T>
class PatchProduct {
    using Tile = Tiling<T>;

public:
    // Of images of groups x `channels` planes, each in a frame, to groups x rows planes of `outputs` elements.
    PatchProduct(std::size_t batch, std::size_t groups, std::size_t channels, const Frame& frame, std::size_t outputs,
                 std::vector<Part<T>> parts)
        : batch_(batch),
          groups_(groups),
          channels_(channels),
          outputs_(outputs),
          frame_(frame),
          parts_(std::move(parts)) {
        std::size_t most = 1;
        for (auto& part : parts_) {
            most = std::max(most, part.lattice.size());
            part.offsets.reserve(channels * part.taps.size());
            for (std::size_t c = 0; c < channels; ++c)
                for (const std::size_t tap : part.taps) part.offsets.push_back(c * frame.plane() + tap);
        }
        block_ = std::clamp<std::size_t>(32 * Tile::columns / most, 1, batch);
    }

    void run(const T* images, const T* bias, T* outputs) const {
        const std::size_t blocks = (batch_ + block_ - 1) / block_;
        if (blocks * groups_ >= static_cast<std::size_t>(get_num_threads())) {
            const std::size_t grain = parallel_grain(work(block_), parallel_products);
            parallel_for(blocks * groups_, grain, [&](std::size_t begin, std::size_t end) {
                Storage<T> storage(frames_size());
                T* frames = storage.data() + Tile::width;
                Panels panels(*this);
                for (std::size_t i = begin; i < end; ++i) {
                    const Block block = block_at(i);
                    fill(block, images, 0, block.images * channels_, frames);
                    multiply(block, frames, 0, tiles(block), bias, outputs, panels);
                }
            });
            return;
        }
        // Fewer blocks than threads: these share each of them.
        Storage<T> storage(frames_size());
        T* shared = storage.data() + Tile::width;
        for (std::size_t i = 0; i < blocks * groups_; ++i) {
            const Block block = block_at(i);
            parallel_for(block.images * channels_, parallel_grain(frame_.plane()),
                         [&](std::size_t begin, std::size_t end) { fill(block, images, begin, end, shared); });
            const std::size_t count = tiles(block),
                              grain = parallel_grain(work(block.images) / std::max<std::size_t>(1, count),
                                                     parallel_products);
            parallel_for(count, grain, [&](std::size_t begin, std::size_t end) {
                Panels panels(*this);
                multiply(block, shared, begin, end, bias, outputs, panels);
            });
        }
    }

private:
    struct Block {    // images of one group
        std::size_t group, first, images;
    };
    static constexpr std::size_t panel_count = 4;    // that a tile of weights meets one after another
    struct Panels {
        explicit Panels(const PatchProduct& product) {
            for (const auto& part : product.parts_)
                for (const auto& weights : part.weights) strip = std::max(strip, weights.longest_strip());
            storage = Storage<T>((panel_count * strip + 1) * Tile::columns);
        }
        std::size_t strip = 0;
        Storage<T> storage;
    };

    std::size_t frame_size() const { return channels_ * frame_.plane(); }
    // Vectors of patches reach beyond the frames on both sides.
    std::size_t frames_size() const { return block_ * frame_size() + 2 * Tile::width; }
    Block block_at(std::size_t i) const {
        const std::size_t first = i / groups_ * block_;
        return {i % groups_, first, std::min(block_, batch_ - first)};
    }
    static std::size_t tiles(const Block& block, const Part<T>& part) {
        return (block.images * part.lattice.size() + Tile::columns - 1) / Tile::columns;
    }
    // Of the part that has most of them.
    std::size_t tiles(const Block& block) const {
        std::size_t most = 0;
        for (const auto& part : parts_) most = std::max(most, tiles(block, part));
        return most;
    }
    std::size_t work(std::size_t images) const {
        std::size_t total = 1;
        for (const auto& part : parts_)
            total += part.lattice.size() * part.taps.size() * channels_ * part.weights.front().rows();
        return images * total;
    }

    // The planes [begin, end) of a block, counted through its images.
    void fill(const Block& block, const T* images, std::size_t begin, std::size_t end, T* frames) const {
        const std::size_t size = frame_.axes[0].input * frame_.axes[1].input * frame_.axes[2].input;
        while (begin < end) {
            const std::size_t image = begin / channels_, channel = begin % channels_,
                              count = std::min(channels_ - channel, end - begin);
            frame_.fill(images + (((block.first + image) * groups_ + block.group) * channels_ + channel) * size, count,
                        frames + begin * frame_.plane());
            begin += count;
        }
    }

    // The tiles [begin, end) of a block's columns in all parts, whose outputs may stand in the same cache lines.
    void multiply(const Block& block, const T* frames, std::size_t begin, std::size_t end, const T* bias, T* outputs,
                  Panels& panels) const {
        for (std::size_t tile = begin; tile < end; tile += panel_count)
            for (const auto& part : parts_)
                multiply(part, block, frames, tile, std::min({end, tile + panel_count, tiles(block, part)}), bias,
                         outputs, panels);
    }

    void multiply(const Part<T>& part, const Block& block, const T* frames, std::size_t begin, std::size_t end,
                  const T* bias, T* outputs, Panels& panels) const {
        const auto& weights = part.weights[block.group];
        const std::size_t rows = weights.rows(), total = block.images * part.lattice.size();
        const std::size_t image_size = groups_ * rows * outputs_;
        T* corner = outputs + (block.first * groups_ + block.group) * rows * outputs_;
        const T* start = bias == nullptr ? nullptr : bias + block.group * rows;
        std::vector<Patches> patches;
        patches.reserve(panel_count);
        for (std::size_t tile = begin; tile < end; ++tile)
            patches.emplace_back(
                Columns<T>(part.lattice, tile * Tile::columns, std::min(Tile::columns, total - tile * Tile::columns),
                           frame_size(), image_size),
                frames);
        for (std::size_t strip = 0; strip < weights.strips(); ++strip) {
            const std::size_t length = weights.end(strip) - weights.begin(strip);
            const std::size_t* offsets = part.offsets.data() + weights.begin(strip);
            T* panel = panels.storage.data();
            for (auto& some : patches) {
                some.rows.offsets = offsets;
                if (some.pieces == 0) pack(some.columns, offsets, length, frames, panel);
                panel += length * Tile::columns;
            }
            each_row_tile<T>(rows, [&](std::size_t r, std::size_t height) {
                const T* right = std::as_const(panels.storage).data();
                for (const auto& some : patches) {
                    compute(some, {height, length, weights.row(strip, r), start == nullptr ? nullptr : start + r},
                            right, strip > 0, corner + r * outputs_);
                    right += length * Tile::columns;
                }
            });
        }
    }

    // The patches at some columns: read in place, or packed where `pieces` is 0.
    struct Patches {
        Patches(const Columns<T>& at, const T* frames) : columns(at), rows() {
            const std::size_t most = std::ranges::max(columns.piece_counts);
            if (columns.vectors() < 2 || most > most_pieces<T>) return;
            pieces = most;
            for (std::size_t v = 0; v < 2; ++v)
                for (std::size_t i = 0; i < pieces; ++i) {
                    const bool there = i < columns.piece_counts[v];
                    rows.places[v][i] = frames + columns.pieces[v][there ? i : 0].from;
                    rows.own[v][i] = lanes_from(there ? columns.pieces[v][i].lane : Tile::width);
                }
        }
        Columns<T> columns;
        ScatteredRows<T> rows;
        std::size_t pieces = 0;
    };

    // Patches at these columns, a row for each of the offsets.
    void pack(const Columns<T>& columns, const std::size_t* offsets, std::size_t length, const T* frames, T* to) const {
        const std::size_t vectors = columns.vectors(), step = vectors * Tile::width;
        for (std::size_t v = 0; v < vectors; ++v, to += Tile::width) {
            const auto& pieces = columns.pieces[v];
            std::array<typename Tile::Batch::batch_bool_type, Tile::width> own;
            std::array<const T*, Tile::width> from;
            for (std::size_t i = 0; i < columns.piece_counts[v]; ++i) {
                own[i] = lanes_from(pieces[i].lane);
                from[i] = frames + pieces[i].from;
            }
            auto pack_vector = [&](auto count) {
                for (std::size_t d = 0; d < length; ++d) {
                    auto row = Tile::Batch::load_unaligned(from[0] + offsets[d]);
                    for (std::size_t i = 1; i < count; ++i)
                        row = xsimd::select(own[i], Tile::Batch::load_unaligned(from[i] + offsets[d]), row);
                    row.store_aligned(to + d * step);
                }
            };
            switch (columns.piece_counts[v]) {
                case 1: pack_vector(std::integral_constant<std::size_t, 1>{}); break;
                case 2: pack_vector(std::integral_constant<std::size_t, 2>{}); break;
                case 3: pack_vector(std::integral_constant<std::size_t, 3>{}); break;
                default: pack_vector(columns.piece_counts[v]);
            }
        }
    }
    static auto lanes_from(std::size_t lane) {
        alignas(64) std::array<T, Tile::width> index;
        for (std::size_t i = 0; i < Tile::width; ++i) index[i] = static_cast<T>(i);
        return Tile::Batch::load_aligned(index.data()) >= typename Tile::Batch(static_cast<T>(lane));
    }

    struct Rows {    // of weights
        std::size_t height, depth;
        const T* weights;
        const T* start;
    };
    void compute(const Patches& patches, const Rows& rows, const T* right, bool add, T* corner) const {
        const Columns<T>& columns = patches.columns;
        const std::size_t vectors = columns.vectors(), lead = vectors * Tile::width, height = rows.height;
        auto kernel = [&](T* to, std::size_t to_lead, bool add_to) {
            const T* start = add ? nullptr : rows.start;
            if (patches.pieces > 0)
                AnyScatteredTile<T>::of(height, patches.pieces)(rows.depth, rows.weights, patches.rows, to, to_lead,
                                                                add_to, start);
            else
                AnyTile<T>::of(height, vectors)(rows.depth, rows.weights, right, to, to_lead, add_to, start);
        };
        if (columns.run_count == 1 && columns.count == lead && columns.runs[0].step == 1)
            return kernel(corner + columns.runs[0].to, outputs_, add);
        alignas(64) T edge[Tile::rows * Tile::columns + Tile::width];
        kernel(edge, lead, false);
        for (std::size_t i = 0; i < columns.run_count; ++i) {
            const auto& run = columns.runs[i];
            write_steps(edge + run.column, lead, height, run.length, add, corner + run.to, outputs_, run.step);
        }
    }

    std::size_t batch_, groups_, channels_, outputs_, block_;
    Frame frame_;
    std::vector<Part<T>> parts_;
};

}    // namespace xtape::detail
