// A batch (N, C, ...) as a table of rows: of N rows with a column for each channel and place (few places), or of N C
// rows that lie in one channel each (many places); and the moments of its channels.
#pragma once

#include <xtape/core/shape.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/detail/batch_parts.hpp>
#include <xtape/ops/detail/rows.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace xtape::detail {

struct BatchTable {
    static constexpr std::size_t parallel = 64 * 1024;    // elements from which a second thread pays
    static constexpr std::size_t tile = 256;              // columns that are worked on together
    static constexpr std::size_t block = 16;              // rows of a tile that stay in the first cache
    static constexpr std::size_t few_places = 16;

    std::size_t batch, channels, places;
    explicit BatchTable(const Shape& shape) : batch(shape[0]), channels(shape[1]), places(1) {
        for (std::size_t d = 2; d < shape.size(); ++d) places *= shape[d];
    }
    bool by_columns() const { return places < few_places; }
    std::size_t row() const { return by_columns() ? channels * places : places; }
    std::size_t rows() const { return by_columns() ? batch : batch * channels; }
    std::size_t count() const { return batch * places; }
};

// Calls work(first column, width) on tiles of columns.
template <class Work>
void each_tile(const BatchTable& at, Work work) {
    std::size_t columns = at.row();
    parallel_for((columns + BatchTable::tile - 1) / BatchTable::tile,
                 std::max<std::size_t>(1, BatchTable::parallel / (BatchTable::tile * at.batch + 1)),
                 [&](std::size_t begin, std::size_t end) {
                     for (std::size_t t = begin; t < end; ++t)
                         work(t * BatchTable::tile, std::min(BatchTable::tile, columns - t * BatchTable::tile));
                 });
}

// Calls work(channel) on every channel.
template <class Work>
void each_channel(const BatchTable& at, Work work) {
    parallel_for(at.channels, std::max<std::size_t>(1, BatchTable::parallel / (at.count() + 1)),
                 [&](std::size_t begin, std::size_t end) {
                     for (std::size_t c = begin; c < end; ++c) work(c);
                 });
}

// The moments of the columns c0 to c0 + width over all rows.
template <class T>
void column_moments(const T* x, const BatchTable& at, std::size_t c0, std::size_t width, Moments<T>* out) {
    T mean[BatchTable::tile], squares[BatchTable::tile];
    for (std::size_t r0 = 0; r0 < at.batch; r0 += BatchTable::block) {
        std::size_t end = std::min(at.batch, r0 + BatchTable::block);
        auto rows = static_cast<T>(end - r0);
        std::fill_n(mean, width, T(0));
        std::fill_n(squares, width, T(0));
        for (std::size_t r = r0; r < end; ++r) {
            const T* row = x + r * at.row() + c0;
            for (std::size_t c = 0; c < width; ++c) mean[c] += row[c];
        }
        for (std::size_t c = 0; c < width; ++c) mean[c] /= rows;
        for (std::size_t r = r0; r < end; ++r) {
            const T* row = x + r * at.row() + c0;
            for (std::size_t c = 0; c < width; ++c) squares[c] += (row[c] - mean[c]) * (row[c] - mean[c]);
        }
        for (std::size_t c = 0; c < width; ++c) out[c].merge({mean[c], squares[c], rows});
    }
}

template <class T>
std::vector<Moments<T>> channel_moments(const T* x, const BatchTable& at) {
    std::vector<Moments<T>> result(at.channels);
    if (!at.by_columns()) {
        each_channel(at, [&](std::size_t c) {
            for (std::size_t n = 0; n < at.batch; ++n)
                result[c].merge(Moments<T>::of_row(x + (n * at.channels + c) * at.places, at.places));
        });
        return result;
    }
    std::vector<Moments<T>> columns(at.row());
    each_tile(at, [&](std::size_t c0, std::size_t width) { column_moments(x, at, c0, width, &columns[c0]); });
    for (std::size_t c = 0; c < columns.size(); ++c) result[c / at.places].merge(columns[c]);
    return result;
}

// Numbers of each channel, as the loop over rows reads them: one per channel, or repeated for each place.
template <class T, std::size_t N, class F>
std::array<std::vector<T>, N> spread(const BatchTable& at, F numbers_of) {
    std::array<std::vector<T>, N> result;
    std::size_t repeat = at.by_columns() ? at.places : 1;
    for (auto& list : result) list.resize(at.channels * repeat);
    for (std::size_t c = 0; c < at.channels; ++c) {
        std::array<T, N> numbers = numbers_of(c);
        for (std::size_t k = 0; k < N; ++k)
            std::fill_n(result[k].begin() + static_cast<std::ptrdiff_t>(c * repeat), repeat, numbers[k]);
    }
    return result;
}

// What a row of the batch is: its index in memory, and its channel's number where it lies in one.
template <class Work>
void each_row(const BatchTable& at, Work work) {
    parallel_for(at.rows(), std::max<std::size_t>(1, BatchTable::parallel / (at.row() + 1)),
                 [&](std::size_t begin, std::size_t end) {
                     for (std::size_t r = begin; r < end; ++r) work(r, r % at.channels);
                 });
}

// Of all parts, given those of one, in the order of parts.
template <class T>
std::vector<Moments<T>> moments_of_all(BatchParts& parts, const std::vector<Moments<T>>& mine) {
    std::vector<double> numbers;
    for (const Moments<T>& m : mine)
        numbers.insert(numbers.end(), {double(m.mean), double(m.squares), double(m.count)});
    std::vector<Moments<double>> whole(mine.size());
    for (const auto& part : parts.gather(std::move(numbers)))
        for (std::size_t c = 0; c < whole.size(); ++c) whole[c].merge({part[3 * c], part[3 * c + 1], part[3 * c + 2]});
    std::vector<Moments<T>> result;
    for (const Moments<double>& m : whole)
        result.push_back({static_cast<T>(m.mean), static_cast<T>(m.squares), static_cast<T>(m.count)});
    return result;
}

}    // namespace xtape::detail
