// Elements that are a stride apart, read and written: those two apart in vectors.
#pragma once

#include <xtape/core/detail/registers.hpp>
#include <xtape/core/detail/strided.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace xtape::detail {

// Elements first, first + 2, ... of two vectors.
template <std::size_t first, class V, std::size_t... L>
V every_second(const V& a, const V& b, std::index_sequence<L...>) {
    return __builtin_shufflevector(a, b, (2 * L + first)...);
}
// to[i] = from[2 i], where `count` is larger than the width.
template <std::size_t width, class T>
void read_every_second(const T* from, T* to, std::size_t count) {
    using V = Vector<T, width>;
    constexpr auto lanes = std::make_index_sequence<width>{};
    for (std::size_t i = 0; i + width < count; i += width)
        store(every_second<0>(load<V>(from + 2 * i), load<V>(from + 2 * i + width), lanes), to + i);
    const T* last = from + 2 * (count - width) - 1;    // so that nothing behind the last element is read
    store(every_second<1>(load<V>(last), load<V>(last + width), lanes), to + count - width);
}
// to[i] = from[i step].
template <class T>
void read_steps(const T* from, std::size_t step, T* to, std::size_t count) {
    if (step != 2 || count <= 4)
        read_run(from, static_cast<std::ptrdiff_t>(step), to, count);
    else if (count > widest<T>)
        read_every_second<widest<T>>(from, to, count);
    else if (count > 8)
        read_every_second<std::min<std::size_t>(8, widest<T>)>(from, to, count);
    else
        read_every_second<std::min<std::size_t>(4, widest<T>)>(from, to, count);
}

#ifdef __AVX512F__
// to[2 i] = from[i], or its addition, where bit 2 i of `lanes` is set; half a register. Other elements of `to` are not
// touched.
inline void write_every_second(const float* from, std::uint32_t lanes, bool add, float* to) {
    const auto mask = static_cast<__mmask16>(lanes);
    __m512 x = _mm512_maskz_expand_ps(0x5555, _mm512_castps256_ps512(_mm256_loadu_ps(from)));
    if (add) x = _mm512_add_ps(_mm512_maskz_loadu_ps(mask, to), x);
    _mm512_mask_storeu_ps(to, mask, x);
}
inline void write_every_second(const double* from, std::uint32_t lanes, bool add, double* to) {
    const auto mask = static_cast<__mmask8>(lanes);
    __m512d x = _mm512_maskz_expand_pd(0x55, _mm512_castpd256_pd512(_mm256_loadu_pd(from)));
    if (add) x = _mm512_add_pd(_mm512_maskz_loadu_pd(mask, to), x);
    _mm512_mask_storeu_pd(to, mask, x);
}
#endif

// to[r to_lead + i step] = from[r lead + i], or its addition, for r < rows and i < count; up to half a register behind
// the last element is read.
template <class T>
void write_steps(const T* from, std::size_t lead, std::size_t rows, std::size_t count, bool add, T* to,
                 std::size_t to_lead, std::size_t step) {
#ifdef __AVX512F__
    if (step == 2) {
        constexpr std::size_t half = widest<T> / 2;
        for (std::size_t i = 0; i < count; i += half) {
            const std::uint32_t lanes = 0x5555U & ((1U << 2 * std::min(half, count - i)) - 1);
            for (std::size_t r = 0; r < rows; ++r)
                write_every_second(from + r * lead + i, lanes, add, to + r * to_lead + 2 * i);
        }
        return;
    }
#endif
    for (std::size_t r = 0; r < rows; ++r, from += lead, to += to_lead)
        for (std::size_t i = 0; i < count; ++i) to[i * step] = (add ? to[i * step] : T(0)) + from[i];
}

}    // namespace xtape::detail
