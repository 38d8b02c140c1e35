#include <xtape/core/operation.hpp>
#include <xtape/ops/detail/blas.hpp>
#include <xtape/ops/detail/recompute.hpp>
#include <xtape/ops/detail/recurrent/loop.hpp>
#include <xtape/ops/detail/recurrent/samples.hpp>
#include <xtape/ops/detail/recurrent/steps.hpp>
#include <xtape/ops/recurrent.hpp>
#include <xtape/ops/reduce.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace xtape {
namespace {

using detail::RecurrentInputs;
using detail::RecurrentSizes;

template <class Cell>
constexpr About about_cell() {
    constexpr const char* shapes = "(B, t, in), (B, R) -> (B, t, R), (B, R)";
    if constexpr (Cell::has_cell)
        return {"recurrent", "c_t = f c_(t-1) + i g, h_t = o tanh(c_t), gates of W_ih x_t + W_hh h_(t-1) + b",
                "the loop backwards from the gates", "(B, t, in), (B, R), (B, H) -> (B, t, R), (B, R), (B, H)"};
    else if constexpr (Cell::gates == 3)
        return {"recurrent", "h_t = (1 - z) n + z h_(t-1), gates of W_ih x_t + b_ih and W_hh h_(t-1) + b_hh",
                "the loop backwards from the gates", shapes};
    else
        return {"recurrent", "h_t = f(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh)", "the loop backwards", shapes};
}

// The inputs of the operation in order: x, hidden, cell (of the LSTM), input and hidden weights, biases and projection
// if there are some.
template <class T, class Cell>
struct Recurrent {
    static constexpr auto name = Cell::name;
    static constexpr auto needs = needs::inputs | needs::output(0);
    static constexpr About about = about_cell<Cell>();
    static constexpr std::size_t outputs = Cell::has_cell ? 3 : 2;
    bool reverse, biased, projected;
    std::optional<Indices> lengths;

    RecurrentInputs<T> named(const Variables<T>& list) const {
        RecurrentInputs<T> in;
        std::size_t i = 0;
        in.x = list[i++];
        in.hidden = list[i++];
        if (Cell::has_cell) in.cell = list[i++];
        in.input_weights = list[i++];
        in.hidden_weights = list[i++];
        if (biased) in.input_bias = list[i++];
        if (biased) in.hidden_bias = list[i++];
        if (projected) in.projection = list[i];
        return in;
    }
    RecurrentSizes sizes(const RecurrentInputs<T>& in) const {
        const Shape &x = in.x.shape(), &w = in.hidden_weights.shape();
        return {x[0], x[1], x[2], w[0] / Cell::gates, w[1], reverse, lengths ? lengths->storage().begin() : nullptr};
    }
    // x with zeros for padding, which may hold anything.
    Array<T> without_padding(const Variable<T>& x, const RecurrentSizes& s) const {
        Array<T> values = share(x.value());
        if (lengths) clear_padding(values, s);
        return values;
    }
    static void clear_padding(Array<T>& values, const RecurrentSizes& s) {
        T* to = values.storage().data();
        for (std::size_t b = 0; b < s.batch; ++b)
            for (std::size_t t = 0; t < s.time; ++t, to += s.in)
                if (!s.active(b, t)) std::fill_n(to, s.in, T(0));
    }
    static const T* elements(const Variable<T>& x) { return x.defined() ? x.value().storage().begin() : nullptr; }

