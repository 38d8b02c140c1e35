// map(f, x...): a user's own function of numbers as one fused differentiable operation.
#pragma once

#include <xtape/core/dual.hpp>
#include <xtape/core/pointwise.hpp>
#include <xtape/ops/arithmetic.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <tuple>
#include <utility>

namespace xtape {
namespace detail {

// f applied to numbers that carry derivatives along `Depth` directions; the result is the mixed derivative along all.
template <class F, std::size_t Depth, class V>
struct Nest {
    using Number = Dual<typename Nest<F, Depth - 1, V>::Number>;
    template <std::size_t N>
    static Number number(const V& x, std::size_t index, const std::array<unsigned char, N>& directions) {
        using Inner = Nest<F, Depth - 1, V>;
        typename Inner::Number inner = Inner::number(x, index, directions);
        return Number(inner, typename Inner::Number(directions[Depth - 1] == index ? 1.0 : 0.0));
    }
    static V top(const Number& y) { return Nest<F, Depth - 1, V>::top(y.slope); }
};
template <class F, class V>
struct Nest<F, 0, V> {
    using Number = V;
    template <std::size_t N>
    static V number(const V& x, std::size_t, const std::array<unsigned char, N>&) {
        return x;
    }
    static V top(const V& y) { return y; }
};

template <class First, class Other>
using Second = Other;

inline constexpr std::size_t deepest_map = 4;

// The mixed derivative of f with respect to the inputs that `directions` lists (Depth of them), by nested dual numbers.
template <class F, std::size_t Depth, std::size_t Inputs>
struct Mapped {
    static constexpr auto name = "map";
    static constexpr auto needs = needs::inputs;
    static constexpr bool keeps_slope = Inputs == 1 && Depth < deepest_map;
    [[no_unique_address]] F f;
    std::array<unsigned char, Depth == 0 ? 1 : Depth> directions{};

    template <class V>
    V forward(const V& first, const std::same_as<V> auto&... rest) const {
        return evaluate<V>(std::make_index_sequence<1 + sizeof...(rest)>{}, first, rest...);
    }
    // On lanes: g times the derivative in the same pass. On variables: g times another Mapped, one level deeper.
    template <class V, class... Args>
    auto vjp(const V& g, const Args&... inputs_and_output) const {
        return pull(g, std::tie(inputs_and_output...), std::make_index_sequence<sizeof...(Args) - 1>{});
    }

private:
    template <class V, std::size_t... I, class... X>
    V evaluate(std::index_sequence<I...>, const X&... x) const {
        using N = Nest<F, Depth, V>;
        return N::top(typename N::Number(f(N::number(x, I, directions)...)));
    }

    Mapped<F, Depth + 1, Inputs> deeper(std::size_t input) const {
        Mapped<F, Depth + 1, Inputs> result{f, {}};
        for (std::size_t d = 0; d < Depth; ++d) result.directions[d] = directions[d];
        result.directions[Depth] = static_cast<unsigned char>(input);
        return result;
    }

    template <class V, class X, std::size_t... I>
    auto pull(const V& g, const X& x, std::index_sequence<I...> all) const {
        return pullbacks([this, &g, x, all] { return pull_one<I>(g, x, all); }...);
    }

    template <std::size_t I, class V, class X, std::size_t... J>
    V pull_one(const V& g, const X& x, std::index_sequence<J...>) const {
        if constexpr (Depth >= deepest_map) {
            throw GradError("[map] its derivatives are available to order " + std::to_string(deepest_map) +
                            "; wanted one more: compose the function of operations instead");
        } else if constexpr (is_variable<V>) {
            return g * pointwise(deeper(I), std::get<J>(x)...);
        } else {
            return g * deeper(I).forward(std::get<J>(x)...);
        }
    }
};

}    // namespace detail

// y = f(x...), elementwise and broadcast, in one pass over memory; dy/dx is taken by dual numbers in one pass as well,
// to order 4. f is a generic lambda on numbers: arithmetic, comparisons, select(condition, a, b), max, min, and the
// usual functions (exp, log, pow, sqrt, tanh, ...), called without std::; plain numbers may stand in any place, as in
// 2.5 * v or pow(v, 1.5). It has one to six inputs, must not depend on anything that changes, and what it captures is
// copied. Throws ShapeError when the shapes do not broadcast.
//
// Dual numbers differentiate each step as it is written, so that a step that overflows spoils the derivative even where
// the value survives: v / (1 + exp(-v)) is -0 at -100 in float, but its derivative is NaN, infinity over infinity.
// sigmoid, log_sigmoid, softplus, silu, gelu, relu, tanh, erf, erfc, ndtr (the normal distribution function), expm1,
// log1p, hypot, atan2, lgamma and digamma have values and derivatives that hold at any argument: build of them. select
// keeps value and derivative of the side that it chooses, whatever the other side is.
//
//     auto swish = [](auto v) { return v * sigmoid(v); };
//     Variable<double> y = map(swish, x);
template <class F, class T, std::same_as<Variable<T>>... Rest>
Variable<T> map(F f, const Variable<T>& first, const Rest&... rest) {
    static_assert(sizeof...(Rest) < 6, "map takes at most six variables");
    constexpr bool takes_numbers = std::invocable<const F&, Lanes<T>, detail::Second<Rest, Lanes<T>>...>;
    static_assert(
        takes_numbers,
        "map's function takes as many numbers as there are variables, each by `auto`: it is called with numbers "
        "that carry derivatives, which do not convert to double or float");
    if constexpr (takes_numbers)
        return pointwise(detail::Mapped<F, 0, 1 + sizeof...(Rest)>{std::move(f), {}}, first, rest...);
}

}    // namespace xtape
