// Sweeping the tape backwards: gradients of one value with respect to the values that it was computed from.
#pragma once

#include <xtape/core/variable.hpp>

#include <concepts>
#include <optional>
#include <type_traits>

namespace xtape {

struct BackwardOptions {
    bool retain_graph = false;    // keep the graph, so that it can be swept again
};

// An array of T, or what becomes one: an expression or a number. A list in braces is none, so that options are never
// taken for an array.
template <class A, class T>
concept ArrayOf = std::convertible_to<const A&, Array<T>> && !std::integral<A>;

template <class X, class T>
concept VariableLike = std::same_as<AsVariable<X>, Variable<T>>;

namespace detail {
template <class T>
void backward_from(const Variable<T>& y, const Array<T>& seed, BackwardOptions options);
}    // namespace detail

// Adds dy/dleaf, times `seed`, to grad() of every leaf that y was computed from and that requires a gradient. Either
// all leaves get theirs or, when something throws, none. The graph is spent afterwards unless it is retained. Throws
// GradError when y needs no gradient, is not a single element and has no seed, when the graph is spent, or when a value
// that it needs was changed in place; ShapeError when the seed is not of y's shape.
template <class T>
void backward(const Variable<T>& y, BackwardOptions options = {});
template <class T, ArrayOf<T> Seed>
void backward(const Variable<T>& y, const Seed& seed, BackwardOptions options = {}) {
    detail::backward_from<T>(y, seed, options);
}

struct GradOptions {
    bool create_graph = false;                          // record the derivative, so that it can be differentiated
    std::optional<bool> retain_graph = std::nullopt;    // as create_graph, if not set
    bool allow_unused = false;                          // an input that was not used gets an undefined gradient
    bool zeros_for_unused = false;    // it gets zeros, also from outputs that require no gradient: constants
};

// The gradients of the outputs' sum, weighted by `seeds` (one for each output; none: ones, for single elements), with
// respect to `inputs`, which may be leaves or computed values. Leaves' grad() stays as it is. Throws as backward()
// does, and GradError for an input that requires no gradient or that was not used, unless the options allow it.
template <class T>
Variables<T> grad(const Variables<T>& outputs, const std::type_identity_t<Variables<T>>& inputs,
                  GradOptions options = {}, const std::type_identity_t<Variables<T>>& seeds = {});
template <class T>
Variables<T> grad(const Variable<T>& output, const std::type_identity_t<Variables<T>>& inputs, GradOptions options = {},
                  const std::type_identity_t<Variables<T>>& seeds = {}) {
    return grad(Variables<T>{output}, inputs, options, seeds);
}
// Of one variable: its gradient.
template <class T, VariableLike<T> X>
Variable<T> grad(const Variable<T>& output, const X& input, GradOptions options = {}) {
    return grad(Variables<T>{output}, Variables<T>{input}, options)[0];
}

}    // namespace xtape
