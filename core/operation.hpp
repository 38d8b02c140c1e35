// The one door to the tape: apply() runs an operation's forward and records its derivative.
//
//     struct Inverse {                                                        // Y = X^-1
//         static constexpr auto name = "inverse";
//         static constexpr auto needs = needs::output;                        // all that the derivative reads
//         Array<double> forward(const Array<double>& x) const { return xt::linalg::inv(x); }
//         auto vjp(const Variable<double>& g, const Variable<double>&, const Variable<double>& y) const {
//             return pullbacks([&] { return -matmul(transpose(y), matmul(g, transpose(y))); });
//         }
//     };
//     Variable<double> y = apply(Inverse{}, x);
//
// forward takes the inputs as Array<T>, or as View<T> where it does not mind strides, and returns either. vjp(g,
// inputs..., output) is written in differentiable operations, one lazy pullback for each input, each giving a gradient
// of that input's shape, or of a shape that broadcasting would have made of it: the engine sums it back. Reading a
// value that is not declared in `needs` throws GradError; its shape may always be read. An operation on a list of
// variables has forward(const Variables<T>&), and its vjp returns a callable from an input's index to its gradient.
//
// What the derivative needs besides, forward saves, and vjp gets it after the output. It may be of any type:
//
//     auto forward(const Array<double>& x) const { ...; return saving(std::move(y), std::move(places)); }
//     auto vjp(const Variable<double>& g, const Variable<double>& x, const Variable<double>& y,
//              const Indices& places) const;
//
// Several outputs: vjp gets their gradients and the outputs as arrays, and apply returns an array of variables. A
// gradient that nothing contributed to is zeros, and g.given(k) is false. Both go together: saving(outputs(a, b), c).
//
//     auto forward(const Array<double>& x) const { ...; return outputs(std::move(sines), std::move(cosines)); }
//     auto vjp(const Gradients<double, 2>& g, const Variable<double>&, const Several<double, 2>& y) const {
//         return pullbacks([&] { return g[0] * y[1] - g[1] * y[0]; });
//     }
//     auto [sine, cosine] = apply(SineAndCosine{}, x);
//
// A forward that returns a std::vector has as many outputs as that; vjp gets gradients and outputs as Variables<T>, and
// apply returns them so.
//
// Where a gradient is 0 at most elements (a slice's, a lookup's), add_vjp(g, Array<T>& total, saved...) may add it to
// the sum of the input's other gradients instead: taking a large array apart, part by part, then costs no more than the
// array.
#pragma once

#include <xtape/core/detail/record.hpp>
#include <xtape/core/registry.hpp>
#include <xtape/core/variable.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace xtape {
namespace detail {

template <class List>
constexpr bool is_variables = false;
template <class T>
constexpr bool is_variables<Variables<T>> = true;
template <class List>
constexpr bool is_variables<const List> = is_variables<List>;
template <class List>
constexpr bool is_variables<List&> = is_variables<List>;

template <class Op>
void require_registration() {
    static_cast<void>(&Registration<Op>::entry);    // names it, so that it is there
}

template <class Op, class... T>
auto run_forward(const Op& op, const Variable<T>&... x) {
    if constexpr (requires { op.forward(x.value()...); })
        return op.forward(x.value()...);
    else
        return op.forward(view_of(x)...);
}

}    // namespace detail

// Runs op.forward on the values of the inputs and, if recording is on and an input requires a gradient, records it.
// Returns the output, a Variable<T>, or Several<T, n>, the n outputs.
template <class Op, class T, std::same_as<Variable<T>>... Rest>
auto apply(Op op, const Variable<T>& first, const Rest&... rest) {
    constexpr std::size_t count = 1 + sizeof...(Rest);
    detail::require_registration<Op>();
    auto forwarded = detail::run_forward(op, first, rest...);
    const std::array<const Variable<T>*, count> inputs{&first, &rest...};
    return detail::conclude<T>(Op::name, forwarded, inputs, [&](auto&& saved) {
        return std::make_unique<detail::StructuralRecord<T, count, Op, decltype(forwarded)>>(std::move(op),
                                                                                             std::move(saved), inputs);
    });
}

// A list may have any length. Its signature is that of std::apply, which it must not lose against.
template <class F, class List>
requires detail::is_variables<List>
auto apply(F&& op, List&& list) {
    using Op = std::decay_t<F>;
    using T = typename std::decay_t<List>::value_type::value_type;
    detail::require_registration<Op>();
    auto forwarded = op.forward(std::as_const(list));
    std::vector<const Variable<T>*> inputs;
    inputs.reserve(list.size());
    for (const auto& input : list) inputs.push_back(&input);
    return detail::conclude<T>(Op::name, forwarded, inputs, [&](auto&& saved) {
        return std::make_unique<detail::ListRecord<T, Op, decltype(forwarded)>>(Op(std::forward<F>(op)),
                                                                                std::move(saved), list);
    });
}

}    // namespace xtape
