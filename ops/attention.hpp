// Attention: weighted means of values, the weights given by how well queries fit keys.
#pragma once

#include <xtape/core/variable.hpp>

#include <concepts>
#include <optional>

namespace xtape {

struct AttentionOptions {
    // True where a query may look at a key, as PyTorch's; it broadcasts to (..., L, S).
    std::optional<Mask> mask = {};
    bool causal = false;                 // query i looks at keys 0 to i alone
    double dropout = 0;                  // the probability that a weight is dropped; what is kept is divided by 1 - p
    std::optional<double> scale = {};    // none: 1 / sqrt(E)
};

namespace detail {
template <class T>
Variable<T> attention(const Variable<T>& q, const Variable<T>& k, const Variable<T>& v, const Variable<T>& bias,
                      const AttentionOptions& options);
}

// y = softmax(scale q k^T) v over the keys that mask and causal leave, block by block: memory grows with L and S, not
// with their product, and the derivative computes the weights again from the logarithm of each row's sum. A query that
// no key is left for gives 0, and so are its gradients. With weights w and their gradients g v^T = d: dv = w^T g,
// dq = scale s k, dk = scale s^T q, s = w (d - sum(w d)). Dropout draws from default_generator()'s stream for it.
// Shapes (..., L, E), (..., S, E), (..., S, F) -> (..., L, F), the axes before the last two broadcast. Throws
// ShapeError for others, std::invalid_argument for a dropout outside [0, 1). Dao et al., "FlashAttention: fast and
// memory-efficient exact attention with IO-awareness", 2022.
template <class T>
Variable<T> scaled_dot_product_attention(const Variable<T>& q, const Variable<T>& k, const Variable<T>& v,
                                         const AttentionOptions& options = {}) {
    return detail::attention(q, k, v, Variable<T>(), options);
}

// The same with a bias that is added to the scores, as PyTorch's floating-point attn_mask: softmax(scale q k^T + bias).
// It broadcasts to (..., L, S); an element of -infinity takes the key away. Its gradient s, which has all L x S
// elements, is computed only where it is wanted.
template <class T, std::same_as<Variable<T>> Bias>
Variable<T> scaled_dot_product_attention(const Variable<T>& q, const Variable<T>& k, const Variable<T>& v,
                                         const Bias& bias, const AttentionOptions& options = {}) {
    static_cast<void>(bias.shape());    // throws where it is not defined
    return detail::attention(q, k, v, bias, options);
}

}    // namespace xtape
