// Loops over one long row, on SIMD lanes, for the operations that work along an axis.
#pragma once

#include <xtape/core/detail/lanes.hpp>
#include <xtape/core/view.hpp>
#include <xtape/ops/detail/side_by_side.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

namespace xtape::detail {

// The sum of f(i-th element of each row), lane by lane with four sums at once.
template <class T, class F, class... P>
T sum_of(std::size_t count, F f, const P*... x) {
    using L = Lanes<T>;
    constexpr std::size_t width = L::width;
    L sums[4] = {L(0), L(0), L(0), L(0)};
    std::size_t i = 0;
    for (; i + 4 * width <= count; i += 4 * width)
        for (std::size_t k = 0; k < 4; ++k) sums[k] += f(L::load(x + i + k * width)...);
    for (; i + width <= count; i += width) sums[0] += f(L::load(x + i)...);
    alignas(64) T lanes[width];
    ((sums[0] + sums[1]) + (sums[2] + sums[3])).store(lanes);
    for (std::size_t half = width / 2; half > 0; half /= 2)
        for (std::size_t k = 0; k < half; ++k) lanes[k] += lanes[k + half];
    T total = lanes[0];
    if (i < count) {
        L(f(L::load_part(x + i, count - i)...)).store(lanes);
        for (std::size_t k = 0; k < count - i; ++k) total += lanes[k];
    }
    return total;
}

// out[i] = f(i-th element of each row).
template <class T, class F, class... P>
void map_row(T* out, std::size_t count, F f, const P*... x) {
    using L = Lanes<T>;
    std::size_t i = 0;
    for (; i + L::width <= count; i += L::width) L(f(L::load(x + i)...)).store(out + i);
    if (i < count) L(f(L::load_part(x + i, count - i)...)).store_part(out + i, count - i);
}

// The mean and the sum of squared distances from it, of `count` values; more values join by merge (Chan et al.,
// "Algorithms for computing the sample variance", 1983).
template <class T>
struct Moments {
    T mean = 0, squares = 0, count = 0;

    static Moments of_row(const T* x, std::size_t size) {
        auto n = static_cast<T>(size);
        T mean = sum_of<T>(
            size, [](auto a) { return a; }, x);
        mean /= n;
        T squares = sum_of<T>(
            size, [=](auto a) { return square(a - mean); }, x);
        return {mean, squares, n};
    }
    void merge(const Moments& other) {
        T total = count + other.count;
        if (total == 0) return;
        T delta = other.mean - mean, part = other.count / total;
        mean += delta * part;
        squares += other.squares + delta * delta * count * part;
        count = total;
    }
};

// A gradient read row by row: in order, or one number everywhere (as the gradient of a sum is), which is not spread
// out.
template <class T>
class GradientRows {
public:
    GradientRows(const View<T>& g, std::size_t row) : step_(row) {
        const bool repeated = row >= longest_side_by_side &&
                              std::all_of(g.strides.begin(), g.strides.end(), [](auto step) { return step == 0; });
        if (repeated && !g.shape.empty()) {
            elements_ = Storage<T>(row, g.data()[0]);
            step_ = 0;
            data_ = std::as_const(elements_).data();
        } else {
            array_ = materialize(g);
            data_ = std::as_const(array_).storage().data();
        }
    }
    const T* operator[](std::size_t row) const { return data_ + row * step_; }
    // The whole gradient of short rows, as a matrix.
    Array<T> rows(std::size_t count, std::size_t row) const { return share(array_, Shape{count, row}); }

private:
    Storage<T> elements_;
    Array<T> array_;
    std::size_t step_;
    const T* data_;
};

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

}    // namespace xtape::detail
