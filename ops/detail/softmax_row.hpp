// One row of a softmax, on SIMD lanes, for the sources of this folder.
#pragma once

#include <xtape/core/detail/lanes.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace xtape::detail {

// sum = the sum over the row of exp(x - max), of which the largest is 1: nothing overflows, whatever x is.
template <class T>
struct ExponentialSum {
    T max;
    T sum;
};

// Enough rows of this length for one thread.
inline std::size_t softmax_grain(std::size_t columns) { return std::max<std::size_t>(1, 32768 / (columns + 1)); }

// The largest element; NaN may or may not be passed over (the sum of exponentials is NaN in any case).
template <class T>
T row_max(const T* x, std::size_t count) {
    using L = Lanes<T>;
    T result = -std::numeric_limits<T>::infinity();
    std::size_t i = 0;
    if (count >= L::width) {
        auto larger = [](L a, L b) { return select(a > b, a, b); };
        L most[4] = {result, result, result, result};
        for (; i + 4 * L::width <= count; i += 4 * L::width)
            for (std::size_t k = 0; k < 4; ++k) most[k] = larger(L::load(x + i + k * L::width), most[k]);
        for (; i + L::width <= count; i += L::width) most[0] = larger(L::load(x + i), most[0]);
        T lanes[L::width];
        larger(larger(most[0], most[1]), larger(most[2], most[3])).store(lanes);
        for (T lane : lanes) result = lane > result ? lane : result;
    }
    for (; i < count; ++i) result = x[i] > result ? x[i] : result;
    return result;
}

// Calls body(i, exp(x - max)) on the row's lanes, the last of them (i, lanes, count) in part, and adds the lanes up.
template <class T, class Whole, class Part>
T sum_exponentials(const T* x, std::size_t count, T max, Whole whole, Part part) {
    using L = Lanes<T>;
    T lanes[L::width] = {}, tail[L::width];
    std::size_t i = 0;
    if (count >= L::width) {
        L sums[2] = {0, 0};
        for (; i + 2 * L::width <= count; i += 2 * L::width)
            for (std::size_t k = 0; k < 2; ++k) {
                const L e = exp(L::load(x + i + k * L::width) - max);
                sums[k] += e;
                whole(i + k * L::width, e);
            }
        for (; i + L::width <= count; i += L::width) {
            const L e = exp(L::load(x + i) - max);
            sums[0] += e;
            whole(i, e);
        }
        (sums[0] + sums[1]).store(lanes);
    }
    if (i < count) {
        const L e = exp(L::load_part(x + i, count - i) - max);
        part(i, e, count - i);
        e.store(tail);
        for (std::size_t k = 0; k < count - i; ++k) lanes[k] += tail[k];
    }
    for (std::size_t half = L::width / 2; half > 0; half /= 2)
        for (std::size_t k = 0; k < half; ++k) lanes[k] += lanes[k + half];
    return lanes[0];
}

template <class T>
ExponentialSum<T> exponential_sum(const T* x, std::size_t count) {
    T max = row_max(x, count);
    T sum = sum_exponentials(
        x, count, max, [](std::size_t, Lanes<T>) {}, [](std::size_t, Lanes<T>, std::size_t) {});
    return {max, sum};
}

// y[i] = f(lanes of the inputs at i...).
template <class T, class F, class... In>
void map_row(T* y, std::size_t count, F f, const In*... in) {
    using L = Lanes<T>;
    std::size_t i = 0;
    for (; i + L::width <= count; i += L::width) f(L::load(in + i)...).store(y + i);
    if (i < count) f(L::load_part(in + i, count - i)...).store_part(y + i, count - i);
}

}    // namespace xtape::detail
