// One pass over memory: parameter and buffers are read, changed and written once, many lanes at a time.
#pragma once

#include <xtape/core/detail/lanes.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/core/variable.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace xtape::optim::detail {

inline constexpr std::size_t grain = std::size_t{1} << 14;    // elements that are worth a thread's start

template <class T, std::size_t n>
struct Streams {
    T* parameter;
    const T* gradient;
    std::array<T*, n> buffers;
};

template <class T, std::size_t n, class Pass>
void fused_pass(const Streams<T, n>& streams, std::size_t count, const Pass& pass) {
    using L = Lanes<T>;
    constexpr std::size_t width = L::width;
    xtape::detail::parallel_for(count, grain, [&streams, &pass](std::size_t begin, std::size_t end) {
        const Streams<T, n> s = streams;    // copies, which no store can change: so they stay in registers
        const Pass step = pass;
        L buffers[n == 0 ? 1 : n];
        auto call = [&]<std::size_t... k>(L & p, const L& g, std::index_sequence<k...>) { step(p, g, buffers[k]...); };
        std::size_t i = begin;
        for (; i + width <= end; i += width) {
            L p = L::load(s.parameter + i);
            for (std::size_t k = 0; k < n; ++k) buffers[k] = L::load(s.buffers[k] + i);
            call(p, L::load(s.gradient + i), std::make_index_sequence<n>());
            p.store(s.parameter + i);
            for (std::size_t k = 0; k < n; ++k) buffers[k].store(s.buffers[k] + i);
        }
        if (i == end) return;
        L p = L::load_part(s.parameter + i, end - i);
        for (std::size_t k = 0; k < n; ++k) buffers[k] = L::load_part(s.buffers[k] + i, end - i);
        call(p, L::load_part(s.gradient + i, end - i), std::make_index_sequence<n>());
        p.store_part(s.parameter + i, end - i);
        for (std::size_t k = 0; k < n; ++k) buffers[k].store_part(s.buffers[k] + i, end - i);
    });
}

// Changes the parameter and its buffers; `Pass` takes a parameter, its gradient and as many buffers as are given.
template <std::size_t n = 0, class T, class Pass>
void fused_update(Variable<T>& parameter, std::span<Array<T>> buffers, const Pass& pass) {
    constexpr bool takes_n = []<std::size_t... k>(std::index_sequence<k...>) {
        return requires(const Pass& p, Lanes<T>& l, std::array<Lanes<T>, n + 1>& b) { p(l, l, std::get<k>(b)...); };
    }
    (std::make_index_sequence<n>());
    if constexpr (takes_n) {
        if (buffers.size() == n) {
            Streams<T, n> streams;
            streams.gradient = parameter.grad().storage().data();
            for (std::size_t k = 0; k < n; ++k) streams.buffers[k] = buffers[k].storage().data();
            parameter.update([&](Array<T>& value) {
                streams.parameter = value.storage().data();
                fused_pass(streams, value.size(), pass);
            });
            return;
        }
    }
    if constexpr (n < 4)
        fused_update<n + 1>(parameter, buffers, pass);
    else
        throw std::logic_error("[optimizer] the rule's Pass does not take as many buffers as the rule names");
}

}    // namespace xtape::optim::detail
