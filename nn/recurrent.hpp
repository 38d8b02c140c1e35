// Recurrent layers: RNN, LSTM and GRU, stacked, in one direction or both, with PyTorch's parameter names, gate order,
// layouts and initialisation U(-1/sqrt(hidden), 1/sqrt(hidden)). The formulas are those of ops/recurrent.hpp.
//
// Inputs are (batch, time, in), or (time, batch, in) with batch_first off; outputs likewise, the directions side by
// side. States are (layers x directions, batch, hidden), as PyTorch's. Lengths, one per example, say where padding
// begins: nothing depends on it, and its outputs and gradients are exactly 0. Truncated back-propagation goes on from a
// state without its history:
//
//     auto [outputs, state] = lstm(x, {.state = previous.detach()});
//
// Constructors throw std::invalid_argument for sizes below 1 and a dropout outside [0, 1]; calls throw ShapeError, and
// std::invalid_argument for lengths outside 0 to `time`.
#pragma once

#include <xtape/nn/linear.hpp>
#include <xtape/nn/module.hpp>
#include <xtape/ops/recurrent.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xtape::nn {

using xtape::LSTMResult;
using xtape::LSTMState;
using xtape::RecurrentNonlinearity;
using xtape::RecurrentResult;

struct GRUOptions {
    Size layers = 1;
    bool bidirectional = false;
    double dropout = 0;    // of the outputs of all layers but the last, in training
    bool bias = true;
    bool batch_first = true;
};
struct RNNOptions {
    Size layers = 1;
    bool bidirectional = false;
    double dropout = 0;
    bool bias = true;
    bool batch_first = true;
    RecurrentNonlinearity nonlinearity = RecurrentNonlinearity::tanh;
};
struct LSTMOptions {
    Size layers = 1;
    bool bidirectional = false;
    double dropout = 0;
    bool bias = true;
    bool batch_first = true;
    Size projection = 0;    // the width of the hidden state, PyTorch's proj_size; 0: hidden, without a projection
};

// What else a call takes: the first states, zeros unless given, and lengths.
template <class T>
struct RecurrentInput {
    Variable<T> hidden = {};
    std::optional<IntegerArray> lengths = {};
};
template <class T>
struct LSTMInput {
    LSTMState<T> state = {};
    std::optional<IntegerArray> lengths = {};
};

namespace detail {

struct StackSizes {
    std::size_t in, hidden, width, gates, layers, directions;
    bool bias, batch_first;
    double dropout;
};

// The parameters of all layers and directions, weight_ih_l0, weight_hh_l0, bias_ih_l0, ..., weight_ih_l0_reverse, ...,
// and the way through them.
template <class T>
class RecurrentStack {
public:
    RecurrentStack(Module<T>* owner, const StackSizes& sizes);

    // Calls run(layer and direction, x (batch, time, ...), weights, options), which gives outputs, for each.
    template <class Run>
    Variable<T> through(const Variable<T>& x, const std::optional<IntegerArray>& lengths, bool training,
                        const Run& run) const;
    // The state of one layer and direction: of `states`, or zeros of the width.
    static Variable<T> state_of(const Variable<T>& states, std::size_t place, std::size_t batch, std::size_t width);
    Shape state_shape(const Variable<T>& x, std::size_t width) const;
    std::size_t batch_of(const Variable<T>& x) const { return x.shape()[sizes_.batch_first ? 0 : 1]; }
    std::string describe(const char* kind) const;
    const StackSizes& sizes() const { return sizes_; }

private:
    RecurrentWeights<T> weights(std::size_t place) const;
    Variable<T> between(const Variable<T>& y, bool training) const;

    StackSizes sizes_;
    std::vector<std::unique_ptr<Parameter<T>>> parameters_;
    std::size_t each_;    // parameters of one layer and direction
};

}    // namespace detail

// h_t = f(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh). `auto [outputs, hidden] = rnn(x)`.
template <class T>
class RNN : public Module<T, RecurrentResult<T>(const Variable<T>&, const RecurrentInput<T>&)> {
public:
    RNN(Size in, Size hidden, RNNOptions options = {}) : RNN(nullptr, "", in, hidden, options) {}
    RNN(Module<T>* owner, std::string_view name, Size in, Size hidden, RNNOptions options = {});

    RecurrentResult<T> forward(const Variable<T>& x, const RecurrentInput<T>& input) override;
    std::string describe() const override { return stack_.describe("RNN"); }

private:
    detail::RecurrentStack<T> stack_;
    RecurrentNonlinearity nonlinearity_;
};

// The gated recurrent unit. `auto [outputs, hidden] = gru(x)`.
template <class T>
class GRU : public Module<T, RecurrentResult<T>(const Variable<T>&, const RecurrentInput<T>&)> {
public:
    GRU(Size in, Size hidden, GRUOptions options = {}) : GRU(nullptr, "", in, hidden, options) {}
    GRU(Module<T>* owner, std::string_view name, Size in, Size hidden, GRUOptions options = {});

    RecurrentResult<T> forward(const Variable<T>& x, const RecurrentInput<T>& input) override;
    std::string describe() const override { return stack_.describe("GRU"); }

private:
    detail::RecurrentStack<T> stack_;
};

// Long short-term memory. `auto [outputs, state] = lstm(x)`.
template <class T>
class LSTM : public Module<T, LSTMResult<T>(const Variable<T>&, const LSTMInput<T>&)> {
public:
    LSTM(Size in, Size hidden, LSTMOptions options = {}) : LSTM(nullptr, "", in, hidden, options) {}
    LSTM(Module<T>* owner, std::string_view name, Size in, Size hidden, LSTMOptions options = {});

    LSTMResult<T> forward(const Variable<T>& x, const LSTMInput<T>& input) override;
    std::string describe() const override { return stack_.describe("LSTM"); }

private:
    detail::RecurrentStack<T> stack_;
};

extern template class RNN<float>;
extern template class RNN<double>;
extern template class GRU<float>;
extern template class GRU<double>;
extern template class LSTM<float>;
extern template class LSTM<double>;

}    // namespace xtape::nn
