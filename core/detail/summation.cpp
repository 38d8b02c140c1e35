#include <xtape/core/detail/fold.hpp>
#include <xtape/core/detail/lanes.hpp>
#include <xtape/core/detail/summation.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/core/threads.hpp>

#include <algorithm>
#include <bit>
#include <vector>

namespace xtape::detail {
namespace {

constexpr std::size_t block = 4096;          // summands that are added up lane by lane
constexpr std::size_t row_block = 64;        // rows that are added up before they join the column totals
constexpr std::size_t column_block = 512;    // columns whose totals stay in the first cache
constexpr std::size_t parallel = parallel_elements;
constexpr std::size_t short_length = 256;    // rows up to which many are summed at once
constexpr std::size_t few_columns = 64;      // columns up to which rows are put side by side

template <class T>
struct Total {
    static constexpr bool parametric = false;
    static T identity() { return 0; }
    static Lanes<T> map(Lanes<T> x, Lanes<T>) { return x; }
    static Lanes<T> combine(Lanes<T> a, Lanes<T> b) { return a + b; }
};

template <class T>
T sum_block(const T* x, std::size_t count) {
    using L = Lanes<T>;
    constexpr std::size_t step = 4 * L::width;
    T lanes[step] = {};
    std::size_t i = 0;
    if (count >= step) {
        L sums[4] = {L::load(x), L::load(x + L::width), L::load(x + 2 * L::width), L::load(x + 3 * L::width)};
        for (i = step; i + step <= count; i += step)
            for (std::size_t k = 0; k < 4; ++k) sums[k] += L::load(x + i + k * L::width);
        for (std::size_t k = 0; k < 4; ++k) sums[k].store(lanes + k * L::width);
    }
    for (std::size_t k = 0; i < count; ++i, ++k) lanes[k] += x[i];
    for (std::size_t half = std::bit_ceil(std::min(count, step)) / 2; half > 0; half /= 2)
        for (std::size_t k = 0; k < half; ++k) lanes[k] += lanes[k + half];
    return lanes[0];
}

template <class T>
T sum_pairs(T* x, std::size_t count) {
    for (; count > 1; count = (count + 1) / 2)
        for (std::size_t i = 0; i < count / 2 + count % 2; ++i)
            x[i] = 2 * i + 1 < count ? x[2 * i] + x[2 * i + 1] : x[2 * i];
    return x[0];
}

// totals[c] = the sum of x[r, c] over r, for `columns` columns of rows that lie `stride` apart.
template <class T>
void sum_columns(const T* x, std::size_t rows, std::size_t columns, std::size_t stride, T* totals) {
    std::fill_n(totals, columns, T(0));
    T partial[column_block];
    for (std::size_t c0 = 0; c0 < columns; c0 += column_block) {
        std::size_t width = std::min(column_block, columns - c0);
        for (std::size_t r0 = 0; r0 < rows; r0 += row_block) {
            std::copy_n(x + r0 * stride + c0, width, partial);
            for (std::size_t r = r0 + 1; r < std::min(rows, r0 + row_block); ++r) {
                const T* row = x + r * stride + c0;
                for (std::size_t c = 0; c < width; ++c) partial[c] += row[c];
            }
            for (std::size_t c = 0; c < width; ++c) totals[c0 + c] += partial[c];
        }
    }
}

using Marks = xt::svector<bool, 8>;    // of axes; without a trip to the heap

// Axes as runs of kept and summed ones, in turn, beginning with a kept one: kept, summed, kept, summed, ...
Shape alternate(const Shape& shape, const Marks& summed) {
    Shape runs{1};
    for (std::size_t d = 0; d < shape.size(); ++d) {
        if (shape[d] == 1) continue;
        if (summed[d] != (runs.size() % 2 == 0)) runs.push_back(1);
        runs.back() *= shape[d];
    }
    return runs;
}

// The axes that are summed moved behind the others.
template <class T>
View<T> summed_last(const View<T>& x, const Marks& summed) {
    View<T> result{x.storage.share(), {}, {}, x.offset};
    for (bool last : {false, true})
        for (std::size_t d = 0; d < x.shape.size(); ++d)
            if (summed[d] == last) {
                result.shape.push_back(x.shape[d]);
                result.strides.push_back(x.strides[d]);
            }
    return result;
}

}    // namespace

template <class T>
T sum_row(const T* x, std::size_t count) {
    if (count <= block) return sum_block(x, count);
    std::vector<T> sums((count + block - 1) / block);
    parallel_for(sums.size(), parallel / block, [&](std::size_t begin, std::size_t end) {
        for (std::size_t b = begin; b < end; ++b)
            sums[b] = sum_block(x + b * block, std::min(block, count - b * block));
    });
    return sum_pairs(sums.data(), sums.size());
}

template <class T>
Array<T> sum_to(const View<T>& x, const Shape& to) {
    Array<T> result = empty_array<T>(to);
    if (result.size() == 0) return result;
    T* out = result.storage().data();

    View<T> rest = x.share();
    std::size_t lead = x.shape.size() - to.size();
    Marks summed(x.shape.size());
    T repeats = 1;
    for (std::size_t d = 0; d < x.shape.size(); ++d) {
        summed[d] = d < lead || (to[d - lead] == 1 && x.shape[d] != 1);
        if (summed[d] && rest.strides[d] == 0 && rest.shape[d] > 1) {    // the same summand over and over
            repeats *= static_cast<T>(rest.shape[d]);
            rest.shape[d] = 1;
        }
    }
    if (element_count(rest.shape) == 0) {
        std::fill_n(out, result.size(), T(0));
        return result;
    }
    auto runs = alternate(rest.shape, summed);
    if (runs.size() > 3) {
        rest = summed_last(rest, summed);
        runs = {result.size(), element_count(rest.shape) / result.size()};
    }
    Array<T> elements = materialize(rest);
    const T* in = std::as_const(elements).storage().data();
    if (runs.size() == 1) {
        std::copy_n(in, result.size(), out);
    } else if (runs.size() == 2) {
        std::size_t length = runs[1];
        if (runs[0] == 1)
            out[0] = sum_row(in, length);
        else if (length <= short_length)
            Folding<T, Total<T>>::run({}, in, runs[0], length, 1, nullptr, out);
        else
            parallel_for(runs[0], std::max<std::size_t>(1, parallel / length), [&](std::size_t begin, std::size_t end) {
                for (std::size_t k = begin; k < end; ++k) out[k] = sum_row(in + k * length, length);
            });
    } else {
        std::size_t length = runs[1], columns = runs[2];
        if (columns < few_columns)
            Folding<T, Total<T>>::run({}, in, runs[0], length, columns, nullptr, out);
        else
            for (std::size_t k = 0; k < runs[0]; ++k)
                parallel_for(columns,
                             std::max<std::size_t>(column_block, parallel / length / column_block * column_block),
                             [&](std::size_t begin, std::size_t end) {
                                 sum_columns(in + k * length * columns + begin, length, end - begin, columns,
                                             out + k * columns + begin);
                             });
    }
    if (repeats != 1)
        for (T& sum : result.storage()) sum *= repeats;
    return result;
}

template float sum_row(const float*, std::size_t);
template double sum_row(const double*, std::size_t);
template Array<float> sum_to(const View<float>&, const Shape&);
template Array<double> sum_to(const View<double>&, const Shape&);

}    // namespace xtape::detail
