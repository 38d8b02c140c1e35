#include <xtape/nn/transformer.hpp>
#include <xtape/ops/activation.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/rectifier.hpp>

namespace xtape::nn {
namespace {

template <class T>
Variable<T> activated(const Variable<T>& x, TransformerActivation f) {
    return f == TransformerActivation::relu ? relu(x) : gelu(x);
}

MultiheadAttentionOptions attention_options(const TransformerLayerOptions& options) {
    return {.dropout = options.dropout, .bias = options.bias};
}
LayerNormOptions norm_options(const TransformerLayerOptions& options) {
    return {.eps = options.layer_norm_eps, .bias = options.bias};
}

// x plus what a part makes of it, normalised before or afterwards.
template <class T, class Part>
Variable<T> residual(const Variable<T>& x, LayerNorm<T>& norm, bool norm_first, const Part& part) {
    return norm_first ? x + part(norm(x)) : norm(x + part(x));
}

}    // namespace

template <class T>
TransformerEncoderLayer<T>::TransformerEncoderLayer(Module<T>* owner, std::string_view name, Size width, Size heads,
                                                    TransformerLayerOptions options)
    : TransformerEncoderLayer::Module(owner, name),
      options_(options),
      self_attn(this, "self_attn", width, heads, attention_options(options)),
      linear1(this, "linear1", width, options.feedforward, {.bias = options.bias}),
      dropout(this, "dropout", options.dropout),
      linear2(this, "linear2", options.feedforward, width, {.bias = options.bias}),
      norm1(this, "norm1", width, norm_options(options)),
      norm2(this, "norm2", width, norm_options(options)),
      dropout1(this, "dropout1", options.dropout),
      dropout2(this, "dropout2", options.dropout) {}

template <class T>
Variable<T> TransformerEncoderLayer<T>::forward(const Variable<T>& x, const AttentionInput<T>& input) {
    const Variable<T> y = residual<T>(x, norm1, options_.norm_first,
                                      [&](const Variable<T>& z) { return dropout1(self_attn(z, z, z, input)); });
    return residual<T>(y, norm2, options_.norm_first, [&](const Variable<T>& z) {
        return dropout2(linear2(dropout(activated(linear1(z), options_.activation))));
    });
}

template <class T>
TransformerDecoderLayer<T>::TransformerDecoderLayer(Module<T>* owner, std::string_view name, Size width, Size heads,
                                                    TransformerLayerOptions options)
    : TransformerDecoderLayer::Module(owner, name),
      options_(options),
      self_attn(this, "self_attn", width, heads, attention_options(options)),
      multihead_attn(this, "multihead_attn", width, heads, attention_options(options)),
      linear1(this, "linear1", width, options.feedforward, {.bias = options.bias}),
      dropout(this, "dropout", options.dropout),
      linear2(this, "linear2", options.feedforward, width, {.bias = options.bias}),
      norm1(this, "norm1", width, norm_options(options)),
      norm2(this, "norm2", width, norm_options(options)),
      norm3(this, "norm3", width, norm_options(options)),
      dropout1(this, "dropout1", options.dropout),
      dropout2(this, "dropout2", options.dropout),
      dropout3(this, "dropout3", options.dropout) {}

template <class T>
Variable<T> TransformerDecoderLayer<T>::forward(const Variable<T>& x, const Variable<T>& memory,
                                                const DecoderInput<T>& input) {
    const bool first = options_.norm_first;
    const Variable<T> y =
        residual<T>(x, norm1, first, [&](const Variable<T>& z) { return dropout1(self_attn(z, z, z, input.self)); });
    const Variable<T> mixed = residual<T>(y, norm2, first, [&](const Variable<T>& z) {
        return dropout2(multihead_attn(z, memory, memory, input.memory));
    });
    return residual<T>(mixed, norm3, first, [&](const Variable<T>& z) {
        return dropout3(linear2(dropout(activated(linear1(z), options_.activation))));
    });
}

template <class T>
TransformerEncoder<T>::TransformerEncoder(Module<T>* owner, std::string_view name, Size width, Size heads,
                                          TransformerOptions options)
    : TransformerEncoder::Module(owner, name), layers(this, "layers") {
    const std::size_t count = this->checked_size("TransformerEncoder", "layers", options.layers.number);
    while (order_.size() < count)
        order_.push_back(&layers.template add<TransformerEncoderLayer<T>>(width, heads, options.layer));
    if (options.norm) norm.emplace(this, "norm", width, norm_options(options.layer));
}

template <class T>
Variable<T> TransformerEncoder<T>::forward(const Variable<T>& x, const AttentionInput<T>& input) {
    Variable<T> y = x;
    for (auto* layer : order_) y = (*layer)(y, input);
    return norm ? (*norm)(y) : y;
}

template <class T>
TransformerDecoder<T>::TransformerDecoder(Module<T>* owner, std::string_view name, Size width, Size heads,
                                          TransformerOptions options)
    : TransformerDecoder::Module(owner, name), layers(this, "layers") {
    const std::size_t count = this->checked_size("TransformerDecoder", "layers", options.layers.number);
    while (order_.size() < count)
        order_.push_back(&layers.template add<TransformerDecoderLayer<T>>(width, heads, options.layer));
    if (options.norm) norm.emplace(this, "norm", width, norm_options(options.layer));
}

template <class T>
Variable<T> TransformerDecoder<T>::forward(const Variable<T>& x, const Variable<T>& memory,
                                           const DecoderInput<T>& input) {
    Variable<T> y = x;
    for (auto* layer : order_) y = (*layer)(y, memory, input);
    return norm ? (*norm)(y) : y;
}

template class TransformerEncoderLayer<float>;
template class TransformerEncoderLayer<double>;
template class TransformerDecoderLayer<float>;
template class TransformerDecoderLayer<double>;
template class TransformerEncoder<float>;
template class TransformerEncoder<double>;
template class TransformerDecoder<float>;
template class TransformerDecoder<double>;

}    // namespace xtape::nn
