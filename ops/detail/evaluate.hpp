// Functions of numbers on whole arrays, where nothing is recorded: for forward passes and derivatives written by hand.
#pragma once

#include <xtape/core/pointwise.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <utility>

namespace xtape::detail {

template <class F, class T, std::size_t N>
void evaluate_block(const void* f, const T* const* in, T* out, std::size_t count) {
    compute_block<>([&](const auto&... x) { return (*static_cast<const F*>(f))(x...); }, in, out, count,
                    std::make_index_sequence<N>{});
}

// f(x...) on SIMD lanes, broadcast; the inputs must fit together.
template <class F, class T, std::same_as<Variable<T>>... Rest>
Variable<T> evaluate(const F& f, const Variable<T>& first, const Rest&... rest) {
    constexpr std::size_t count = 1 + sizeof...(Rest);
    Array<T> y = empty_array<T>(broadcast_all("evaluate", first, rest...));
    if (y.size() > 0) {
        const std::array<Operand<T>, count> in{operand(first), operand(rest)...};
        run_blocks<T>(&evaluate_block<F, T, count>, &f, in, y.storage().data(), y.shape());
    }
    return make_variable<T>(std::move(y));
}

}    // namespace xtape::detail
