// Functions of a block of numbers, and their derivatives where those are wanted: y = f(x) and, unless it is null, slope
// = f'(x), bit for bit the functions on lanes. A loop that is compiled with its function keeps the constants in
// registers, which takes a third off the time of a call for each register of numbers.
#pragma once

#include <cstddef>

namespace xtape::detail::math {

template <class T>
void tanh(const T* x, T* y, T* slope, std::size_t count);
template <class T>
void sigmoid(const T* x, T* y, T* slope, std::size_t count);
template <class T>
void silu(const T* x, T* y, T* slope, std::size_t count);
template <class T>
void erf(const T* x, T* y, T* slope, std::size_t count);
template <class T>
void gelu(const T* x, T* y, T* slope, std::size_t count);

}    // namespace xtape::detail::math
