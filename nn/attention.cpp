#include <xtape/core/detail/number.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/nn/attention.hpp>
#include <xtape/nn/init.hpp>
#include <xtape/ops/matmul.hpp>
#include <xtape/ops/selection.hpp>
#include <xtape/ops/shape.hpp>
#include <xtape/ops/slice.hpp>

namespace xtape::nn {
namespace {

// A parameter of that shape, Xavier uniform, or an empty place.
template <class T>
Array<T> xavier(bool wanted, const Shape& shape) {
    if (!wanted) return Array<T>();
    Variable<T> weight(Array<T>(shape, T(0)));
    init::xavier_uniform(weight);
    return share(weight.value());
}

template <class T>
Variable<T> rows(const Variable<T>& x, std::size_t begin, std::size_t count) {
    return narrow(x, 0, Range{begin, begin + count});
}

}    // namespace

template <class T>
MultiheadAttention<T>::MultiheadAttention(Module<T>* owner, std::string_view name, Size embed_dim, Size heads,
                                          MultiheadAttentionOptions options)
    : MultiheadAttention::Module(owner, name),
      embed_dim_(this->checked_size("MultiheadAttention", "embed_dim", embed_dim.number)),
      heads_(this->checked_size("MultiheadAttention", "heads", heads.number)),
      kdim_(options.kdim.number == 0 ? embed_dim_
                                     : this->checked_size("MultiheadAttention", "kdim", options.kdim.number)),
      vdim_(options.vdim.number == 0 ? embed_dim_
                                     : this->checked_size("MultiheadAttention", "vdim", options.vdim.number)),
      joined_(kdim_ == embed_dim_ && vdim_ == embed_dim_),
      options_(options),
      in_proj_weight(joined_ ? this : nullptr, "in_proj_weight", xavier<T>(joined_, {3 * embed_dim_, embed_dim_})),
      q_proj_weight(joined_ ? nullptr : this, "q_proj_weight", xavier<T>(!joined_, {embed_dim_, embed_dim_})),
      k_proj_weight(joined_ ? nullptr : this, "k_proj_weight", xavier<T>(!joined_, {embed_dim_, kdim_})),
      v_proj_weight(joined_ ? nullptr : this, "v_proj_weight", xavier<T>(!joined_, {embed_dim_, vdim_})),
      in_proj_bias(options.bias ? this : nullptr, "in_proj_bias",
                   options.bias ? Array<T>(Shape{3 * embed_dim_}, T(0)) : Array<T>()),
      out_proj(this, "out_proj", embed_dim_, embed_dim_, {.bias = options.bias}) {
    if (embed_dim_ % heads_ != 0)
        this->refuse_option("MultiheadAttention", "embed_dim = " + std::to_string(embed_dim_) + " and heads = " +
                                                      std::to_string(heads_) + "; wanted heads that divide it");
    if (!(options.dropout >= 0 && options.dropout < 1))
        this->refuse_option("MultiheadAttention",
                            "dropout = " + xtape::detail::to_text(options.dropout) + "; wanted 0 <= p < 1");
    if (joined_)
        for (auto* weight : {&q_proj_weight, &k_proj_weight, &v_proj_weight}) weight->leave_undefined();
    else
        in_proj_weight.leave_undefined();
    if (options.bias)
        init::constant(out_proj.bias, 0);
    else
        in_proj_bias.leave_undefined();
}

template <class T>
void MultiheadAttention<T>::check(const Variable<T>& q, const Variable<T>& k, const Variable<T>& v,
                                  const AttentionInput<T>& input) const {
    const std::size_t batch = options_.batch_first ? 0 : 1, time = 1 - batch;
    auto require = [&](const Variable<T>& x, const char* what, std::size_t length) {
        if (x.dimension() != 3 || x.shape()[2] != length || x.shape()[batch] != q.shape()[batch])
            this->refuse_shape(x.shape(), std::string(options_.batch_first ? "(batch, time, " : "(time, batch, ") +
                                              std::to_string(length) + ") as " + what);
    };
    if (q.dimension() != 3) this->refuse_shape(q.shape(), "three axes");
    require(q, "queries", embed_dim_);
    require(k, "keys", kdim_);
    require(v, "values", vdim_);
    if (k.shape()[time] != v.shape()[time]) this->refuse_shape(v.shape(), "as many values as keys");
    const Shape keys{q.shape()[batch], k.shape()[time]};
    if (input.key_padding_mask && !same_shape(input.key_padding_mask->shape(), keys))
        this->refuse_shape(input.key_padding_mask->shape(), to_string(keys) + " as key_padding_mask");
}

template <class T>
std::array<Variable<T>, 3> MultiheadAttention<T>::projected(const Variable<T>& q, const Variable<T>& k,
                                                            const Variable<T>& v) const {
    const std::size_t n = embed_dim_;
    if (joined_ && q.id() == k.id() && k.id() == v.id()) {    // one product for all three
        const Variable<T> all = linear<T>(q, in_proj_weight, in_proj_bias);
        auto part = [&](std::size_t i) { return narrow(all, -1, Range{i * n, (i + 1) * n}); };
        return {part(0), part(1), part(2)};
    }
    auto one = [&](std::size_t i, const Variable<T>& x, const Variable<T>& own) {
        return linear<T>(x, joined_ ? rows<T>(in_proj_weight, i * n, n) : own,
                         in_proj_bias.defined() ? rows<T>(in_proj_bias, i * n, n) : Variable<T>());
    };
    return {one(0, q, q_proj_weight), one(1, k, k_proj_weight), one(2, v, v_proj_weight)};
}

// (batch, time, embed_dim) -> (batch, heads, time, embed_dim / heads).
template <class T>
Variable<T> MultiheadAttention<T>::split(const Variable<T>& x) const {
    return swap_axes(reshape(x, {x.shape()[0], x.shape()[1], heads_, embed_dim_ / heads_}), 1, 2);
}

template <class T>
std::optional<Mask> MultiheadAttention<T>::mask_of(const AttentionInput<T>& input, std::size_t keys) const {
    if (!input.key_padding_mask) return input.mask;
    const Mask& padding = *input.key_padding_mask;
    Mask shown = !share(padding, Shape{padding.shape()[0], 1, 1, keys});
    if (!input.mask) return shown;
    if (broadcast_shapes("MultiheadAttention", shown.shape(), input.mask->shape()).size() > 4)
        this->refuse_shape(input.mask->shape(), "a mask that broadcasts to (batch, heads, queries, keys)");
    return shown && *input.mask;
}

template <class T>
Variable<T> MultiheadAttention<T>::forward(const Variable<T>& q, const Variable<T>& k, const Variable<T>& v,
                                           const AttentionInput<T>& input) {
    check(q, k, v, input);
    std::array<Variable<T>, 3> parts = projected(q, k, v);
    if (!options_.batch_first)
        for (auto& part : parts) part = swap_axes(part, 0, 1);
    const std::size_t batch = parts[0].shape()[0], queries = parts[0].shape()[1], keys = parts[1].shape()[1];
    const Variable<T> heads = xtape::detail::attention(
        split(parts[0]), split(parts[1]), split(parts[2]), input.bias,
        {.mask = mask_of(input, keys), .causal = input.causal, .dropout = this->is_training() ? options_.dropout : 0});
    const Variable<T> y = out_proj(reshape(swap_axes(heads, 1, 2), {batch, queries, embed_dim_}));
    return options_.batch_first ? y : swap_axes(y, 0, 1);
}

template <class T>
std::string MultiheadAttention<T>::describe() const {
    return "MultiheadAttention(" + std::to_string(embed_dim_) + ", " + std::to_string(heads_) + " heads" +
           (in_proj_bias.defined() ? ")" : ", no bias)");
}

template class MultiheadAttention<float>;
template class MultiheadAttention<double>;

}    // namespace xtape::nn
