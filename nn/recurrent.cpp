#include <xtape/core/detail/number.hpp>
#include <xtape/core/random.hpp>
#include <xtape/nn/recurrent.hpp>
#include <xtape/ops/dropout.hpp>
#include <xtape/ops/join.hpp>
#include <xtape/ops/shape.hpp>
#include <xtape/ops/slice.hpp>

#include <cmath>

namespace xtape::nn {
namespace detail {

template <class T>
RecurrentStack<T>::RecurrentStack(Module<T>* owner, const StackSizes& sizes) : sizes_(sizes), each_(0) {
    const double bound = 1 / std::sqrt(static_cast<double>(sizes.hidden));
    const std::size_t rows = sizes.gates * sizes.hidden;
    auto add = [&](const std::string& name, const Shape& shape) {
        parameters_.push_back(std::make_unique<Parameter<T>>(
            owner, name, default_generator().initialisation().uniform<T>(shape, -bound, bound)));
    };
    for (std::size_t layer = 0; layer < sizes.layers; ++layer)
        for (std::size_t direction = 0; direction < sizes.directions; ++direction) {
            const std::string end = "_l" + std::to_string(layer) + (direction == 1 ? "_reverse" : "");
            add("weight_ih" + end, {rows, layer == 0 ? sizes.in : sizes.width * sizes.directions});
            add("weight_hh" + end, {rows, sizes.width});
            if (sizes.bias) add("bias_ih" + end, {rows});
            if (sizes.bias) add("bias_hh" + end, {rows});
            if (sizes.width != sizes.hidden) add("weight_hr" + end, {sizes.width, sizes.hidden});
            if (each_ == 0) each_ = parameters_.size();
        }
}

template <class T>
RecurrentWeights<T> RecurrentStack<T>::weights(std::size_t place) const {
    const auto* first = parameters_.data() + place * each_;
    RecurrentWeights<T> result{*first[0], *first[1]};
    if (sizes_.bias) result.input_bias = *first[2];
    if (sizes_.bias) result.hidden_bias = *first[3];
    if (sizes_.width != sizes_.hidden) result.projection = *first[each_ - 1];
    return result;
}

template <class T>
Variable<T> RecurrentStack<T>::between(const Variable<T>& y, bool training) const {
    return training && sizes_.dropout > 0 ? dropout(y, sizes_.dropout, default_generator().dropout()) : y;
}

template <class T>
template <class Run>
Variable<T> RecurrentStack<T>::through(const Variable<T>& x, const std::optional<IntegerArray>& lengths, bool training,
                                       const Run& run) const {
    Variable<T> y = sizes_.batch_first ? x : swap_axes(x, 0, 1);
    for (std::size_t layer = 0; layer < sizes_.layers; ++layer) {
        if (layer > 0) y = between(y, training);
        Variables<T> sides;
        for (std::size_t direction = 0; direction < sizes_.directions; ++direction) {
            const std::size_t place = layer * sizes_.directions + direction;
            sides.push_back(
                run(place, y, weights(place), RecurrentOptions{.reverse = direction == 1, .lengths = lengths}));
        }
        y = sides.size() == 1 ? sides[0] : concat(sides, -1);
    }
    return sizes_.batch_first ? y : swap_axes(y, 0, 1);
}

template <class T>
Variable<T> RecurrentStack<T>::state_of(const Variable<T>& states, std::size_t place, std::size_t batch,
                                        std::size_t width) {
    if (states.defined()) return pick(states, static_cast<std::ptrdiff_t>(place), 0);
    return Variable<T>(Array<T>(Shape{batch, width}, T(0)));
}

template <class T>
Shape RecurrentStack<T>::state_shape(const Variable<T>& x, std::size_t width) const {
    return {sizes_.layers * sizes_.directions, batch_of(x), width};
}

template <class T>
std::string RecurrentStack<T>::describe(const char* kind) const {
    std::string text = std::string(kind) + "(" + std::to_string(sizes_.in) + " -> " + std::to_string(sizes_.hidden);
    if (sizes_.width != sizes_.hidden) text += " -> " + std::to_string(sizes_.width);
    if (sizes_.layers > 1) text += ", " + std::to_string(sizes_.layers) + " layers";
    if (sizes_.directions > 1) text += ", bidirectional";
    if (sizes_.dropout > 0) text += ", dropout " + xtape::detail::to_text(sizes_.dropout);
    return text + (sizes_.bias ? ")" : ", no bias)");
}

}    // namespace detail

namespace {

// The sizes that the options of all kinds have in common, checked by the module that is being made.
template <class Check, class Options>
detail::StackSizes stack_sizes(const Check& check, Size in, Size hidden, std::size_t gates, const Options& options) {
    detail::StackSizes sizes{check("in", in),
                             check("hidden", hidden),
                             0,
                             gates,
                             check("layers", options.layers),
                             options.bidirectional ? std::size_t{2} : std::size_t{1},
                             options.bias,
                             options.batch_first,
                             options.dropout};
    sizes.width = sizes.hidden;
    return sizes;
}

std::string wanted_input(const detail::StackSizes& sizes) {
    return (sizes.batch_first ? "(batch, time, " : "(time, batch, ") + std::to_string(sizes.in) + ")";
}

std::string out_of_range(double p) { return "dropout = " + xtape::detail::to_text(p) + "; wanted 0 to 1"; }

bool is_probability(double p) { return p >= 0 && p <= 1; }

bool fits(const Shape& shape, std::size_t in) { return shape.size() == 3 && shape[2] == in; }

// The way of x through the layers of a kind whose whole state is hidden; step(x, state, weights, options) is one layer.
template <class T, class Refuse, class Step>
RecurrentResult<T> with_hidden_state(const detail::RecurrentStack<T>& layers, const Variable<T>& x,
                                     const RecurrentInput<T>& input, bool training, const Refuse& refuse,
                                     const Step& step) {
    const auto& sizes = layers.sizes();
    if (!fits(x.shape(), sizes.in)) refuse(x.shape(), wanted_input(sizes));
    const Shape states = layers.state_shape(x, sizes.width);
    if (input.hidden.defined() && !same_shape(input.hidden.shape(), states))
        refuse(input.hidden.shape(), to_string(states) + " as the hidden state");
    Variables<T> last;
    auto outputs = layers.through(x, input.lengths, training,
                                  [&](std::size_t place, const Variable<T>& y, const RecurrentWeights<T>& weights,
                                      const RecurrentOptions& options) {
                                      auto result = step(y, layers.state_of(input.hidden, place, states[1], states[2]),
                                                         weights, options);
                                      last.push_back(result.hidden);
                                      return result.outputs;
                                  });
    return {outputs, stack(last)};
}

}    // namespace

template <class T>
RNN<T>::RNN(Module<T>* owner, std::string_view name, Size in, Size hidden, RNNOptions options)
    : RNN::Module(owner, name),
      stack_(this,
             stack_sizes([this](const char* what, Size size) { return this->checked_size("RNN", what, size.number); },
                         in, hidden, 1, options)),
      nonlinearity_(options.nonlinearity) {
    if (!is_probability(options.dropout)) this->refuse_option("RNN", out_of_range(options.dropout));
}

template <class T>
RecurrentResult<T> RNN<T>::forward(const Variable<T>& x, const RecurrentInput<T>& input) {
    return with_hidden_state(
        stack_, x, input, this->is_training(), [this](const auto&... why) { this->refuse_shape(why...); },
        [this](const auto& y, const auto& hidden, const auto& weights, const auto& options) {
            return rnn(y, hidden, weights, nonlinearity_, options);
        });
}

template <class T>
GRU<T>::GRU(Module<T>* owner, std::string_view name, Size in, Size hidden, GRUOptions options)
    : GRU::Module(owner, name),
      stack_(this,
             stack_sizes([this](const char* what, Size size) { return this->checked_size("GRU", what, size.number); },
                         in, hidden, 3, options)) {
    if (!is_probability(options.dropout)) this->refuse_option("GRU", out_of_range(options.dropout));
}

template <class T>
RecurrentResult<T> GRU<T>::forward(const Variable<T>& x, const RecurrentInput<T>& input) {
    return with_hidden_state(
        stack_, x, input, this->is_training(), [this](const auto&... why) { this->refuse_shape(why...); },
        [](const auto&... arguments) { return gru(arguments...); });
}

template <class T>
LSTM<T>::LSTM(Module<T>* owner, std::string_view name, Size in, Size hidden, LSTMOptions options)
    : LSTM::Module(owner, name), stack_(this, [&] {
          auto check = [this](const char* what, Size size) { return this->checked_size("LSTM", what, size.number); };
          auto sizes = stack_sizes(check, in, hidden, 4, options);
          if (options.projection.number != 0) {
              sizes.width = check("projection", options.projection);
              if (sizes.width >= sizes.hidden)
                  this->refuse_option("LSTM", "projection = " + std::to_string(sizes.width) +
                                                  "; wanted less than hidden, " + std::to_string(sizes.hidden));
          }
          return sizes;
      }()) {
    if (!is_probability(options.dropout)) this->refuse_option("LSTM", out_of_range(options.dropout));
}

template <class T>
LSTMResult<T> LSTM<T>::forward(const Variable<T>& x, const LSTMInput<T>& input) {
    const auto& sizes = stack_.sizes();
    if (!fits(x.shape(), sizes.in)) this->refuse_shape(x.shape(), wanted_input(sizes));
    const Shape hidden_shape = stack_.state_shape(x, sizes.width), cell_shape = stack_.state_shape(x, sizes.hidden);
    const LSTMState<T>& first = input.state;
    if (first.hidden.defined() && !same_shape(first.hidden.shape(), hidden_shape))
        this->refuse_shape(first.hidden.shape(), to_string(hidden_shape) + " as the hidden state");
    if (first.cell.defined() && !same_shape(first.cell.shape(), cell_shape))
        this->refuse_shape(first.cell.shape(), to_string(cell_shape) + " as the cell state");
    Variables<T> hidden, cells;
    auto outputs = stack_.through(x, input.lengths, this->is_training(),
                                  [&](std::size_t place, const Variable<T>& y, const RecurrentWeights<T>& weights,
                                      const RecurrentOptions& options) {
                                      auto result =
                                          lstm(y,
                                               {stack_.state_of(first.hidden, place, hidden_shape[1], hidden_shape[2]),
                                                stack_.state_of(first.cell, place, cell_shape[1], cell_shape[2])},
                                               weights, options);
                                      hidden.push_back(result.state.hidden);
                                      cells.push_back(result.state.cell);
                                      return result.outputs;
                                  });
    return {outputs, {stack(hidden), stack(cells)}};
}

template class RNN<float>;
template class RNN<double>;
template class GRU<float>;
template class GRU<double>;
template class LSTM<float>;
template class LSTM<double>;

}    // namespace xtape::nn
