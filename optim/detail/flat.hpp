// Arithmetic on flat arrays of equal length, in a fixed order whatever the number of threads.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/core/detail/lanes.hpp>
#include <xtape/core/threads.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace xtape::optim::detail {

inline constexpr std::size_t flat_block = std::size_t{1} << 13;

// block(begin, end) -> double, summed over blocks of fixed length in order.
template <class Block>
double sum_blocks(std::size_t count, const Block& block) {
    const std::size_t blocks = (count + flat_block - 1) / flat_block;
    std::vector<double> sums(blocks);
    xtape::detail::parallel_for(blocks, 4, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i)
            sums[i] = block(i * flat_block, std::min(count, (i + 1) * flat_block));
    });
    double sum = 0;
    for (double part : sums) sum += part;
    return sum;
}

template <class T>
double dot(const Array<T>& a, const Array<T>& b) {
    const T *x = a.storage().data(), *y = b.storage().data();
    return sum_blocks(a.size(), [=](std::size_t begin, std::size_t end) {
        double parts[8] = {};
        std::size_t i = begin;
        for (; i + 8 <= end; i += 8)
            for (std::size_t k = 0; k < 8; ++k)
                parts[k] += static_cast<double>(x[i + k]) * static_cast<double>(y[i + k]);
        for (; i < end; ++i) parts[0] += static_cast<double>(x[i]) * static_cast<double>(y[i]);
        return ((parts[0] + parts[1]) + (parts[2] + parts[3])) + ((parts[4] + parts[5]) + (parts[6] + parts[7]));
    });
}

// The 2-norm, of numbers whose squares a double can hold.
template <class T>
double norm(const Array<T>& a) {
    return std::sqrt(dot(a, a));
}

template <class T>
double sum_of_absolutes(const Array<T>& a) {
    const T* x = a.storage().data();
    return sum_blocks(a.size(), [=](std::size_t begin, std::size_t end) {
        double sum = 0;
        for (std::size_t i = begin; i < end; ++i) sum += std::abs(static_cast<double>(x[i]));
        return sum;
    });
}

// NaN if an element is.
template <class T>
double largest_absolute(const Array<T>& a) {
    double largest = 0;
    for (T x : a.storage()) {
        if (std::isnan(x)) return static_cast<double>(x);
        largest = std::max(largest, std::abs(static_cast<double>(x)));
    }
    return largest;
}

// y = scale y + factor x.
template <class T>
void combine(Array<T>& y, double scale, double factor, const Array<T>& x) {
    using L = Lanes<T>;
    const T* from = x.storage().data();
    T* to = y.storage().data();
    xtape::detail::parallel_for(y.size(), flat_block * 4, [=](std::size_t begin, std::size_t end) {
        std::size_t i = begin;
        for (; i + L::width <= end; i += L::width) (scale * L::load(to + i) + factor * L::load(from + i)).store(to + i);
        if (i < end)
            (scale * L::load_part(to + i, end - i) + factor * L::load_part(from + i, end - i))
                .store_part(to + i, end - i);
    });
}

}    // namespace xtape::optim::detail
