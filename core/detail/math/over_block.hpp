// The loop over a block of numbers that core/detail/math/blocks.hpp declares the functions of.
#pragma once

#include <xtape/core/detail/lanes.hpp>

#include <cstddef>

namespace xtape::detail::math {

// f gives ValueAndSlope on lanes.
template <class T, class F>
void over_block(const T* x, T* y, T* slope, std::size_t count, F f) {
    using L = Lanes<T>;
    const std::size_t whole = count / L::width * L::width, rest = count - whole;
    if (slope == nullptr) {
        for (std::size_t i = 0; i < whole; i += L::width) f(L::load(x + i)).value.store(y + i);
        if (rest > 0) f(L::load_part(x + whole, rest)).value.store_part(y + whole, rest);
        return;
    }
    for (std::size_t i = 0; i < whole; i += L::width) {
        const ValueAndSlope<L> both = f(L::load(x + i));
        both.value.store(y + i);
        both.slope.store(slope + i);
    }
    if (rest == 0) return;
    const ValueAndSlope<L> both = f(L::load_part(x + whole, rest));
    both.value.store_part(y + whole, rest);
    both.slope.store_part(slope + whole, rest);
}

}    // namespace xtape::detail::math
