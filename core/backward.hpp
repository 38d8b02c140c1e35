// Sweeping the tape backwards: gradients of one value with respect to the values that it was computed from.
#pragma once

#include <xtape/core/variable.hpp>

#include <optional>
#include <type_traits>

namespace xtape {

struct BackwardOptions {
    bool retain_graph = false;    // keep the graph, so that it can be swept again
};

// Adds dy/dleaf, times `seed`, to grad() of every leaf that y was computed from and that requires a gradient. Either
// all leaves get theirs or, when something throws, none. The graph is spent afterwards unless it is retained. Throws
// GradError when y needs no gradient, is not a single element and has no seed, when the graph is spent, or when a value
// that it needs was changed in place; ShapeError when the seed is not of y's shape.
template <class T>
void backward(const Variable<T>& y, BackwardOptions options = {});
template <class T>
void backward(const Variable<T>& y, const std::type_identity_t<Array<T>>& seed, BackwardOptions options = {});

struct GradOptions {
    bool create_graph = false;                          // record the derivative, so that it can be differentiated
    std::optional<bool> retain_graph = std::nullopt;    // as create_graph, if not set
    bool allow_unused = false;                          // an input that was not used gets an undefined gradient
};

// The gradients of the outputs' sum, weighted by `seeds` (one for each output; none: ones, for single elements), with
// respect to `inputs`, which may be leaves or computed values. Leaves' grad() stays as it is. Throws as backward()
// does, and GradError for an input that requires no gradient or, without allow_unused, was not used.
template <class T>
Variables<T> grad(const Variables<T>& outputs, const std::type_identity_t<Variables<T>>& inputs,
                  GradOptions options = {}, const std::type_identity_t<Variables<T>>& seeds = {});
template <class T>
Variables<T> grad(const Variable<T>& output, const std::type_identity_t<Variables<T>>& inputs, GradOptions options = {},
                  const std::type_identity_t<Variables<T>>& seeds = {}) {
    return grad(Variables<T>{output}, inputs, options, seeds);
}

}    // namespace xtape
