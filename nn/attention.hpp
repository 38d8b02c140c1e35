// Multi-head attention.
#pragma once

#include <xtape/nn/linear.hpp>
#include <xtape/nn/module.hpp>
#include <xtape/ops/attention.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace xtape::nn {

struct MultiheadAttentionOptions {
    double dropout = 0;    // of the attention weights, in training
    bool bias = true;
    Size kdim = 0;              // the length of a key; 0: embed_dim
    Size vdim = 0;              // that of a value
    bool batch_first = true;    // (batch, time, features); else (time, batch, features)
};

// What a call takes besides queries, keys and values.
template <class T>
struct AttentionInput {
    // True where a query may look at a key, as scaled_dot_product_attention's (and the opposite of PyTorch's attn_mask
    // in this layer); it broadcasts to (batch, heads, L, S).
    std::optional<Mask> mask = {};
    Variable<T> bias = {};                        // added to the scores, as scaled_dot_product_attention's, if defined
    bool causal = false;                          // query i looks at keys 0 to i alone
    std::optional<Mask> key_padding_mask = {};    // (batch, S), true where a key is padding, as PyTorch's
};

// y = W_o (heads joined) + b_o, each head scaled_dot_product_attention of the projected queries, keys and values. With
// PyTorch's parameters: `in_proj_weight` (3 embed_dim, embed_dim), or `q_proj_weight`, `k_proj_weight` and
// `v_proj_weight` where keys or values have lengths of their own, both Xavier uniform; `in_proj_bias` (3 embed_dim,)
// and `out_proj.bias`, zeros; `out_proj.weight`. Shapes (batch, L, embed_dim), (batch, S, kdim), (batch, S, vdim) ->
// (batch, L, embed_dim). Throws std::invalid_argument for sizes below 1, heads that do not divide embed_dim, and a
// dropout outside [0, 1); calls throw ShapeError. Vaswani et al., "Attention is all you need", 2017.
template <class T>
class MultiheadAttention : public Module<T, Variable<T>(const Variable<T>&, const Variable<T>&, const Variable<T>&,
                                                        const AttentionInput<T>&)> {
public:
    MultiheadAttention(Size embed_dim, Size heads, MultiheadAttentionOptions options = {})
        : MultiheadAttention(nullptr, "", embed_dim, heads, options) {}
    MultiheadAttention(Module<T>* owner, std::string_view name, Size embed_dim, Size heads,
                       MultiheadAttentionOptions options = {});

    Variable<T> forward(const Variable<T>& q, const Variable<T>& k, const Variable<T>& v,
                        const AttentionInput<T>& input) override;
    std::string describe() const override;

private:
    void check(const Variable<T>& q, const Variable<T>& k, const Variable<T>& v, const AttentionInput<T>& input) const;
    std::array<Variable<T>, 3> projected(const Variable<T>& q, const Variable<T>& k, const Variable<T>& v) const;
    Variable<T> split(const Variable<T>& x) const;
    std::optional<Mask> mask_of(const AttentionInput<T>& input, std::size_t keys) const;

    std::size_t embed_dim_, heads_, kdim_, vdim_;
    bool joined_;    // one weight for all three projections
    MultiheadAttentionOptions options_;

public:
    Parameter<T> in_proj_weight;                                 // not defined() where keys or values differ in length
    Parameter<T> q_proj_weight, k_proj_weight, v_proj_weight;    // defined() there
    Parameter<T> in_proj_bias;                                   // not defined() without bias
    Linear<T> out_proj;
};

extern template class MultiheadAttention<float>;
extern template class MultiheadAttention<double>;

}    // namespace xtape::nn
