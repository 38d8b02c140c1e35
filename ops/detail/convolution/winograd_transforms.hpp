// The transforms of F(2 x 2, 3 x 3), on vectors of channels: images are brought into the order (row, column, channel).
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/core/detail/registers.hpp>
#include <xtape/ops/detail/gemm/tile.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace xtape::detail {

inline constexpr std::size_t frequencies = 16;

constexpr std::size_t round_up(std::size_t length, std::size_t to) { return (length + to - 1) / to * to; }

// B^T d B of 4 x 4 inputs.
template <class V>
[[gnu::always_inline]] inline void transform_input(V (&d)[4][4]) {
    auto turn = [](V& a, V& b, V& c, V& e) {
        const V first = a - c, second = b + c, third = c - b, fourth = b - e;
        a = first, b = second, c = third, e = fourth;
    };
#pragma GCC unroll 4
    for (auto& row : d) turn(row[0], row[1], row[2], row[3]);
#pragma GCC unroll 4
    for (std::size_t j = 0; j < 4; ++j) turn(d[0][j], d[1][j], d[2][j], d[3][j]);
}

// A^T m A: 2 x 2 outputs.
template <class V>
[[gnu::always_inline]] inline void transform_output(const V (&m)[4][4], V (&y)[2][2]) {
    V half[2][4];
#pragma GCC unroll 4
    for (std::size_t j = 0; j < 4; ++j) {
        half[0][j] = m[0][j] + m[1][j] + m[2][j];
        half[1][j] = m[1][j] - m[2][j] - m[3][j];
    }
#pragma GCC unroll 2
    for (std::size_t i = 0; i < 2; ++i) {
        y[i][0] = half[i][0] + half[i][1] + half[i][2];
        y[i][1] = half[i][1] - half[i][2] - half[i][3];
    }
}

// A y A^T, its adjoint.
template <class V>
[[gnu::always_inline]] inline void transform_gradient(const V (&y)[2][2], V (&m)[4][4]) {
    V half[4][2];
#pragma GCC unroll 2
    for (std::size_t j = 0; j < 2; ++j) {
        half[0][j] = y[0][j];
        half[1][j] = y[0][j] + y[1][j];
        half[2][j] = y[0][j] - y[1][j];
        half[3][j] = -y[1][j];
    }
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) {
        m[i][0] = half[i][0];
        m[i][1] = half[i][0] + half[i][1];
        m[i][2] = half[i][0] - half[i][1];
        m[i][3] = -half[i][1];
    }
}

// G w G^T of 3 x 3 weights.
template <class T>
void transform_weights(const T (&w)[3][3], T (&u)[4][4]) {
    T half[4][3];
    for (std::size_t j = 0; j < 3; ++j) {
        half[0][j] = w[0][j];
        half[1][j] = (w[0][j] + w[1][j] + w[2][j]) / 2;
        half[2][j] = (w[0][j] - w[1][j] + w[2][j]) / 2;
        half[3][j] = w[2][j];
    }
    for (std::size_t i = 0; i < 4; ++i) {
        u[i][0] = half[i][0];
        u[i][1] = (half[i][0] + half[i][1] + half[i][2]) / 2;
        u[i][2] = (half[i][0] - half[i][1] + half[i][2]) / 2;
        u[i][3] = half[i][2];
    }
}

// G^T u G, its adjoint.
template <class T>
void transform_weight_sums(const T (&u)[4][4], T (&w)[3][3]) {
    T half[3][4];
    for (std::size_t j = 0; j < 4; ++j) {
        half[0][j] = u[0][j] + (u[1][j] + u[2][j]) / 2;
        half[1][j] = (u[1][j] - u[2][j]) / 2;
        half[2][j] = (u[1][j] + u[2][j]) / 2 + u[3][j];
    }
    for (std::size_t i = 0; i < 3; ++i) {
        w[i][0] = half[i][0] + (half[i][1] + half[i][2]) / 2;
        w[i][1] = (half[i][1] - half[i][2]) / 2;
        w[i][2] = (half[i][1] + half[i][2]) / 2 + half[i][3];
    }
}

// Planes of channels as pixels of channels: pixel p of a plane is the vector at to + places[p].
template <class T>
void to_pixels(const T* planes, std::size_t channels, std::size_t size, const std::vector<std::size_t>& places, T* to) {
    constexpr std::size_t width = Tiling<T>::width;
    using V = Vector<T, width>;
    for (std::size_t c = 0; c < channels; c += width, to += width) {
        const std::size_t count = std::min(width, channels - c);
        const T* from = planes + c * size;
        std::size_t p = 0;
        while (size >= width && p < size) {
            const std::size_t first = std::min(p, size - width);
            V square[width];
            for (std::size_t j = 0; j < count; ++j) square[j] = load<V>(from + j * size + first);
            for (std::size_t j = count; j < width; ++j) square[j] = V{};
            transpose_square<T, width>(square);
#pragma GCC unroll 16
            for (std::size_t k = 0; k < width; ++k) store(square[k], to + places[first + k]);
            p = first + width;
        }
        for (; p < size; ++p)
            for (std::size_t j = 0; j < count; ++j) to[places[p] + j] = from[j * size + p];
    }
}

// The way back: pixels that lie `lead` apart, to planes that lie `size` apart.
template <class T>
void to_planes(const T* pixels, std::size_t lead, std::size_t count, std::size_t channels, T* planes,
               std::size_t size) {
    constexpr std::size_t width = Tiling<T>::width;
    using V = Vector<T, width>;
    for (std::size_t c = 0; c < channels; c += width) {
        const std::size_t some = std::min(width, channels - c);
        const T* from = pixels + c;
        T* to = planes + c * size;
        std::size_t p = 0;
        while (count >= width && p < count) {
            const std::size_t first = std::min(p, count - width);
            V square[width];
#pragma GCC unroll 16
            for (std::size_t k = 0; k < width; ++k) square[k] = load<V>(from + (first + k) * lead);
            transpose_square<T, width>(square);
            for (std::size_t j = 0; j < some; ++j) store(square[j], to + j * size + first);
            p = first + width;
        }
        for (; p < count; ++p)
            for (std::size_t j = 0; j < some; ++j) to[j * size + p] = from[p * lead + j];
    }
}

}    // namespace xtape::detail