    auto forward(const Variables<T>& list) const {
        const RecurrentInputs<T> in = named(list);
        const RecurrentSizes s = sizes(in);
        const std::size_t width = Cell::gates * s.units, steps = s.batch * s.time;
        Storage<T> gates(steps * width), states(Cell::keeps_state ? steps * s.units : 0), none(width, T(0));
        const Array<T> x = without_padding(in.x, s);
        detail::multiply(detail::row_major(x.storage().begin(), steps, s.in),
                         detail::row_major(elements(in.input_weights), width, s.in).transposed(), gates.data());
        Array<T> y = empty_array<T>({s.batch, s.time, s.hidden}), hidden = empty_array<T>({s.batch, s.hidden});
        Array<T> cell = empty_array<T>(Cell::has_cell ? Shape{s.batch, s.units} : Shape{0});
        const T* no_bias = std::as_const(none).data();
        detail::RecurrentLoop<T, Cell>(s, weights(in, s), elements(in.projection))
            .forward({elements(in.hidden), elements(in.cell), y.storage().data(), gates.data(), states.data()},
                     biased ? elements(in.input_bias) : no_bias, biased ? elements(in.hidden_bias) : no_bias,
                     hidden.storage().data(), cell.storage().data());
        if constexpr (!Cell::keeps_state) gates = Storage<T>();
        if constexpr (Cell::has_cell)
            return saving(xtape::outputs(std::move(y), std::move(hidden), std::move(cell)), std::move(gates),
                          std::move(states));
        else
            return saving(xtape::outputs(std::move(y), std::move(hidden)), std::move(gates), std::move(states));
    }
    static detail::Matrix<T> weights(const RecurrentInputs<T>& in, const RecurrentSizes& s) {
        return detail::row_major(elements(in.hidden_weights), Cell::gates * s.units, s.hidden);
    }

    auto vjp(const Gradients<T, outputs>& g, const Variables<T>& in, const Several<T, outputs>& y,
             const Storage<T>& gates, const Storage<T>& states) const {
        Variables<T> found;
        if (is_recording()) {
            Variables<T> seeds;
            for (std::size_t k = 0; k < outputs; ++k) seeds.push_back(g[k]);
            found = detail::recorded_vjp<T>(
                [op = *this](const Variables<T>& list) {
                    return detail::run_steps(Cell{}, op.named(list), op.reverse, op.lengths);
                },
                in, seeds);
        } else {
            found = gradients(g, in, y[0].value(), gates, states);
        }
        return [found = std::move(found)](std::size_t i) { return found[i]; };
    }

