// What the recurrent layers are tried on, and their values by plain loops, for ops/recurrent.cpp.
#pragma once

#include <xtape/core/registry.hpp>
#include <xtape/ops/detail/recurrent/cells.hpp>
#include <xtape/ops/join.hpp>
#include <xtape/ops/recurrent.hpp>
#include <xtape/ops/shape.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xtape::detail {

// Numbers between -1 and 1 that look like nothing in particular.
inline Array<double> sample_numbers(const Shape& shape, double phase) {
    Array<double> numbers(shape);
    for (std::size_t i = 0; i < numbers.size(); ++i)
        numbers.storage()[i] =
            std::sin(phase + 1.7 * static_cast<double>(i) + 0.3 * phase * static_cast<double>(i % 5));
    return numbers;
}

// The new hidden state of one unit from the gates' products; the cell advances.
template <Nonlinear f>
double plain_unit(SimpleCell<f>, const double* x, const double* h, double, double&) {
    return f == Nonlinear::tanh ? std::tanh(x[0] + h[0]) : std::max(0.0, x[0] + h[0]);
}
inline double plain_sigmoid(double a) { return 1 / (1 + std::exp(-a)); }
inline double plain_unit(LongShortCell, const double* x, const double* h, double, double& cell) {
    cell = plain_sigmoid(x[1] + h[1]) * cell + plain_sigmoid(x[0] + h[0]) * std::tanh(x[2] + h[2]);
    return plain_sigmoid(x[3] + h[3]) * std::tanh(cell);
}
inline double plain_unit(GatedCell, const double* x, const double* h, double before, double&) {
    const double z = plain_sigmoid(x[1] + h[1]), n = std::tanh(x[2] + plain_sigmoid(x[0] + h[0]) * h[2]);
    return (1 - z) * n + z * before;
}

// Outputs, last hidden state and last cell, one after another, from x, hidden, (cell,) weights, biases, projection.
template <class Cell>
Array<double> plain_loop(Cell kind, const std::vector<Array<double>>& in, bool biased, bool projected,
                         const RecurrentOptions& options) {
    std::size_t k = 0;
    const Array<double>& x = in[k++];
    Array<double> hidden = in[k++], cell;
    if (Cell::has_cell) cell = in[k++];
    const Array<double>&w = in[k], &u = in[k + 1];
    const std::size_t batch = x.shape()[0], time = x.shape()[1], units = w.shape()[0] / Cell::gates,
                      width = hidden.shape()[1];
    Array<double> y(Shape{batch, time, width}, 0.0);
    for (std::size_t b = 0; b < batch; ++b) {
        const std::size_t length = options.lengths ? static_cast<std::size_t>((*options.lengths)(b)) : time;
        for (std::size_t step = 0; step < length; ++step) {
            const std::size_t t = options.reverse ? length - 1 - step : step;
            std::vector<double> next(units);
            for (std::size_t j = 0; j < units; ++j) {
                double px[4], ph[4], c = Cell::has_cell ? cell(b, j) : 0;
                for (std::size_t g = 0; g < Cell::gates; ++g) {
                    const std::size_t row = g * units + j;
                    px[g] = biased ? in[k + 2](row) : 0;
                    ph[g] = biased ? in[k + 3](row) : 0;
                    for (std::size_t i = 0; i < x.shape()[2]; ++i) px[g] += w(row, i) * x(b, t, i);
                    for (std::size_t i = 0; i < width; ++i) ph[g] += u(row, i) * hidden(b, i);
                }
                next[j] = plain_unit(kind, px, ph, projected ? 0 : hidden(b, j), c);
                if (Cell::has_cell) cell(b, j) = c;
            }
            for (std::size_t r = 0; r < width; ++r) {
                hidden(b, r) = projected ? 0 : next[r];
                for (std::size_t j = 0; projected && j < units; ++j) hidden(b, r) += in.back()(r, j) * next[j];
                y(b, t, r) = hidden(b, r);
            }
        }
    }
    Array<double> all(Shape{y.size() + hidden.size() + (Cell::has_cell ? cell.size() : 0)});
    auto to = std::copy(y.storage().begin(), y.storage().end(), all.storage().begin());
    to = std::copy(hidden.storage().begin(), hidden.storage().end(), to);
    if (Cell::has_cell) std::copy(cell.storage().begin(), cell.storage().end(), to);
    return all;
}

