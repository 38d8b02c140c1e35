// The time loop of a recurrent layer, forwards and backwards. Examples are independent of one another, so threads share
// the batch and each takes its examples through all steps.
#pragma once

#include <xtape/core/threads.hpp>
#include <xtape/ops/detail/panel_product.hpp>
#include <xtape/ops/detail/recurrent/cells.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace xtape::detail {

struct RecurrentSizes {
    std::size_t batch, time, in;
    std::size_t units;     // H
    std::size_t hidden;    // R: H, or fewer with a projection
    bool reverse;
    const std::int64_t* lengths;    // null: all as long as `time`

    // The time at which a step is, and whether an example is still, or already, there.
    std::size_t time_of(std::size_t step) const { return reverse ? time - 1 - step : step; }
    bool active(std::size_t b, std::size_t t) const {
        return lengths == nullptr || t < static_cast<std::size_t>(lengths[b]);
    }
    // Whether the step before t is one of the sequence, and its time.
    bool has_before(std::size_t b, std::size_t t) const { return reverse ? t + 1 < time && active(b, t + 1) : t > 0; }
    std::size_t before(std::size_t t) const { return reverse ? t + 1 : t - 1; }
};

// The first states, and the values at all times, which forward writes (E = T) and backward reads (E = const T).
template <class E>
struct RecurrentArrays {
    const E *initial, *initial_cell;
    E* outputs;    // (B, T, R)
    E* gates;      // (B, T, G H)
    E* states;     // (B, T, H), if Cell::keeps_state
};

template <class T, class Cell>
class RecurrentLoop {
    using L = Lanes<T>;
    static constexpr std::size_t gates = Cell::gates;

public:
    RecurrentLoop(const RecurrentSizes& sizes, const Matrix<T>& hidden_weights, const T* projection)
        : s_(sizes), weights_(hidden_weights), projection_(projection) {}

    // Gates hold the products with the input; they become what is kept. The last states go to hidden and cell.
    void forward(const RecurrentArrays<T>& a, const T* input_bias, const T* hidden_bias, T* hidden, T* cell) {
        const PackedRight<T> right(weights_.transposed());
        const PackedRight<T> down(projected() ? row_major(projection_, s_.hidden, s_.units).transposed() : none());
        share_batch([&](std::size_t begin, std::size_t end) {
            run_forward(a, begin, end, right.panels(), down.panels(), input_bias, hidden_bias, hidden, cell);
        });
    }

    // The gradients of the products with the input (B, T, G H) and, if they are others, of those with the hidden state,
    // from that of the outputs (g, or null) and those of the last states in hidden and cell, which become those of the
    // first. With a projection, g's total (B, T, R) and what was projected (B, T, H) are kept as well.
    struct Gradients {
        const T* g;
        T *input_products, *hidden_products, *hidden, *cell, *projected, *unprojected;
    };
    void backward(const RecurrentArrays<const T>& a, const Gradients& gradients) {
        const PackedRight<T> right(weights_);
        const PackedRight<T> up(projected() ? row_major(projection_, s_.hidden, s_.units) : none());
        share_batch([&](std::size_t begin, std::size_t end) {
            run_backward(a, begin, end, right.panels(), up.panels(), gradients);
        });
    }

private:
    bool projected() const { return projection_ != nullptr; }
    static Matrix<T> none() { return {nullptr, 0, 0, 0, 1}; }
    template <class Body>
    void share_batch(const Body& body) const {
        const std::size_t work = s_.time * gates * s_.units * (s_.hidden + 32);
        const auto threads = static_cast<std::size_t>(get_num_threads());    // many rows at once make fast products
        parallel_for(s_.batch, std::max(parallel_grain(work, parallel_products), (s_.batch + threads - 1) / threads),
                     body);
    }
    template <class E>
    E* at(E* data, std::size_t b, std::size_t t, std::size_t size) const {
        return data + (b * s_.time + t) * size;
    }
    template <class E>
    const T* hidden_before(const RecurrentArrays<E>& a, std::size_t b, std::size_t t) const {
        return s_.has_before(b, t) ? at(a.outputs, b, s_.before(t), s_.hidden) : a.initial + b * s_.hidden;
    }
    const T* cell_before(const RecurrentArrays<const T>& a, std::size_t b, std::size_t t) const {
        return s_.has_before(b, t) ? at(a.states, b, s_.before(t), s_.units) : a.initial_cell + b * s_.units;
    }

