// Loops over the rows that the normalisations share, for the sources of this folder.
#pragma once

#include <xtape/core/detail/lanes.hpp>
#include <xtape/core/view.hpp>

#include <algorithm>
#include <cstddef>
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
void map_rows(T* out, std::size_t count, F f, const P*... x) {
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
        bool repeated = std::all_of(g.strides.begin(), g.strides.end(), [](auto step) { return step == 0; });
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

private:
    Storage<T> elements_;
    Array<T> array_;
    std::size_t step_;
    const T* data_;
};

}    // namespace xtape::detail