template <class Cell>
Samples recurrent_samples(Cell kind) {
    struct Sizes {
        std::size_t batch, time, in, units, width;
        bool biased = true;
    };
    auto inputs = [](const Sizes& s) {
        const std::size_t rows = Cell::gates * s.units;
        std::vector<Array<double>> list{sample_numbers({s.batch, s.time, s.in}, 0.5),
                                        sample_numbers({s.batch, s.width}, 1.25)};
        if (Cell::has_cell) list.push_back(sample_numbers({s.batch, s.units}, 2.0));
        list.push_back(sample_numbers({rows, s.in}, 0.75));
        list.push_back(sample_numbers({rows, s.width}, 3.0));
        if (s.biased) list.push_back(sample_numbers({rows}, 4.0));
        if (s.biased) list.push_back(sample_numbers({rows}, 5.0));
        if (s.width != s.units) list.push_back(sample_numbers({s.width, s.units}, 6.0));
        return list;
    };
    auto layer = [](bool biased, bool projected, const RecurrentOptions& options) {
        return [=](const auto& x) {
            using T = typename std::decay_t<decltype(x[0])>::value_type;
            const std::size_t k = Cell::has_cell ? 3 : 2;
            RecurrentWeights<T> weights{x[k], x[k + 1]};
            if (biased) weights.input_bias = x[k + 2];
            if (biased) weights.hidden_bias = x[k + 3];
            if (projected) weights.projection = x.back();
            if constexpr (Cell::has_cell) {
                auto [y, state] = lstm(x[0], {x[1], x[2]}, weights, options);
                return concat({flatten(y), flatten(state.hidden), flatten(state.cell)});
            } else if constexpr (Cell::gates == 3) {
                auto [y, hidden] = gru(x[0], x[1], weights, options);
                return concat({flatten(y), flatten(hidden)});
            } else {
                constexpr bool is_tanh = std::is_same_v<Cell, SimpleCell<Nonlinear::tanh>>;
                auto [y, hidden] = rnn(x[0], x[1], weights,
                                       is_tanh ? RecurrentNonlinearity::tanh : RecurrentNonlinearity::relu, options);
                return concat({flatten(y), flatten(hidden)});
            }
        };
    };
    auto reference = [kind](bool biased, bool projected, const RecurrentOptions& options) {
        return [=](const std::vector<Array<double>>& x) { return plain_loop(kind, x, biased, projected, options); };
    };
    Samples samples;
    auto add = [&](const char* name, const Sizes& s, const RecurrentOptions& options, int order) {
        const bool projected = s.width != s.units;
        samples.add(name, inputs(s), layer(s.biased, projected, options), reference(s.biased, projected, options),
                    order);
    };
    add("two steps", {1, 2, 1, 1, 1}, {}, 3);
    add("a batch", {2, 3, 2, 2, 2}, {}, 2);
    add("backwards, without bias", {1, 2, 1, 2, 2, false}, {.reverse = true}, 3);
    add("lengths", {3, 3, 1, 1, 1}, {.lengths = Indices{3, 1, 2}}, 2);
    add("lengths, backwards", {2, 2, 1, 1, 1, false}, {.reverse = true, .lengths = Indices{1, 2}}, 3);
    add("more units than a register has lanes", {2, 2, 3, 17, 17}, {}, 1);
    add("no examples", {0, 2, 2, 2, 2}, {}, 1);
    add("no steps", {2, 0, 2, 2, 2}, {}, 1);
    if constexpr (Cell::has_cell) {
        add("projected", {1, 2, 1, 2, 1}, {}, 3);
        add("projected, with lengths", {2, 3, 2, 3, 2}, {.lengths = Indices{2, 3}}, 2);
    }
    auto refuse = [&](const char* name, const Sizes& s, std::size_t which, const Shape& shape,
                      const RecurrentOptions& options = {}) {
        auto list = inputs(s);
        list[which] = sample_numbers(shape, 1);
        samples.refuse(name, list, layer(s.biased, false, options));
    };
    const std::size_t weights = Cell::has_cell ? 3 : 2;
    refuse("a matrix as input", {1, 2, 1, 1, 1}, 0, {2, 1});
    refuse("a hidden state for another batch", {1, 2, 1, 1, 1}, 1, {2, 1});
    refuse("input weights for other features", {1, 2, 1, 1, 1}, weights, {Cell::gates, 2});
    refuse("a bias for more units", {1, 2, 1, 1, 1}, weights + 2, {2 * Cell::gates});
    refuse("a length beyond the time", {1, 2, 1, 1, 1}, 0, {1, 2, 1}, {.lengths = Indices{3}});
    refuse("one length for two examples", {2, 2, 1, 1, 1}, 0, {2, 2, 1}, {.lengths = Indices{1}});
    return samples;
}

}    // namespace xtape::detail
