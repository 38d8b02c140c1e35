// The recurrent layers step by step in differentiable operations: what is differentiated again where the derivative of
// the fused operation is, and what the tests hold that operation against.
#pragma once

#include <xtape/ops/activation.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/detail/recurrent/cells.hpp>
#include <xtape/ops/hyperbolic.hpp>
#include <xtape/ops/join.hpp>
#include <xtape/ops/matmul.hpp>
#include <xtape/ops/rectifier.hpp>
#include <xtape/ops/selection.hpp>
#include <xtape/ops/slice.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace xtape::detail {

// What a layer computes with; variables that it does not have are undefined.
template <class T>
struct RecurrentInputs {
    Variable<T> x, hidden, cell, input_weights, hidden_weights, input_bias, hidden_bias, projection;
};

// (batch, 1) or (batch, time, 1): where the examples are not padding.
inline Mask active_at(const Indices& lengths, std::size_t t) {
    Mask mask = empty_array<bool>({lengths.size(), 1});
    for (std::size_t b = 0; b < lengths.size(); ++b)
        mask.storage()[b] = static_cast<std::int64_t>(t) < lengths.storage()[b];
    return mask;
}
inline Mask active_places(const Indices& lengths, std::size_t time) {
    Mask mask = empty_array<bool>({lengths.size(), time, 1});
    for (std::size_t b = 0; b < lengths.size(); ++b)
        for (std::size_t t = 0; t < time; ++t)
            mask.storage()[b * time + t] = static_cast<std::int64_t>(t) < lengths.storage()[b];
    return mask;
}

template <class T>
Variable<T> gate(const Variable<T>& products, std::size_t k, std::size_t units) {
    return narrow(products, -1, Range{k * units, (k + 1) * units});
}

// The hidden state after a step, from the products x (batch, G H) and h of the input and of the state; `cell` advances.
template <class T, Nonlinear f>
Variable<T> advance(SimpleCell<f>, const Variable<T>& x, const Variable<T>& h, const Variable<T>&, Variable<T>&) {
    if constexpr (f == Nonlinear::tanh)
        return tanh(x + h);
    else
        return relu(x + h);
}
template <class T>
Variable<T> advance(LongShortCell, const Variable<T>& x, const Variable<T>& h, const Variable<T>&, Variable<T>& cell) {
    const std::size_t units = cell.shape()[1];
    const Variable<T> a = x + h;
    cell = sigmoid(gate(a, 1, units)) * cell + sigmoid(gate(a, 0, units)) * tanh(gate(a, 2, units));
    return sigmoid(gate(a, 3, units)) * tanh(cell);
}
template <class T>
Variable<T> advance(GatedCell, const Variable<T>& x, const Variable<T>& h, const Variable<T>& before, Variable<T>&) {
    const std::size_t units = before.shape()[1];
    const Variable<T> r = sigmoid(gate(x, 0, units) + gate(h, 0, units));
    const Variable<T> z = sigmoid(gate(x, 1, units) + gate(h, 1, units));
    const Variable<T> n = tanh(gate(x, 2, units) + r * gate(h, 2, units));
    return n + z * (before - n);
}

// Outputs, last hidden state and, of the LSTM, last cell.
template <class T, class Cell>
Variables<T> run_steps(Cell cell_kind, const RecurrentInputs<T>& in, bool reverse,
                       const std::optional<Indices>& lengths) {
    const std::size_t time = in.x.shape()[1];
    Variable<T> hidden = in.hidden, cell = in.cell;
    const Variable<T> x = lengths ? where(active_places(*lengths, time), in.x, 0.0) : in.x;
    const Variable<T> products = linear(x, in.input_weights, in.input_bias);
    Variables<T> outputs(time);
    for (std::size_t step = 0; step < time; ++step) {
        const std::size_t t = reverse ? time - 1 - step : step;
        Variable<T> next_cell = cell;
        Variable<T> next = advance(cell_kind, pick(products, static_cast<std::ptrdiff_t>(t), 1),
                                   linear(hidden, in.hidden_weights, in.hidden_bias), hidden, next_cell);
        if (in.projection.defined()) next = linear(next, in.projection);
        if (lengths) {
            const Mask active = active_at(*lengths, t);
            outputs[t] = where(active, next, 0.0);
            next = where(active, next, hidden);
            if constexpr (Cell::has_cell) next_cell = where(active, next_cell, cell);
        } else {
            outputs[t] = next;
        }
        hidden = next;
        cell = next_cell;
    }
    Variables<T> results{
        time == 0 ? Variable<T>(Array<T>(Shape{in.x.shape()[0], 0, hidden.shape()[1]})) : stack(outputs, 1), hidden};
    if constexpr (Cell::has_cell) results.push_back(cell);
    return results;
}

}    // namespace xtape::detail
