// Running values along an axis: state = step(state, x...), y = state, in double, on as many lines as registers hold.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/core/detail/transpose.hpp>
#include <xtape/core/detail/vector.hpp>
#include <xtape/core/threads.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <tuple>

namespace xtape::detail {

// Lines that stand side by side in memory advance together as they are; lines that follow one another are brought side
// by side first, a tile at a time. Each line is one chain of steps from its beginning, whatever stands beside it.
template <class T, std::size_t inputs, class Step>
class Scan {
public:
    using In = std::array<const T*, inputs>;

    Scan(const Shape& shape, std::size_t axis, bool reverse, double start, const In& in, T* out, const Step& step)
        : length_(shape[axis]), reverse_(reverse), start_(start), in_(in), out_(out), step_(step) {
        for (std::size_t d = 0; d < axis; ++d) outer_ *= shape[d];
        for (std::size_t d = axis + 1; d < shape.size(); ++d) inner_ *= shape[d];
        if (outer_ * length_ * inner_ == 0) return;
        if (inner_ == 1 && outer_ < width / 2)
            one_by_one(in_, out_, outer_, length_);
        else if (inner_ == 1)
            rows();
        else
            columns();
    }

private:
    using L = Lanes<T>;
    static constexpr std::size_t width = L::width;
    static constexpr std::size_t most_lines = 512;    // whose states stay in the first cache
    static constexpr std::size_t few_lines = 64;      // whose states stay in registers
    static constexpr std::size_t few_rows = width;    // one chain a register, in few pages of memory
    static constexpr std::size_t tile = 2048;         // elements

    void columns() const {
        const std::size_t blocks = (inner_ + most_lines - 1) / most_lines;
        parallel_for(outer_ * blocks, parallel_grain(std::min(inner_, most_lines) * length_),
                     [&](std::size_t begin, std::size_t end) {
                         for (std::size_t b = begin; b < end; ++b) {
                             const std::size_t first = b % blocks * most_lines;
                             const std::size_t at = b / blocks * length_ * inner_ + first;
                             const std::size_t count = std::min(most_lines, inner_ - first);
                             if (count < width) {
                                 one_by_one(moved(in_, at), out_ + at, count, 1);
                                 continue;
                             }
                             double states[most_lines];
                             std::fill_n(states, (count + width - 1) / width * width, start_);
                             advance(moved(in_, at), out_ + at, inner_, length_, count, states);
                         }
                     });
    }

    void rows() const {
        const std::size_t fitting = tile / length_ / width * width;
        const std::size_t lines = std::clamp(fitting, few_rows, most_lines), chunk = tile / lines;
        parallel_for((outer_ + lines - 1) / lines, parallel_grain(lines * length_),
                     [&](std::size_t begin, std::size_t end) {
                         T tiles[inputs + 1][tile];
                         for (auto& x : tiles)
                             std::fill_n(x, std::min(tile, (outer_ + width) * length_), T(0));    // lanes of no line
                         for (std::size_t g = begin; g < end; ++g)
                             group(g * lines, std::min(lines, outer_ - g * lines), chunk, tiles);
                     });
    }

    // The lines from `first` on, `chunk` elements of each at a time.
    void group(std::size_t first, std::size_t lines, std::size_t chunk, T (*tiles)[tile]) const {
        const std::size_t step = (lines + width - 1) / width * width;
        double states[most_lines];
        std::fill_n(states, step, start_);
        In in;
        for (std::size_t k = 0; k < inputs; ++k) in[k] = tiles[k];
        T* out = tiles[inputs];
        for (std::size_t done = 0; done < length_; done += chunk) {
            const std::size_t count = std::min(chunk, length_ - done);
            const std::size_t at = first * length_ + (reverse_ ? length_ - done - count : done);
            for (std::size_t k = 0; k < inputs; ++k)
                transpose_block(in_[k] + at, length_, lines, count, tiles[k], step);
            advance(in, out, step, count, step, states);
            transpose_block(out, step, count, lines, out_ + at, length_);
        }
    }

    // Lines that do not fill a register, `apart` from one another: chains that wait for their own last step, four at
    // once.
    void one_by_one(const In& in, T* out, std::size_t count, std::size_t apart) const {
        for (std::size_t c = 0; c < count; c += 4) {
            const In from = moved(in, c * apart);
            T* to = out + c * apart;
            switch (count - c) {
                case 1: chains<1>(from, to, apart); break;
                case 2: chains<2>(from, to, apart); break;
                case 3: chains<3>(from, to, apart); break;
                default: chains<4>(from, to, apart);
            }
        }
    }
    template <std::size_t count>
    void chains(const In& in, T* out, std::size_t apart) const {
        double states[count];
        for (double& state : states) state = start_;
        for (std::size_t n = 0; n < length_; ++n)
#pragma GCC unroll 4
            for (std::size_t c = 0; c < count; ++c) {
                const std::size_t at = (reverse_ ? length_ - 1 - n : n) * inner_ + c * apart;
                states[c] = std::apply([&](auto... x) { return step_(states[c], static_cast<double>(x[at])...); }, in);
                out[at] = static_cast<T>(states[c]);
            }
    }

    // `count` lines side by side, by `rows` elements that lie `stride` apart.
    void advance(const In& in, T* out, std::size_t stride, std::size_t rows, std::size_t count, double* states) const {
        const std::size_t at_once = count <= few_lines ? rows : 1;    // many lines: in the order of memory
        for (std::size_t n = 0; n < rows; n += at_once) {
            const std::size_t row = (reverse_ ? rows - 1 - n : n) * stride;
            std::size_t c = 0;
            for (; c + width <= count; c += width)
                steps<false>(moved(in, row + c), out + row + c, stride, at_once, width, states + c);
            if (c < count) steps<true>(moved(in, row + c), out + row + c, stride, at_once, count - c, states + c);
        }
    }

    template <bool part>
    void steps(In in, T* out, std::size_t stride, std::size_t rows, std::size_t count, double* states) const {
        using Wide = Lanes<double>;
        const auto by = static_cast<std::ptrdiff_t>(reverse_ ? 0 - stride : stride);
        auto load = [&](const T* x) { return part ? L::load_part(x, count) : L::load(x); };
        auto store = [&](L y) { part ? y.store_part(out, count) : y.store(out); };
        auto next = [&] {
            for (auto& x : in) x += by;
            out += by;
        };
        if constexpr (sizeof(T) == sizeof(double)) {
            Wide state = Wide::load(states);
            for (std::size_t n = 0; n < rows; ++n, next()) {
                state = std::apply([&](auto... x) { return step_(state, load(x)...); }, in);
                store(state);
            }
            state.store(states);
        } else {
            Halves state{Wide::load(states), Wide::load(states + Wide::width)};
            for (std::size_t n = 0; n < rows; ++n, next()) {
                std::apply(
                    [&](auto... x) {
                        state.first = step_(state.first, widen(load(x)).first...);
                        state.second = step_(state.second, widen(load(x)).second...);
                    },
                    in);
                store(narrow(state));
            }
            state.first.store(states);
            state.second.store(states + Wide::width);
        }
    }

    static In moved(In in, std::size_t by) {
        for (auto& x : in) x += by;
        return in;
    }

    std::size_t outer_ = 1, length_, inner_ = 1;
    bool reverse_;
    double start_;
    In in_;
    T* out_;
    const Step& step_;
};

}    // namespace xtape::detail
