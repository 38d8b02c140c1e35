// The loops of reductions: map every element, combine what belongs to one output. Vectorised along rows and down
// columns; the order of combination is fixed, so that the bits do not depend on the number of threads.
//
//     struct Largest {
//         static constexpr bool parametric = false;    // whether map reads a parameter of the output
//         static T identity();
//         static Lanes<T> map(Lanes<T> x, Lanes<T> parameter);
//         static Lanes<T> combine(Lanes<T> a, Lanes<T> b);
//     };
#pragma once

#include <xtape/core/detail/lanes.hpp>
#include <xtape/core/detail/strided.hpp>
#include <xtape/core/detail/transpose.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/core/view.hpp>

#include <algorithm>
#include <limits>
#include <vector>

namespace xtape::detail {

// An array as reductions walk it: outer x length x inner elements, of which `length` are reduced to one.
template <class T>
struct Arranged {
    Array<T> elements;
    std::size_t outer = 1, length = 1, inner = 1;

    // `kept` is x.shape with 1 for the reduced axes.
    Arranged(const View<T>& x, const Shape& kept) {
        std::size_t runs = 0;    // of kept and reduced axes in turn
        bool reducing = false;
        for (std::size_t d = 0; d < kept.size(); ++d) {
            if (x.shape[d] == 1) continue;
            bool reduced = kept[d] == 1;
            if (reduced != reducing) ++runs;
            reducing = reduced;
            (reduced ? length : runs == 0 ? outer : inner) *= x.shape[d];
        }
        if (runs <= 2) {
            elements = materialize(x);
            return;
        }
        View<T> sorted{x.storage.share(), {}, {}, x.offset};    // the reduced axes behind the others
        for (bool last : {false, true})
            for (std::size_t d = 0; d < kept.size(); ++d)
                if ((kept[d] == 1) == last) {
                    sorted.shape.push_back(x.shape[d]);
                    sorted.strides.push_back(x.strides[d]);
                }
        elements = materialize(sorted);
        outer *= inner;
        inner = 1;
    }
    const T* data() const { return elements.storage().data(); }
};

template <class T, class Fold>
class Folding {
    using L = Lanes<T>;
    static constexpr std::size_t width = L::width;
    static constexpr std::size_t block = 4096;          // elements that are combined lane by lane
    static constexpr std::size_t row_block = 64;        // rows that are combined before they join the totals
    static constexpr std::size_t column_block = 512;    // columns whose totals stay in the first cache
    static constexpr std::size_t short_row = 16;        // length up to which rows are brought side by side
    static constexpr std::size_t short_group = 512;     // length x inner up to which many groups are reduced at once
    static constexpr std::size_t few_columns = 64;      // columns up to which rows are put side by side
    static constexpr std::size_t parallel = parallel_elements / 2;

public:
    // x as outer x length x inner elements, reduced along the middle; of `parameters` there is one for each output.
    static void run(const Fold& f, const T* x, std::size_t outer, std::size_t length, std::size_t inner,
                    const T* parameters, T* out) {
        if (outer > 1 && inner == 1 && length > 0 && length <= short_row)
            short_rows(f, x, outer, length, parameters, out);
        else if (outer > 1 && length > 0 && length * inner <= short_group)
            short_groups(f, x, outer, length, inner, parameters, out);
        else if (inner == 1 && outer == 1)
            *out = long_row(f, x, length, L(Fold::parametric ? *parameters : T(0)));
        else if (inner == 1)
            parallel_for(outer, parallel_grain(length, parallel), [&](std::size_t begin, std::size_t end) {
                for (std::size_t k = begin; k < end; ++k)
                    out[k] = long_row(f, x + k * length, length, L(Fold::parametric ? parameters[k] : T(0)));
            });
        else if (inner <= few_columns && length * inner > short_group)
            parallel_for(outer, parallel_grain(length * inner, parallel), [&](std::size_t begin, std::size_t end) {
                for (std::size_t k = begin; k < end; ++k)
                    narrow_columns(f, x + k * length * inner, length, inner,
                                   Fold::parametric ? parameters + k * inner : nullptr, out + k * inner);
            });
        else
            all_columns(f, x, outer, length, inner, parameters, out);
    }

private:
    // Rows brought side by side, as the columns of a tile: each register then holds an element of many rows.
    static void short_rows(const Fold& f, const T* x, std::size_t outer, std::size_t length, const T* parameters,
                           T* out) {
        constexpr std::size_t most = 1024;
        const std::size_t at_once = most / length / width * width;
        parallel_for(outer, parallel_grain(length, parallel), [&](std::size_t begin, std::size_t end) {
            T tile[most];
            std::fill_n(tile, std::min(most, (end - begin + width) * length), T(0));    // lanes that hold no row
            for (std::size_t g = begin; g < end; g += at_once) {
                const std::size_t rows = std::min(at_once, end - g), step = (rows + width - 1) / width * width;
                transpose_block(x + g * length, length, rows, length, tile, step);
                for (std::size_t r = 0; r < rows; r += width) {
                    const std::size_t part = std::min(width, rows - r);
                    L parameter(0);
                    if constexpr (Fold::parametric)
                        parameter =
                            part == width ? L::load(parameters + g + r) : L::load_part(parameters + g + r, part);
                    L total = f.map(L::load(tile + r), parameter);
                    for (std::size_t k = 1; k < length; ++k)
                        total = f.combine(total, f.map(L::load(tile + k * step + r), parameter));
                    part == width ? total.store(out + g + r) : total.store_part(out + g + r, part);
                }
            }
        });
    }