    void run_forward(const RecurrentArrays<T>& a, std::size_t begin, std::size_t end, const Panels<T>& right,
                     const Panels<T>& down, const T* input_bias, const T* hidden_bias, T* hidden, T* cell) const {
        const std::size_t rows = end - begin, H = s_.units, R = s_.hidden;
        LeftRows<T> state(rows, R), wide(projected() ? rows : 0, H);
        Storage<T> products_of(rows * gates * H), unit_rows(H), narrow_rows(projected() ? rows * R : 0);
        T *products = products_of.data(), *unit_row = unit_rows.data(), *narrow = narrow_rows.data();
        for (std::size_t r = 0; r < rows; ++r) {
            state.set(r, a.initial + (begin + r) * R);
            std::copy_n(a.initial + (begin + r) * R, R, hidden + (begin + r) * R);
            if constexpr (Cell::has_cell) std::copy_n(a.initial_cell + (begin + r) * H, H, cell + (begin + r) * H);
        }
        for (std::size_t step = 0; step < s_.time; ++step) {
            const std::size_t t = s_.time_of(step);
            state.multiply(rows, right, products, gates * H, false);
            for (std::size_t r = 0; r < rows; ++r) {
                const std::size_t b = begin + r;
                T* y = at(a.outputs, b, t, R);
                if (!s_.active(b, t)) {
                    std::fill_n(y, R, T(0));
                    std::fill_n(at(a.gates, b, t, gates * H), gates * H, T(0));
                    if constexpr (Cell::keeps_state) std::fill_n(at(a.states, b, t, H), H, T(0));
                    continue;
                }
                T* to = projected() ? unit_row : y;
                step_forward(a, b, t, products + r * gates * H, input_bias, hidden_bias, cell, to);
                if (projected()) {
                    wide.set(r, to);
                } else {
                    state.set(r, y);
                    std::copy_n(y, R, hidden + b * R);
                }
            }
            if (!projected()) continue;
            wide.multiply(rows, down, narrow, R, false);
            for (std::size_t r = 0; r < rows; ++r) {
                const std::size_t b = begin + r;
                if (!s_.active(b, t)) continue;
                std::copy_n(narrow + r * R, R, at(a.outputs, b, t, R));
                std::copy_n(narrow + r * R, R, hidden + b * R);
                state.set(r, narrow + r * R);
            }
        }
    }

    // All units of one example at one time, vector by vector.
    template <class Body>
    void each_vector(const Body& body) const {
        std::size_t i = 0;
        for (; i + L::width <= s_.units; i += L::width)
            body(
                i, [](const T* from) { return L::load(from); }, [](const L& x, T* to) { x.store(to); });
        if (const std::size_t rest = s_.units - i; rest > 0)
            body(
                i, [=](const T* from) { return L::load_part(from, rest); },
                [=](const L& x, T* to) { x.store_part(to, rest); });
    }

    void step_forward(const RecurrentArrays<T>& a, std::size_t b, std::size_t t, const T* products, const T* input_bias,
                      const T* hidden_bias, T* cell, T* out) const {
        const std::size_t H = s_.units;
        T *kept = at(a.gates, b, t, gates * H), *states = Cell::keeps_state ? at(a.states, b, t, H) : nullptr;
        const T* before = projected() ? nullptr : hidden_before(a, b, t);
        each_vector([&](std::size_t i, auto load, auto store) {
            L x[gates], h[gates], values[gates], state(T(0));
            for (std::size_t k = 0; k < gates; ++k) {
                x[k] = load(kept + k * H + i) + load(input_bias + k * H + i);
                h[k] = load(products + k * H + i) + load(hidden_bias + k * H + i);
            }
            if constexpr (Cell::has_cell) state = load(cell + b * H + i);
            const L hidden = Cell::forward(x, h, before == nullptr ? L(T(0)) : L(load(before + i)), state, values);
            for (std::size_t k = 0; k < gates && Cell::keeps_state; ++k) store(values[k], kept + k * H + i);
            if constexpr (Cell::keeps_state) store(state, states + i);
            if constexpr (Cell::has_cell) store(state, cell + b * H + i);
            store(hidden, out + i);
        });
    }

