// Single steps of recurrent layers, for loops of the user's own: parameters weight_ih, weight_hh, bias_ih and bias_hh,
// formulas, layouts and initialisation are those of nn/recurrent.hpp. States that are not given are zeros. Throw as
// they do.
#pragma once

#include <xtape/nn/linear.hpp>
#include <xtape/nn/module.hpp>
#include <xtape/ops/recurrent.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace xtape::nn {
namespace detail {

// The parameters of one cell with G gates.
template <class T>
class CellParameters {
public:
    CellParameters(Module<T>* owner, std::size_t in, std::size_t hidden, std::size_t gates, bool bias);
    RecurrentWeights<T> weights() const;
    std::size_t in() const { return weight_ih.shape()[1]; }
    std::size_t hidden() const { return weight_hh.shape()[1]; }

    Parameter<T> weight_ih, weight_hh, bias_ih, bias_hh;
};

}    // namespace detail

struct RNNCellOptions {
    bool bias = true;
    RecurrentNonlinearity nonlinearity = RecurrentNonlinearity::tanh;
};
struct CellOptions {
    bool bias = true;
};

// The hidden state after x. Shapes (batch, in), (batch, hidden) -> (batch, hidden).
template <class T>
class RNNCell : public Module<T, Variable<T>(const Variable<T>&, const std::optional<Variable<T>>&)> {
public:
    RNNCell(Size in, Size hidden, RNNCellOptions options = {}) : RNNCell(nullptr, "", in, hidden, options) {}
    RNNCell(Module<T>* owner, std::string_view name, Size in, Size hidden, RNNCellOptions options = {});
    Variable<T> forward(const Variable<T>& x, const std::optional<Variable<T>>& hidden) override;
    std::string describe() const override;

private:
    detail::CellParameters<T> parameters_;
    RecurrentNonlinearity nonlinearity_;
};

// The hidden state after x, of the gated recurrent unit. Shapes as RNNCell.
template <class T>
class GRUCell : public Module<T, Variable<T>(const Variable<T>&, const std::optional<Variable<T>>&)> {
public:
    GRUCell(Size in, Size hidden, CellOptions options = {}) : GRUCell(nullptr, "", in, hidden, options) {}
    GRUCell(Module<T>* owner, std::string_view name, Size in, Size hidden, CellOptions options = {});
    Variable<T> forward(const Variable<T>& x, const std::optional<Variable<T>>& hidden) override;
    std::string describe() const override;

private:
    detail::CellParameters<T> parameters_;
};

// The hidden and the cell state after x. Shapes (batch, in), (batch, hidden) twice -> (batch, hidden) twice.
template <class T>
class LSTMCell : public Module<T, LSTMState<T>(const Variable<T>&, const std::optional<LSTMState<T>>&)> {
public:
    LSTMCell(Size in, Size hidden, CellOptions options = {}) : LSTMCell(nullptr, "", in, hidden, options) {}
    LSTMCell(Module<T>* owner, std::string_view name, Size in, Size hidden, CellOptions options = {});
    LSTMState<T> forward(const Variable<T>& x, const std::optional<LSTMState<T>>& state) override;
    std::string describe() const override;

private:
    detail::CellParameters<T> parameters_;
};

extern template class RNNCell<float>;
extern template class RNNCell<double>;
extern template class GRUCell<float>;
extern template class GRUCell<double>;
extern template class LSTMCell<float>;
extern template class LSTMCell<double>;

}    // namespace xtape::nn