    // Every element is combined with those that follow it in its line, for all elements at once and in whole registers;
    // what stands at the beginning of a line is its result. Lines of 3 so cost about as much as lines of 3000.
    static void short_groups(const Fold& f, const T* x, std::size_t outer, std::size_t length, std::size_t inner,
                             const T* parameters, T* out) {
        constexpr std::size_t most = 1024;
        const std::size_t size = length * inner, at_once = most / size;
        parallel_for(outer, parallel_grain(size, parallel), [&](std::size_t begin, std::size_t end) {
            constexpr std::size_t space = most + short_group + 2 * width;
            T mapped[space], some[space];    // what stands behind the last line is combined too, but ignored
            const std::size_t used = std::min(space, (end - begin + 1) * size + 2 * width);
            std::fill_n(mapped, used, T(0));
            std::fill_n(some, used, T(0));
            T spread[Fold::parametric ? most + width : 1] = {};
            for (std::size_t g = begin; g < end; g += at_once) {
                const std::size_t groups = std::min(at_once, end - g), count = groups * size;
                if constexpr (Fold::parametric)
                    spread_parameters(parameters + g * inner, groups, length, inner, spread);
                std::size_t i = 0;
                for (; i + width <= count; i += width)
                    L(f.map(L::load(x + g * size + i), Fold::parametric ? L::load(spread + i) : L(0)))
                        .store(mapped + i);
                if (i < count)
                    L(f.map(L::load_part(x + g * size + i, count - i), Fold::parametric ? L::load(spread + i) : L(0)))
                        .store(mapped + i);
                const T* results = combine_windows(f, mapped, some, count, length, inner);
                T* to = out + g * inner;
                if (inner == 1)
                    for (std::size_t k = 0; k < groups; ++k) to[k] = results[k * size];
                else
                    with_step(inner, [=](auto step) {
                        for (std::size_t k = 0; k < groups; ++k)
                            copy_run<step>(results + k * size, to + k * inner, inner);
                    });
            }
        });
    }

    static void spread_parameters(const T* parameters, std::size_t groups, std::size_t length, std::size_t inner,
                                  T* to) {
        for (std::size_t k = 0; k < groups; ++k, parameters += inner)
            if (inner == 1)
                for (std::size_t r = 0; r < length; ++r) *to++ = *parameters;
            else
                for (std::size_t r = 0; r < length; ++r) to = std::copy_n(parameters, inner, to);
    }

    // x[i] combined with x[i + distance], ..., `length` elements in all, by windows whose lengths double. Overwrites
    // both buffers, and returns the one with the results.
    static const T* combine_windows(const Fold& f, T* x, T* some, std::size_t count, std::size_t length,
                                    std::size_t distance) {
        auto combine = [&](const T* a, const T* b, T* to) {
            for (std::size_t i = 0; i < count; i += width) L(f.combine(L::load(a + i), L::load(b + i))).store(to + i);
        };
        std::size_t covered = 0;    // of `some`
        for (std::size_t window = 1;; window *= 2) {
            const bool last = window * 2 > length;
            if ((length & window) != 0) {
                if (covered == 0 && last) return x;
                if (covered == 0)
                    std::copy_n(x, count + width, some);
                else
                    combine(x, some + window * distance, some);
                covered += window;
            }
            if (last) return some;
            combine(x, x + window * distance, x);
        }
    }

    // Few columns: as many rows side by side as fill the registers, whose totals are combined at the end.
    static void narrow_columns(const Fold& f, const T* x, std::size_t length, std::size_t inner, const T* parameters,
                               T* out) {
        std::size_t side = 1;
        while (side * 2 * inner <= column_block / 2) side *= 2;
        const std::size_t wide = side * inner, rows = length / side, rest = length % side * inner;
        T totals[column_block + 2 * width] = {}, spread[Fold::parametric ? column_block + width : 1] = {};
        if constexpr (Fold::parametric) spread_parameters(parameters, 1, side, inner, spread);
        columns(f, x, rows, wide, wide, spread, totals);
        const T* tail = x + rows * wide;
        for (std::size_t i = 0; i < rest; i += width) {
            const std::size_t part = std::min(width, rest - i);
            const L value = part == width ? L::load(tail + i) : L::load_part(tail + i, part);
            const L joined =
                f.combine(L::load(totals + i), f.map(value, Fold::parametric ? L::load(spread + i) : L(0)));
            part == width ? joined.store(totals + i) : joined.store_part(totals + i, part);
        }
        for (std::size_t half = side / 2; half > 0; half /= 2)
            for (std::size_t i = 0; i < half * inner; i += width)
                L(f.combine(L::load(totals + i), L::load(totals + i + half * inner))).store(totals + i);
        std::copy_n(totals, inner, out);
    }

