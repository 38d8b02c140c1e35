// The places of an output that one product computes, cut into the tiles of columns that its kernel works on.
#pragma once

#include <xtape/ops/detail/convolution/frame.hpp>
#include <xtape/ops/detail/gemm/tile.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace xtape::detail {

// A regular grid of places (i, j, k) of each image's plane: where each is in the output, and where the patch that
// belongs to it begins in the frame. Those of k, k + 1, ... begin side by side.
struct Lattice {
    std::array<std::size_t, 3> sizes, output_steps;
    std::array<std::size_t, 2> frame_steps;    // the last axis's is 1
    std::size_t output_first, frame_first;

    std::size_t size() const { return sizes[0] * sizes[1] * sizes[2]; }

    struct Place {
        std::size_t frame, output, rest;    // and how many places follow side by side, with it
    };
    Place at(std::size_t index) const {
        const std::size_t k = index % sizes[2], j = index / sizes[2] % sizes[1], i = index / sizes[2] / sizes[1];
        return {frame_first + i * frame_steps[0] + j * frame_steps[1] + k,
                output_first + i * output_steps[0] + j * output_steps[1] + k * output_steps[2], sizes[2] - k};
    }
    // Makes one row of rows that continue one another on both sides.
    void merge() {
        for (std::size_t d : {1, 0})
            if (sizes[1] == 1 || d == 1)
                if (sizes[d] == 1 ||
                    (frame_steps[d] == sizes[2] && output_steps[2] == 1 && output_steps[d] == sizes[2])) {
                    sizes[2] *= sizes[d];
                    sizes[d] = 1;
                }
    }
};

// Tiling::columns places, or fewer, of images that follow one another.
template <class T>
struct Columns {
    static constexpr std::size_t most = Tiling<T>::columns, width = Tiling<T>::width;

    struct Piece {    // reads a vector at a place of the frame, whose lanes from `lane` on are columns
        std::ptrdiff_t from;
        std::size_t lane;
    };
    struct Run {    // consecutive columns, which are `step` apart in the output
        std::size_t to, column, length, step;
    };
    std::array<std::array<Piece, width>, 2> pieces;    // of each vector; the lanes of one end where the next begins
    std::array<Run, most> runs;
    std::array<std::size_t, 2> piece_counts{};
    std::size_t run_count = 0, count = 0;

    // The places `first` to `first + count` of the lattice in images whose frames, and whose outputs, lie that far
    // apart.
    Columns(const Lattice& at, std::size_t first, std::size_t length, std::size_t frame_size, std::size_t output_size)
        : count(length) {
        const std::size_t size = at.size();
        for (std::size_t column = 0; column < count;) {
            const std::size_t image = (first + column) / size;
            const auto place = at.at((first + column) % size);
            const std::size_t run = std::min(place.rest, count - column), from = image * frame_size + place.frame;
            for (std::size_t done = 0; done < run;) {
                const std::size_t vector = (column + done) / width, lane = (column + done) % width;
                pieces[vector][piece_counts[vector]++] = {
                    static_cast<std::ptrdiff_t>(from + done) - static_cast<std::ptrdiff_t>(lane), lane};
                done += width - lane;
            }
            add_run({image * output_size + place.output, column, run, at.output_steps[2]});
            column += run;
        }
    }
    std::size_t vectors() const { return count > width ? 2 : 1; }

private:
    void add_run(const Run& run) {
        if (run_count > 0) {
            Run& last = runs[run_count - 1];
            if (last.to + last.length * last.step == run.to) {
                last.length += run.length;
                return;
            }
        }
        runs[run_count++] = run;
    }
};

}    // namespace xtape::detail