    // All at once: the loop gives those of the gates' products, and four products of matrices the rest.
    Variables<T> gradients(const Gradients<T, outputs>& g, const Variables<T>& list, const Array<T>& y,
                           const Storage<T>& gates, const Storage<T>& states) const {
        const RecurrentInputs<T> in = named(list);
        const RecurrentSizes s = sizes(in);
        const std::size_t width = Cell::gates * s.units, steps = s.batch * s.time;
        Array<T> dx_products = empty_array<T>({steps, width});
        Array<T> dh_products = empty_array<T>({Cell::same_products ? 0 : steps, width});
        Array<T> dhidden = g[1].value(), dcell(Shape{0});
        if constexpr (Cell::has_cell) dcell = g[2].value();
        Storage<T> narrow(projected ? steps * s.hidden : 0), wide(projected ? steps * s.units : 0);
        using Loop = detail::RecurrentLoop<T, Cell>;
        Loop(s, weights(in, s), elements(in.projection))
            .backward(
                {elements(in.hidden), elements(in.cell), y.storage().begin(), gates.begin(), states.begin()},
                {g.given(0) ? elements(g[0]) : nullptr, dx_products.storage().data(), dh_products.storage().data(),
                 dhidden.storage().data(), dcell.storage().data(), narrow.data(), wide.data()});
        const Array<T>& dh = Cell::same_products ? dx_products : dh_products;
        const T *dx_data = std::as_const(dx_products).storage().data(), *dh_data = dh.storage().data();
        const auto dx_matrix = detail::row_major(dx_data, steps, width);

        Variables<T> found(list.size());
        std::size_t i = 0;
        auto give = [&](auto make) {
            if (list[i].requires_grad()) found[i] = make();
            ++i;
        };
        give([&] {
            Array<T> dx = empty_array<T>(in.x.shape());
            detail::multiply(dx_matrix, detail::row_major(elements(in.input_weights), width, s.in),
                             dx.storage().data());
            if (lengths) clear_padding(dx, s);
            return Variable<T>(std::move(dx));
        });
        give([&] { return Variable<T>(std::move(dhidden)); });
        if constexpr (Cell::has_cell) give([&] { return Variable<T>(std::move(dcell)); });
        give([&] {
            const Array<T> x = without_padding(in.x, s);
            return product(dx_matrix.transposed(), detail::row_major(x.storage().begin(), steps, s.in));
        });
        give([&] {
            const Array<T> before = hidden_before(y, in.hidden.value(), s);
            return product(detail::row_major(dh_data, steps, width).transposed(),
                           detail::row_major(before.storage().begin(), steps, s.hidden));
        });
        if (biased) {
            NoGrad guard;
            const Variable<T> total = sum(Variable<T>(share(dx_products)), 0);
            give([&] { return total; });
            give([&] { return Cell::same_products ? total : sum(Variable<T>(share(dh)), 0); });
        }
        if (projected)
            give([&] {
                return product(detail::row_major(std::as_const(narrow).data(), steps, s.hidden).transposed(),
                               detail::row_major(std::as_const(wide).data(), steps, s.units));
            });
        return found;
    }
    static Variable<T> product(const detail::Matrix<T>& a, const detail::Matrix<T>& b) {
        Array<T> c = empty_array<T>({a.rows, b.columns});
        detail::multiply(a, b, c.storage().data());
        return Variable<T>(std::move(c));
    }
    // The hidden state before each step, (B, t, R).
    static Array<T> hidden_before(const Array<T>& y, const Array<T>& initial, const RecurrentSizes& s) {
        Array<T> before = empty_array<T>(y.shape());
        const T *from = y.storage().data(), *first = initial.storage().data();
        T* to = before.storage().data();
        for (std::size_t b = 0; b < s.batch; ++b)
            for (std::size_t t = 0; t < s.time; ++t, to += s.hidden)
                std::copy_n(s.has_before(b, t) ? from + (b * s.time + s.before(t)) * s.hidden : first + b * s.hidden,
                            s.hidden, to);
        return before;
    }
    static Samples samples() { return detail::recurrent_samples(Cell{}); }
};

void require_shape(const char* name, const char* what, const Shape& got, const Shape& wanted) {
    if (!same_shape(got, wanted))
        throw ShapeError("[" + std::string(name) + "] got " + what + " of the shape " + to_string(got) + "; wanted " +
                         to_string(wanted));
}

template <class T, class Cell>
auto run(const Variable<T>& x, const Variable<T>& hidden, const Variable<T>& cell, const RecurrentWeights<T>& weights,
         const RecurrentOptions& options) {
    constexpr const char* name = Cell::name;
    if (x.dimension() != 3)
        throw ShapeError("[" + std::string(name) + "] got an input of the shape " + to_string(x.shape()) +
                         "; wanted (batch, time, features)");
    if (weights.input_bias.defined() != weights.hidden_bias.defined())
        throw std::invalid_argument("[" + std::string(name) + "] got one of two biases; wanted both or none");
    if (weights.input.dimension() != 2 || weights.input.shape()[0] % Cell::gates != 0)
        throw ShapeError("[" + std::string(name) + "] got input weights of the shape " +
                         to_string(weights.input.shape()) + "; wanted (" + std::to_string(Cell::gates) +
                         " hidden, features)");
    const bool projected = weights.projection.defined(), biased = weights.input_bias.defined();
    const std::size_t batch = x.shape()[0], rows = weights.input.shape()[0], units = rows / Cell::gates;
    if (projected && weights.projection.dimension() != 2)
        require_shape(name, "a projection", weights.projection.shape(), {1, units});
    const std::size_t width = projected ? weights.projection.shape()[0] : units;
    require_shape(name, "input weights", weights.input.shape(), {rows, x.shape()[2]});
    require_shape(name, "hidden weights", weights.hidden.shape(), {rows, width});
    require_shape(name, "a hidden state", hidden.shape(), {batch, width});
    if (Cell::has_cell) require_shape(name, "a cell state", cell.shape(), {batch, units});
    if (projected) require_shape(name, "a projection", weights.projection.shape(), {width, units});
    if (biased) {
        require_shape(name, "an input bias", weights.input_bias.shape(), {rows});
        require_shape(name, "a hidden bias", weights.hidden_bias.shape(), {rows});
    }
    if (options.lengths) {
        require_shape(name, "lengths", options.lengths->shape(), {batch});
        for (std::int64_t length : options.lengths->storage())
            if (length < 0 || length > static_cast<std::int64_t>(x.shape()[1]))
                throw std::invalid_argument("[" + std::string(name) + "] got the length " + std::to_string(length) +
                                            "; wanted 0 to " + std::to_string(x.shape()[1]));
    }
    Variables<T> inputs{x, hidden};
    if (Cell::has_cell) inputs.push_back(cell);
    for (const auto* given : {&weights.input, &weights.hidden}) inputs.push_back(*given);
    if (biased)
        for (const auto* given : {&weights.input_bias, &weights.hidden_bias}) inputs.push_back(*given);
    if (projected) inputs.push_back(weights.projection);
    return apply(Recurrent<T, Cell>{options.reverse, biased, projected, options.lengths}, inputs);
}

template <class T, class Cell>
RecurrentResult<T> run_simple(const Variable<T>& x, const Variable<T>& hidden, const RecurrentWeights<T>& weights,
                              const RecurrentOptions& options) {
    if (weights.projection.defined())
        throw std::invalid_argument("[" + std::string(Cell::name) +
                                    "] got a projection; wanted none, which the LSTM alone has");
    auto [outputs, last] = run<T, Cell>(x, hidden, {}, weights, options);
    return {outputs, last};
}

}    // namespace