    static void all_columns(const Fold& f, const T* x, std::size_t outer, std::size_t length, std::size_t inner,
                            const T* parameters, T* out) {
        const std::size_t blocks = (inner + column_block - 1) / column_block;
        parallel_for(outer * blocks, parallel_grain(std::min(inner, column_block) * length, parallel),
                     [&](std::size_t begin, std::size_t end) {
                         for (std::size_t b = begin; b < end; ++b) {
                             std::size_t k = b / blocks, c = b % blocks * column_block;
                             columns(f, x + k * length * inner + c, length, std::min(column_block, inner - c), inner,
                                     Fold::parametric ? parameters + k * inner + c : nullptr, out + k * inner + c);
                         }
                     });
    }

    static T long_row(const Fold& f, const T* x, std::size_t count, L parameter) {
        if (count <= block) return block_of_row(f, x, count, parameter);
        std::vector<T> parts((count + block - 1) / block);
        parallel_for(parts.size(), parallel / block, [&](std::size_t begin, std::size_t end) {
            for (std::size_t b = begin; b < end; ++b)
                parts[b] = block_of_row(f, x + b * block, std::min(block, count - b * block), parameter);
        });
        for (std::size_t n = parts.size(); n > 1; n = (n + 1) / 2)
            for (std::size_t i = 0; i < n / 2 + n % 2; ++i) {
                T buffer[width];
                L pair(parts[2 * i]);
                if (2 * i + 1 < n) pair = f.combine(pair, L(parts[2 * i + 1]));
                pair.store(buffer);
                parts[i] = buffer[0];
            }
        return parts[0];
    }

    static T block_of_row(const Fold& f, const T* x, std::size_t count, L parameter) {
        const L identity(f.identity());
        L total[4] = {identity, identity, identity, identity};
        std::size_t i = 0;
        for (; i + 4 * width <= count; i += 4 * width)
            for (std::size_t k = 0; k < 4; ++k)
                total[k] = f.combine(total[k], f.map(L::load(x + i + k * width), parameter));
        for (; i + width <= count; i += width) total[0] = f.combine(total[0], f.map(L::load(x + i), parameter));
        T lanes[2 * width];
        identity.store(lanes);
        identity.store(lanes + width);
        if (i < count) {
            f.map(L::load_part(x + i, count - i), parameter).store_part(lanes, count - i);
            total[1] = f.combine(total[1], L::load(lanes));
        }
        f.combine(f.combine(total[0], total[1]), f.combine(total[2], total[3])).store(lanes);
        for (std::size_t half = width / 2; half > 0; half /= 2)
            L(f.combine(L::load(lanes), L::load(lanes + half))).store(lanes);
        return lanes[0];
    }

    static void columns(const Fold& f, const T* x, std::size_t rows, std::size_t count, std::size_t stride,
                        const T* parameters, T* totals) {
        const L identity(f.identity());
        std::fill_n(totals, count, f.identity());
        T partial[column_block];
        for (std::size_t r0 = 0; r0 < rows; r0 += row_block) {
            std::fill_n(partial, count, f.identity());
            for (std::size_t r = r0; r < std::min(rows, r0 + row_block); ++r) {
                const T* row = x + r * stride;
                std::size_t c = 0;
                for (; c + width <= count; c += width) {
                    L parameter = Fold::parametric ? L::load(parameters + c) : identity;
                    L(f.combine(L::load(partial + c), f.map(L::load(row + c), parameter))).store(partial + c);
                }
                if (std::size_t rest = count - c; rest > 0) {
                    L parameter = Fold::parametric ? L::load_part(parameters + c, rest) : identity;
                    L(f.combine(L::load_part(partial + c, rest), f.map(L::load_part(row + c, rest), parameter)))
                        .store_part(partial + c, rest);
                }
            }
            std::size_t c = 0;
            for (; c + width <= count; c += width)
                L(f.combine(L::load(totals + c), L::load(partial + c))).store(totals + c);
            if (std::size_t rest = count - c; rest > 0)
                L(f.combine(L::load_part(totals + c, rest), L::load_part(partial + c, rest)))
                    .store_part(totals + c, rest);
        }
    }
};

// x reduced to the shape `result`, which has as many elements as `kept`; `parameters` has one for each.
template <class T, class Fold>
Array<T> fold(const Fold& f, const Arranged<T>& x, const Shape& result, const T* parameters = nullptr) {
    Array<T> y = empty_array<T>(result);
    if (y.size() > 0) Folding<T, Fold>::run(f, x.data(), x.outer, x.length, x.inner, parameters, y.storage().data());
    return y;
}

// The fold that amax is, and that logsumexp begins with.
template <class T>
struct Largest {
    static constexpr bool parametric = false;
    static T identity() { return -std::numeric_limits<T>::infinity(); }
    static Lanes<T> map(Lanes<T> x, Lanes<T>) { return x; }
    static Lanes<T> combine(Lanes<T> a, Lanes<T> b) { return max(a, b); }
};

}    // namespace xtape::detail
