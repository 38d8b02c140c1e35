// The layers of a transformer (Vaswani et al., "Attention is all you need", 2017), with PyTorch's parts and names, on
// (batch, time, width).
#pragma once

#include <xtape/nn/attention.hpp>
#include <xtape/nn/container.hpp>
#include <xtape/nn/dropout.hpp>
#include <xtape/nn/linear.hpp>
#include <xtape/nn/normalization.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xtape::nn {

enum class TransformerActivation { relu, gelu };

struct TransformerLayerOptions {
    Size feedforward = 2048;    // the width between the two linear maps
    double dropout = 0.1;       // of attention weights, of what each part adds, and between the linear maps
    TransformerActivation activation = TransformerActivation::relu;
    bool norm_first = false;    // x + f(norm(x)) instead of norm(x + f(x)); Xiong et al., "On layer normalization in
                                // the transformer architecture", 2020
    double layer_norm_eps = 1e-5;
    bool bias = true;
};

// With y = norm1(x + self_attn(x, x, x)): norm2(y + linear2(f(linear1(y)))), or with the norms first. Shapes (batch,
// time, width) -> the same. Throws as MultiheadAttention, and std::invalid_argument for a dropout outside [0, 1).
template <class T>
class TransformerEncoderLayer : public Module<T, Variable<T>(const Variable<T>&, const AttentionInput<T>&)> {
public:
    TransformerEncoderLayer(Size width, Size heads, TransformerLayerOptions options = {})
        : TransformerEncoderLayer(nullptr, "", width, heads, options) {}
    TransformerEncoderLayer(Module<T>* owner, std::string_view name, Size width, Size heads,
                            TransformerLayerOptions options = {});

    Variable<T> forward(const Variable<T>& x, const AttentionInput<T>& input) override;

private:
    TransformerLayerOptions options_;

public:
    MultiheadAttention<T> self_attn;
    Linear<T> linear1;
    Dropout<T> dropout;
    Linear<T> linear2;
    LayerNorm<T> norm1, norm2;
    Dropout<T> dropout1, dropout2;
};

// What a decoder's layer is called with besides x and the encoder's output.
template <class T>
struct DecoderInput {
    AttentionInput<T> self = {
        .mask = {}, .bias = {}, .causal = true, .key_padding_mask = {}};    // among the outputs so far
    AttentionInput<T> memory = {};                                          // of the outputs to the memory
};

// The same with attention to an encoder's output between the two: self_attn, multihead_attn(y, memory, memory), linear
// maps, each with its norm. Causal unless it is called otherwise. Shapes (batch, L, width), (batch, S, width) ->
// (batch, L, width).
template <class T>
class TransformerDecoderLayer
    : public Module<T, Variable<T>(const Variable<T>&, const Variable<T>&, const DecoderInput<T>&)> {
public:
    TransformerDecoderLayer(Size width, Size heads, TransformerLayerOptions options = {})
        : TransformerDecoderLayer(nullptr, "", width, heads, options) {}
    TransformerDecoderLayer(Module<T>* owner, std::string_view name, Size width, Size heads,
                            TransformerLayerOptions options = {});

    Variable<T> forward(const Variable<T>& x, const Variable<T>& memory, const DecoderInput<T>& input) override;

private:
    TransformerLayerOptions options_;

public:
    MultiheadAttention<T> self_attn, multihead_attn;
    Linear<T> linear1;
    Dropout<T> dropout;
    Linear<T> linear2;
    LayerNorm<T> norm1, norm2, norm3;
    Dropout<T> dropout1, dropout2, dropout3;
};

struct TransformerOptions {
    Size layers = 6;
    bool norm = false;    // a last LayerNorm, the part `norm`: what layers with norm_first want
    TransformerLayerOptions layer = {};
};

// `layers` encoder layers, one after another, as the parts layers.0, layers.1, ...
template <class T>
class TransformerEncoder : public Module<T, Variable<T>(const Variable<T>&, const AttentionInput<T>&)> {
public:
    TransformerEncoder(Size width, Size heads, TransformerOptions options = {})
        : TransformerEncoder(nullptr, "", width, heads, options) {}
    TransformerEncoder(Module<T>* owner, std::string_view name, Size width, Size heads,
                       TransformerOptions options = {});

    Variable<T> forward(const Variable<T>& x, const AttentionInput<T>& input) override;

private:
    std::vector<TransformerEncoderLayer<T>*> order_;

public:
    ModuleList<T> layers;
    std::optional<LayerNorm<T>> norm;
};

// `layers` decoder layers likewise.
template <class T>
class TransformerDecoder
    : public Module<T, Variable<T>(const Variable<T>&, const Variable<T>&, const DecoderInput<T>&)> {
public:
    TransformerDecoder(Size width, Size heads, TransformerOptions options = {})
        : TransformerDecoder(nullptr, "", width, heads, options) {}
    TransformerDecoder(Module<T>* owner, std::string_view name, Size width, Size heads,
                       TransformerOptions options = {});

    Variable<T> forward(const Variable<T>& x, const Variable<T>& memory, const DecoderInput<T>& input) override;

private:
    std::vector<TransformerDecoderLayer<T>*> order_;

public:
    ModuleList<T> layers;
    std::optional<LayerNorm<T>> norm;
};

extern template class TransformerEncoderLayer<float>;
extern template class TransformerEncoderLayer<double>;
extern template class TransformerDecoderLayer<float>;
extern template class TransformerDecoderLayer<double>;
extern template class TransformerEncoder<float>;
extern template class TransformerEncoder<double>;
extern template class TransformerDecoder<float>;
extern template class TransformerDecoder<double>;

}    // namespace xtape::nn
