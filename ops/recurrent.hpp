// Recurrent layers over whole sequences: one operation runs all steps. PyTorch's formulas, gate order and layouts.
#pragma once

#include <xtape/core/indices.hpp>
#include <xtape/core/variable.hpp>

#include <optional>

namespace xtape {

// The weights of a layer of H units with G gates, as PyTorch keeps them. R is H, or the width of the projection.
template <class T>
struct RecurrentWeights {
    Variable<T> input;               // (G H, in): weight_ih
    Variable<T> hidden;              // (G H, R): weight_hh
    Variable<T> input_bias = {};     // (G H,): bias_ih; undefined: none, and then no hidden_bias either
    Variable<T> hidden_bias = {};    // (G H,): bias_hh
    Variable<T> projection = {};     // (R, H): weight_hr, of the LSTM alone; undefined: none
};

struct RecurrentOptions {
    bool reverse = false;    // from the last step to the first
    // The length of each example (batch,): what stands behind it is padding, which nothing depends on, whose results
    // and gradients are exactly 0.
    std::optional<IntegerArray> lengths = {};
};

template <class T>
struct RecurrentResult {
    Variable<T> outputs;    // (batch, time, R)
    Variable<T> hidden;     // (batch, R): after each example's last step
};

template <class T>
struct LSTMState {
    Variable<T> hidden;    // (batch, R), of a stack of layers (layers, batch, R)
    Variable<T> cell;      // (batch, H), likewise
    // The same as constants: what truncated back-propagation through time goes on with.
    LSTMState detach() const { return {hidden.detach(), cell.detach()}; }
};
template <class T>
struct LSTMResult {
    Variable<T> outputs;
    LSTMState<T> state;
};

enum class RecurrentNonlinearity { tanh, relu };

// h_t = f(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh), f = tanh or relu. Shapes (batch, time, in), (batch, H) -> (batch,
// time, H), (batch, H). Throws ShapeError for others, std::invalid_argument for lengths outside 0 to `time`; so do all
// below. Elman, "Finding structure in time", 1990.
template <class T>
RecurrentResult<T> rnn(const Variable<T>& x, const Variable<T>& hidden, const RecurrentWeights<T>& weights,
                       RecurrentNonlinearity f = RecurrentNonlinearity::tanh, const RecurrentOptions& options = {});

// Gates i, f, g, o in this order: i, f, o = sigmoid and g = tanh of W_ih x_t + b_ih + W_hh h_(t-1) + b_hh;
// c_t = f c_(t-1) + i g, h_t = o tanh(c_t), projected W_hr h_t if there is a projection. Shapes (batch, time, in),
// (batch, R), (batch, H) -> (batch, time, R), (batch, R), (batch, H). Hochreiter and Schmidhuber, "Long short-term
// memory", 1997; Sak et al., "Long short-term memory recurrent neural network architectures", 2014 (projection).
template <class T>
LSTMResult<T> lstm(const Variable<T>& x, const LSTMState<T>& state, const RecurrentWeights<T>& weights,
                   const RecurrentOptions& options = {});

// Gates r, z, n in this order: r, z = sigmoid(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh), n = tanh(W_in x_t + b_in + r
// (W_hn h_(t-1) + b_hn)); h_t = (1 - z) n + z h_(t-1). Shapes as rnn. Cho et al., "Learning phrase representations
// using RNN encoder-decoder", 2014; PyTorch's variant, which resets after the product.
template <class T>
RecurrentResult<T> gru(const Variable<T>& x, const Variable<T>& hidden, const RecurrentWeights<T>& weights,
                       const RecurrentOptions& options = {});

}    // namespace xtape