template <class T>
RecurrentResult<T> rnn(const Variable<T>& x, const Variable<T>& hidden, const RecurrentWeights<T>& weights,
                       RecurrentNonlinearity f, const RecurrentOptions& options) {
    if (f == RecurrentNonlinearity::relu)
        return run_simple<T, detail::SimpleCell<detail::Nonlinear::relu>>(x, hidden, weights, options);
    return run_simple<T, detail::SimpleCell<detail::Nonlinear::tanh>>(x, hidden, weights, options);
}

template <class T>
LSTMResult<T> lstm(const Variable<T>& x, const LSTMState<T>& state, const RecurrentWeights<T>& weights,
                   const RecurrentOptions& options) {
    auto [outputs, hidden, cell] = run<T, detail::LongShortCell>(x, state.hidden, state.cell, weights, options);
    return {outputs, {hidden, cell}};
}

template <class T>
RecurrentResult<T> gru(const Variable<T>& x, const Variable<T>& hidden, const RecurrentWeights<T>& weights,
                       const RecurrentOptions& options) {
    return run_simple<T, detail::GatedCell>(x, hidden, weights, options);
}

template RecurrentResult<float> rnn(const Variable<float>&, const Variable<float>&, const RecurrentWeights<float>&,
                                    RecurrentNonlinearity, const RecurrentOptions&);
template RecurrentResult<double> rnn(const Variable<double>&, const Variable<double>&, const RecurrentWeights<double>&,
                                     RecurrentNonlinearity, const RecurrentOptions&);
template LSTMResult<float> lstm(const Variable<float>&, const LSTMState<float>&, const RecurrentWeights<float>&,
                                const RecurrentOptions&);
template LSTMResult<double> lstm(const Variable<double>&, const LSTMState<double>&, const RecurrentWeights<double>&,
                                 const RecurrentOptions&);
template RecurrentResult<float> gru(const Variable<float>&, const Variable<float>&, const RecurrentWeights<float>&,
                                    const RecurrentOptions&);
template RecurrentResult<double> gru(const Variable<double>&, const Variable<double>&, const RecurrentWeights<double>&,
                                     const RecurrentOptions&);

}    // namespace xtape
