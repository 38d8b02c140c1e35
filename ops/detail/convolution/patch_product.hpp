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
        for (const auto& part : parts_) most = std::max(most, part.lattice.size());
        block_ = std::clamp<std::size_t>(32 * Tile::columns / most, 1, batch);
    }

    void run(const T* images, const T* bias, T* outputs) const {
        const std::size_t blocks = (batch_ + block_ - 1) / block_;
        if (blocks * groups_ >= static_cast<std::size_t>(get_num_threads())) {
            const std::size_t grain = parallel_grain(work(block_), parallel_products);
            parallel_for(blocks * groups_, grain, [&](std::size_t begin, std::size_t end) {
                Storage<T> frames(block_ * frame_size() + Tile::width);
                Panels panels(*this);
                for (std::size_t i = begin; i < end; ++i) {
                    const Block block = block_at(i);
                    fill(block, images, 0, block.images * channels_, frames.data());
                    multiply(block, frames.data(), 0, tiles(block), bias, outputs, panels);
                }
            });
            return;
        }
        // Fewer blocks than threads: these share each of them.
        Storage<T> frames(block_ * frame_size() + Tile::width);
        T* shared = frames.data();
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
    Block block_at(std::size_t i) const {
        const std::size_t first = i / groups_ * block_;
        return {i % groups_, first, std::min(block_, batch_ - first)};
    }
    static std::size_t tiles(const Block& block, const Part<T>& part) {
        return (block.images * part.lattice.size() + Tile::columns - 1) / Tile::columns;
    }
    std::size_t tiles(const Block& block) const {
        std::size_t count = 0;
        for (const auto& part : parts_) count += tiles(block, part);
        return count;
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

    // The tiles [begin, end) of a block's columns, counted through the parts.
    void multiply(const Block& block, const T* frames, std::size_t begin, std::size_t end, const T* bias, T* outputs,
                  Panels& panels) const {
        std::size_t before = 0;
        for (const auto& part : parts_) {
            const std::size_t count = tiles(block, part);
            const std::size_t first = std::clamp(begin, before, before + count) - before,
                              last = std::clamp(end, before, before + count) - before;
            for (std::size_t tile = first; tile < last; tile += panel_count)
                multiply(part, block, frames, tile, std::min(last, tile + panel_count), bias, outputs, panels);
            before += count;
        }
    }

    void multiply(const Part<T>& part, const Block& block, const T* frames, std::size_t begin, std::size_t end,
                  const T* bias, T* outputs, Panels& panels) const {
        const auto& weights = part.weights[block.group];
        const std::size_t rows = weights.rows(), total = block.images * part.lattice.size();
        const std::size_t image_size = groups_ * rows * outputs_;
        T* corner = outputs + (block.first * groups_ + block.group) * rows * outputs_;
        const T* start = bias == nullptr ? nullptr : bias + block.group * rows;
        std::vector<Columns<T>> columns;
        columns.reserve(panel_count);
        for (std::size_t tile = begin; tile < end; ++tile)
            columns.emplace_back(part.lattice, tile * Tile::columns,
                                 std::min(Tile::columns, total - tile * Tile::columns), frame_size(), image_size);
        for (std::size_t strip = 0; strip < weights.strips(); ++strip) {
            const std::size_t length = weights.end(strip) - weights.begin(strip);
            T* panel = panels.storage.data();
            for (const auto& some : columns) {
                pack(some, part.taps, frames, weights.begin(strip), weights.end(strip), panel);
                panel += length * Tile::columns;
            }
            each_row_tile<T>(rows, [&](std::size_t r, std::size_t height) {
                const T* right = std::as_const(panels.storage).data();
                for (const auto& some : columns) {
                    compute(some, height, length, weights.row(strip, r), right, start == nullptr ? nullptr : start + r,
                            strip > 0, corner + r * outputs_);
                    right += length * Tile::columns;
                }
            });
        }
    }

    // Rows [begin, end) of (channel, tap) at these columns. A vector that reaches beyond its run is written over by the
    // next one.
    void pack(const Columns<T>& columns, const std::vector<std::size_t>& taps, const T* frames, std::size_t begin,
              std::size_t end, T* to) const {
        using Batch = typename Tile::Batch;
        const std::size_t step = columns.vectors() * Tile::width;
        if (columns.count < step) std::fill_n(to, (end - begin) * step, T(0));
        if (begin == end) return;
        std::size_t tap = begin % taps.size();
        const T* plane = frames + begin / taps.size() * frame_.plane();
        for (std::size_t d = begin; d < end; ++d, to += step) {
            const T* from = plane + taps[tap];
            for (std::size_t m = 0; m < columns.move_count; ++m)
                Batch::load_unaligned(from + columns.moves[m].from).store_unaligned(to + columns.moves[m].column);
            if (++tap == taps.size()) {
                tap = 0;
                plane += frame_.plane();
            }
        }
    }

    void compute(const Columns<T>& columns, std::size_t height, std::size_t depth, const T* left, const T* right,
                 const T* start, bool add, T* corner) const {
        const std::size_t vectors = columns.vectors(), lead = vectors * Tile::width;
        const auto kernel = AnyTile<T>::of(height, vectors);
        const bool whole = columns.run_count == 1 && columns.count == lead && columns.runs[0].step == 1;
        if (add) start = nullptr;
        if (whole) return kernel(depth, left, right, corner + columns.runs[0].to, outputs_, add, start);
        alignas(64) T edge[Tile::rows * Tile::columns];
        kernel(depth, left, right, edge, lead, false, start);
        for (std::size_t r = 0; r < height; ++r)
            for (std::size_t i = 0; i < columns.run_count; ++i) {
                const auto& run = columns.runs[i];
                T* to = corner + r * outputs_ + run.to;
                const T* from = edge + r * lead + run.column;
                for (std::size_t k = 0; k < run.length; ++k)
                    to[k * run.step] = (add ? to[k * run.step] : T(0)) + from[k];
            }
    }

    std::size_t batch_, groups_, channels_, outputs_, block_;
    Frame frame_;
    std::vector<Part<T>> parts_;
};

}    // namespace xtape::detail
