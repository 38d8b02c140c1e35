#include <xtape/core/random.hpp>
#include <xtape/nn/recurrent_cell.hpp>
#include <xtape/ops/shape.hpp>

#include <cmath>

namespace xtape::nn {
namespace {

template <class T>
Array<T> first_values(const Shape& shape, std::size_t hidden) {
    const double bound = 1 / std::sqrt(static_cast<double>(hidden));
    return default_generator().initialisation().uniform<T>(shape, -bound, bound);
}

// x as a sequence of one step.
template <class T>
Variable<T> one_step(const Variable<T>& x) {
    return unsqueeze(x, 1);
}

template <class T>
Variable<T> or_zeros(const std::optional<Variable<T>>& state, std::size_t batch, std::size_t width) {
    return state ? *state : Variable<T>(Array<T>(Shape{batch, width}, T(0)));
}

bool fits(const Shape& shape, std::size_t in) { return shape.size() == 2 && shape[1] == in; }

std::string wanted(std::size_t in) { return "(batch, " + std::to_string(in) + ")"; }

template <class T>
std::string described(const char* kind, const detail::CellParameters<T>& parameters) {
    return std::string(kind) + "(" + std::to_string(parameters.in()) + " -> " + std::to_string(parameters.hidden()) +
           (parameters.bias_ih.defined() ? ")" : ", no bias)");
}

}    // namespace

namespace detail {

template <class T>
CellParameters<T>::CellParameters(Module<T>* owner, std::size_t in, std::size_t hidden, std::size_t gates, bool bias)
    : weight_ih(owner, "weight_ih", first_values<T>({gates * hidden, in}, hidden)),
      weight_hh(owner, "weight_hh", first_values<T>({gates * hidden, hidden}, hidden)),
      bias_ih(bias ? owner : nullptr, "bias_ih", bias ? first_values<T>({gates * hidden}, hidden) : Array<T>()),
      bias_hh(bias ? owner : nullptr, "bias_hh", bias ? first_values<T>({gates * hidden}, hidden) : Array<T>()) {
    if (bias) return;
    bias_ih.leave_undefined();
    bias_hh.leave_undefined();
}

template <class T>
RecurrentWeights<T> CellParameters<T>::weights() const {
    return {weight_ih, weight_hh, bias_ih, bias_hh, {}};
}

}    // namespace detail

template <class T>
RNNCell<T>::RNNCell(Module<T>* owner, std::string_view name, Size in, Size hidden, RNNCellOptions options)
    : RNNCell::Module(owner, name),
      parameters_(this, this->checked_size("RNNCell", "in", in.number),
                  this->checked_size("RNNCell", "hidden", hidden.number), 1, options.bias),
      nonlinearity_(options.nonlinearity) {}

template <class T>
Variable<T> RNNCell<T>::forward(const Variable<T>& x, const std::optional<Variable<T>>& hidden) {
    if (!fits(x.shape(), parameters_.in())) this->refuse_shape(x.shape(), wanted(parameters_.in()));
    return rnn(one_step(x), or_zeros(hidden, x.shape()[0], parameters_.hidden()), parameters_.weights(), nonlinearity_)
        .hidden;
}

template <class T>
std::string RNNCell<T>::describe() const {
    return described("RNNCell", parameters_);
}

template <class T>
GRUCell<T>::GRUCell(Module<T>* owner, std::string_view name, Size in, Size hidden, CellOptions options)
    : GRUCell::Module(owner, name),
      parameters_(this, this->checked_size("GRUCell", "in", in.number),
                  this->checked_size("GRUCell", "hidden", hidden.number), 3, options.bias) {}

template <class T>
Variable<T> GRUCell<T>::forward(const Variable<T>& x, const std::optional<Variable<T>>& hidden) {
    if (!fits(x.shape(), parameters_.in())) this->refuse_shape(x.shape(), wanted(parameters_.in()));
    return gru(one_step(x), or_zeros(hidden, x.shape()[0], parameters_.hidden()), parameters_.weights()).hidden;
}

template <class T>
std::string GRUCell<T>::describe() const {
    return described("GRUCell", parameters_);
}

template <class T>
LSTMCell<T>::LSTMCell(Module<T>* owner, std::string_view name, Size in, Size hidden, CellOptions options)
    : LSTMCell::Module(owner, name),
      parameters_(this, this->checked_size("LSTMCell", "in", in.number),
                  this->checked_size("LSTMCell", "hidden", hidden.number), 4, options.bias) {}

template <class T>
LSTMState<T> LSTMCell<T>::forward(const Variable<T>& x, const std::optional<LSTMState<T>>& state) {
    if (!fits(x.shape(), parameters_.in())) this->refuse_shape(x.shape(), wanted(parameters_.in()));
    std::optional<Variable<T>> none;
    const LSTMState<T> first = state ? *state
                                     : LSTMState<T>{or_zeros(none, x.shape()[0], parameters_.hidden()),
                                                    or_zeros(none, x.shape()[0], parameters_.hidden())};
    return lstm(one_step(x), first, parameters_.weights()).state;
}

template <class T>
std::string LSTMCell<T>::describe() const {
    return described("LSTMCell", parameters_);
}

template class RNNCell<float>;
template class RNNCell<double>;
template class GRUCell<float>;
template class GRUCell<double>;
template class LSTMCell<float>;
template class LSTMCell<double>;

}    // namespace xtape::nn