    void run_backward(const RecurrentArrays<const T>& a, std::size_t begin, std::size_t end, const Panels<T>& right,
                      const Panels<T>& up, const Gradients& to) const {
        const std::size_t rows = end - begin, H = s_.units, R = s_.hidden;
        LeftRows<T> products(rows, gates * H), narrow(projected() ? rows : 0, R);
        Storage<T> totals_of(rows * R), wide_rows(projected() ? rows * H : 0);
        T *totals = totals_of.data(), *wide = wide_rows.data();
        for (std::size_t step = s_.time; step-- > 0;) {
            const std::size_t t = s_.time_of(step);
            for (std::size_t r = 0; r < rows; ++r) {
                const std::size_t b = begin + r;
                const T* g = to.g == nullptr ? nullptr : to.g + (b * s_.time + t) * R;
                T *total = totals + r * R, *state = to.hidden + b * R;
                if (!s_.active(b, t)) {
                    std::fill_n(total, R, T(0));
                } else {
                    for (std::size_t i = 0; i < R; ++i) total[i] = state[i] + (g == nullptr ? T(0) : g[i]);
                    std::fill_n(state, R, T(0));
                }
                if (projected()) {
                    narrow.set(r, total);
                    std::copy_n(total, R, at(to.projected, b, t, R));
                }
            }
            if (projected()) narrow.multiply(rows, up, wide, H, false);
            for (std::size_t r = 0; r < rows; ++r) {
                const std::size_t b = begin + r;
                T* dx = at(to.input_products, b, t, gates * H);
                T* dh = Cell::same_products ? dx : at(to.hidden_products, b, t, gates * H);
                if (!s_.active(b, t)) {
                    std::fill_n(dx, gates * H, T(0));
                    std::fill_n(dh, gates * H, T(0));
                    if (projected()) std::fill_n(at(to.unprojected, b, t, H), H, T(0));
                } else {
                    step_backward(a, b, t, projected() ? wide + r * H : totals + r * R, dx, dh, to);
                }
                products.set(r, dh);
            }
            products.multiply(rows, right, to.hidden + begin * R, R, true);
        }
    }

    void step_backward(const RecurrentArrays<const T>& a, std::size_t b, std::size_t t, const T* g, T* dx_row,
                       T* dh_row, const Gradients& to) const {
        const std::size_t H = s_.units;
        const T *gate_row = at(a.gates, b, t, gates * H),
                *state_row = Cell::keeps_state ? at(a.states, b, t, H) : nullptr,
                *cells = Cell::has_cell ? cell_before(a, b, t) : nullptr,
                *before = projected() ? nullptr : hidden_before(a, b, t),
                *after = projected() ? nullptr : at(a.outputs, b, t, H);
        T *unprojected = projected() ? at(to.unprojected, b, t, H) : nullptr, *direct_row = to.hidden + b * s_.hidden;
        each_vector([&](std::size_t i, auto load, auto store) {
            auto row = [&](const T* from) { return from == nullptr ? L(T(0)) : L(load(from + i)); };
            L kept[gates], dx[gates], dh[gates], cell_gradient(T(0));
            for (std::size_t k = 0; k < gates && Cell::keeps_state; ++k) kept[k] = load(gate_row + k * H + i);
            if constexpr (Cell::has_cell) cell_gradient = load(to.cell + b * H + i);
            const Kept<L> unit{kept, row(state_row), row(cells), row(after), row(before)};
            const L direct = Cell::backward(load(g + i), cell_gradient, unit, dx, dh);
            for (std::size_t k = 0; k < gates; ++k) {
                store(dx[k], dx_row + k * H + i);
                if constexpr (!Cell::same_products) store(dh[k], dh_row + k * H + i);
            }
            if constexpr (Cell::has_cell) {
                store(cell_gradient, to.cell + b * H + i);
                if (unprojected != nullptr) store(Cell::hidden(kept, unit.state), unprojected + i);
            } else {
                store(direct, direct_row + i);
            }
        });
    }

    RecurrentSizes s_;
    Matrix<T> weights_;
    const T* projection_;
};

}    // namespace xtape::detail
