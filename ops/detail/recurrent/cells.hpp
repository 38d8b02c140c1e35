// One step of one unit of a recurrent layer, forwards and backwards, on SIMD lanes.
//
// forward(x, h, before, state, kept) gets the gates' products with the input and with the hidden state, biases
// included, and the hidden state before; it returns the hidden state, replaces `state` by what is to be kept for each
// unit (the LSTM's cell, the GRU's product of the new gate) and leaves the gates' values in `kept`. backward gets the
// gradient of the hidden state and what was kept, gives the gradients of both kinds of products and returns what
// reaches the hidden state before directly.
#pragma once

#include <xtape/core/detail/lanes.hpp>

#include <cstddef>

namespace xtape::detail {

enum class Nonlinear { tanh, relu };

// What backward reads of a unit.
template <class L>
struct Kept {
    const L* gates;
    L state, state_before, hidden, hidden_before;
};

// h = f(x + h_).
template <Nonlinear f>
struct SimpleCell {
    static constexpr const char* name = f == Nonlinear::tanh ? "rnn_tanh" : "rnn_relu";
    static constexpr std::size_t gates = 1;
    static constexpr bool has_cell = false, keeps_state = false, same_products = true;

    template <class L>
    static L forward(const L* x, const L* h, L, L&, L*) {
        if constexpr (f == Nonlinear::tanh)
            return tanh(x[0] + h[0]);
        else
            return relu(x[0] + h[0]);
    }
    template <class L>
    static L backward(L g, L&, const Kept<L>& kept, L* dx, L*) {
        if constexpr (f == Nonlinear::tanh)
            dx[0] = g * (1 - kept.hidden * kept.hidden);
        else
            dx[0] = select(kept.hidden > 0, g, 0);
        return L(0);
    }
};

// i, f, o = sigmoid, g = tanh of x + h_; c = f c_ + i g, h = o tanh(c).
struct LongShortCell {
    static constexpr const char* name = "lstm";
    static constexpr std::size_t gates = 4;
    static constexpr bool has_cell = true, keeps_state = true, same_products = true;

    template <class L>
    static L forward(const L* x, const L* h, L, L& cell, L* kept) {
        kept[0] = sigmoid(x[0] + h[0]);
        kept[1] = sigmoid(x[1] + h[1]);
        kept[2] = tanh(x[2] + h[2]);
        kept[3] = sigmoid(x[3] + h[3]);
        cell = kept[1] * cell + kept[0] * kept[2];
        return kept[3] * tanh(cell);
    }
    template <class L>
    static L hidden(const L* kept, L cell) {
        return kept[3] * tanh(cell);
    }
    template <class L>
    static L backward(L g, L& cell_gradient, const Kept<L>& kept, L* dx, L*) {
        const L *k = kept.gates, t = tanh(kept.state);
        const L c = cell_gradient + g * k[3] * (1 - t * t);
        dx[0] = c * k[2] * k[0] * (1 - k[0]);
        dx[1] = c * kept.state_before * k[1] * (1 - k[1]);
        dx[2] = c * k[0] * (1 - k[2] * k[2]);
        dx[3] = g * t * k[3] * (1 - k[3]);
        cell_gradient = c * k[1];
        return L(0);
    }
};

// r, z = sigmoid of x + h_; n = tanh(x + r h_); h = (1 - z) n + z h_.
struct GatedCell {
    static constexpr const char* name = "gru";
    static constexpr std::size_t gates = 3;
    static constexpr bool has_cell = false, keeps_state = true, same_products = false;

    template <class L>
    static L forward(const L* x, const L* h, L before, L& product, L* kept) {
        kept[0] = sigmoid(x[0] + h[0]);
        kept[1] = sigmoid(x[1] + h[1]);
        kept[2] = tanh(x[2] + kept[0] * h[2]);
        product = h[2];
        return kept[2] + kept[1] * (before - kept[2]);
    }
    template <class L>
    static L backward(L g, L&, const Kept<L>& kept, L* dx, L* dh) {
        const L *k = kept.gates, n = g * (1 - k[1]) * (1 - k[2] * k[2]);
        dx[0] = n * kept.state * k[0] * (1 - k[0]);
        dx[1] = g * (kept.hidden_before - k[2]) * k[1] * (1 - k[1]);
        dx[2] = n;
        dh[0] = dx[0];
        dh[1] = dx[1];
        dh[2] = n * k[0];
        return g * k[1];
    }
};

}    // namespace xtape::detail
