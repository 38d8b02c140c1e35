// Vectors of a fixed number of elements, as GCC and Clang know them, for kernels that xsimd's one width does not fit.
#pragma once

#include <xsimd/xsimd.hpp>

#include <cstddef>
#include <utility>

namespace xtape::detail {

// The number of elements of the widest register.
template <class T>
inline constexpr std::size_t widest = xsimd::batch<T>::size;

template <class T, std::size_t width>
struct VectorOf {
    using type [[gnu::vector_size(width * sizeof(T))]] = T;
};
template <class T>
struct VectorOf<T, 1> {
    using type = T;
};
template <class T, std::size_t width>
using Vector = typename VectorOf<T, width>::type;

template <class V, class T>
V load(const T* from) {
    V result;
    __builtin_memcpy(&result, from, sizeof result);
    return result;
}
template <class V, class T>
void store(const V& vector, T* to) {
    __builtin_memcpy(to, &vector, sizeof vector);
}

// Exchanges the off-diagonal quarters of all blocks of 2 half x 2 half: done for each half, this transposes.
template <class V, std::size_t half, std::size_t... L>
[[gnu::always_inline]] inline void exchange(V* rows, std::index_sequence<L...>) {
    constexpr std::size_t width = sizeof...(L);
#pragma GCC unroll 16
    for (std::size_t i = 0; i < width; ++i) {
        if ((i & half) != 0) continue;
        const V a = rows[i], b = rows[i | half];
        rows[i] = __builtin_shufflevector(a, b, ((L & half) != 0 ? width + L - half : L)...);
        rows[i | half] = __builtin_shufflevector(a, b, ((L & half) != 0 ? width + L : L + half)...);
    }
}

// Transposes a square of `width` vectors.
template <class T, std::size_t width>
[[gnu::always_inline]] inline void transpose_square(Vector<T, width>* rows) {
    using V = Vector<T, width>;
    constexpr auto lanes = std::make_index_sequence<width>{};
    if constexpr (width >= 16) exchange<V, 8>(rows, lanes);
    if constexpr (width >= 8) exchange<V, 4>(rows, lanes);
    if constexpr (width >= 4) exchange<V, 2>(rows, lanes);
    if constexpr (width >= 2) exchange<V, 1>(rows, lanes);
}

}    // namespace xtape::detail
