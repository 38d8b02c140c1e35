// How operations are recorded: what forward may return, what vjp gets, and the record that joins them.
#pragma once

#include <xtape/core/anomaly.hpp>
#include <xtape/core/detail/node.hpp>
#include <xtape/core/needs.hpp>
#include <xtape/core/variable.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace xtape {

// The pullback of an input whose gradient is the output's own.
struct Pass {};
inline constexpr Pass pass{};

template <class... F>
struct Pullbacks : std::tuple<F...> {
    using std::tuple<F...>::tuple;
};

// What vjp returns: for each input, in order, a callable that makes its gradient, called only if it is needed.
template <class... F>
Pullbacks<F...> pullbacks(F... pullback) {
    return Pullbacks<F...>(std::move(pullback)...);
}

// What forward returns: several outputs, each an Array or a View, by outputs(...), or a std::vector of them where their
// number is not fixed; an output, or several, and values for vjp.
template <class... Y>
struct Outputs {
    std::tuple<Y...> values;
};
template <class... Y>
Outputs<Y...> outputs(Y... value) {
    return {std::tuple<Y...>(std::move(value)...)};
}
template <class Y, class... S>
struct Saving {
    Y output;
    std::tuple<S...> saved;
};
template <class Y, class... S>
Saving<Y, S...> saving(Y output, S... value) {
    return {std::move(output), std::tuple<S...>(std::move(value)...)};
}

// The outputs of an operation that has n.
template <class T, std::size_t n>
using Several = std::array<Variable<T>, n>;

// Their gradients, zeros where none came.
template <class T, std::size_t n>
class Gradients {
public:
    Gradients(std::span<const Variable<T>> g, detail::Node<T>& first);
    const Variable<T>& operator[](std::size_t k) const { return gradients_[k]; }
    bool given(std::size_t k) const { return given_[k]; }

private:
    Several<T, n> gradients_;
    std::array<bool, n> given_;
};

namespace detail {

template <class Op>
constexpr Needs needs_of() {
    if constexpr (requires { Op::needs; })
        return Op::needs;
    else
        return needs::all;
}

template <class T>
Variable<T> make_variable(Array<T>&& value) {
    return Variable<T>(new Node<T>(std::move(value)), typename Variable<T>::Adopt{});
}
template <class T>
Variable<T> make_variable(View<T>&& value) {
    return Variable<T>(new Node<T>(std::move(value)), typename Variable<T>::Adopt{});
}

// Zeros of a shape, a single one in memory until they are needed in order.
template <class T>
Variable<T> zeros(const Shape& shape);

// The value that a derivative gets: one that is not declared in `needs` has its shape alone.
template <class T>
Variable<T> value_for_derivative(Node<T>& node, bool declared);

template <class T>
View<T> view_of(const Variable<T>& x) {
    auto& node = x.node();
    if (!node.ready.load(std::memory_order_acquire)) return node.lazy->share();
    return view(x.value());
}

// What forward returned, as variables and saved values.
template <class T, class R>
struct Forwarded {
    using Saved = std::tuple<>;
    using Output = Variable<T>;
    template <class Y>
    static Variable<T> variable(Y& y) {
        if constexpr (std::is_same_v<Y, View<T>> || std::is_same_v<Y, Array<T>>)
            return make_variable<T>(std::move(y));
        else
            return make_variable<T>(Array<T>(std::move(y)));
    }
    static Output variables(R& output) { return variable(output); }
    static Saved saved(R&) { return {}; }
    static std::span<Variable<T>> list(Output& output) { return {&output, 1}; }
    // Gradient and output as vjp gets them.
    static const Variable<T>& gradient(std::span<const Variable<T>> g, Node<T>&) { return g[0]; }
    static Output output(Node<T>& node, Needs needs) { return value_for_derivative(node, needs.output()); }
};
template <class T, class... Y>
struct Forwarded<T, Outputs<Y...>> {
    static constexpr std::size_t n = sizeof...(Y);
    using Saved = std::tuple<>;
    using Output = Several<T, n>;
    static Output variables(Outputs<Y...>& outputs) {
        return std::apply([](auto&... y) { return Output{Forwarded<T, Y>::variable(y)...}; }, outputs.values);
    }
    static Saved saved(Outputs<Y...>&) { return {}; }
    static std::span<Variable<T>> list(Output& outputs) { return outputs; }
    static Gradients<T, n> gradient(std::span<const Variable<T>> g, Node<T>& first) { return {g, first}; }
    static Output output(Node<T>& first, Needs needs) {
        Output y;
        for (std::size_t k = 0; k < n; ++k) y[k] = value_for_derivative(first.output(k), needs.output(k));
        return y;
    }
};
// The gradients of a list of outputs, zeros where none came.
template <class T>
Variables<T> gradients_of_list(std::span<const Variable<T>> g, Node<T>& first);

template <class T, class Y>
struct Forwarded<T, std::vector<Y>> {
    using Saved = std::tuple<>;
    using Output = Variables<T>;
    static Output variables(std::vector<Y>& outputs) {
        Output y;
        y.reserve(outputs.size());
        for (auto& output : outputs) y.push_back(Forwarded<T, Y>::variable(output));
        return y;
    }
    static Saved saved(std::vector<Y>&) { return {}; }
    static std::span<Variable<T>> list(Output& outputs) { return outputs; }
    static Variables<T> gradient(std::span<const Variable<T>> g, Node<T>& first) { return gradients_of_list(g, first); }
    static Output output(Node<T>& first, Needs needs) {
        Output y;
        y.reserve(first.outputs());
        for (std::size_t k = 0; k < first.outputs(); ++k)
            y.push_back(value_for_derivative(first.output(k), needs.output(k)));
        return y;
    }
};
template <class T, class Y, class... S>
struct Forwarded<T, Saving<Y, S...>> : Forwarded<T, Y> {
    using Saved = std::tuple<S...>;
    static auto variables(Saving<Y, S...>& result) { return Forwarded<T, Y>::variables(result.output); }
    static Saved saved(Saving<Y, S...>& result) { return std::move(result.saved); }
};

// The gradient that an input's pullback gives; `result` is what vjp returned.
template <std::size_t I, class V, class Result, class G>
V pulled(const Result& result, const G& g) {
    constexpr bool list = requires { std::get<I>(result); };
    static_assert(list || I == 0, "the vjp of an operation of several inputs returns pullbacks(...)");
    if constexpr (list) {
        if constexpr (std::is_same_v<std::decay_t<decltype(std::get<I>(result))>, Pass>)
            return g;
        else
            return std::get<I>(result)();
    } else {
        if constexpr (std::is_same_v<Result, Pass>)
            return g;
        else
            return result;
    }
}

template <class T, class Op, class R>
class OperationRecord : public Record<T> {
public:
    using Saved = typename Forwarded<T, R>::Saved;
    bool reads_output(std::size_t k) const noexcept final { return needs_of<Op>().output(k); }

protected:
    OperationRecord(Op&& op, Saved&& saved) : op_(std::move(op)), saved_(std::move(saved)) {}

    // Calls take(what vjp returns, g): pullbacks are called while what they refer to is there.
    template <class Take, class... X>
    void with_vjp(std::span<const Variable<T>> gradients, Node<T>& first, Take take, const X&... x) {
        decltype(auto) g = Forwarded<T, R>::gradient(gradients, first);
        const auto y = Forwarded<T, R>::output(first, needs_of<Op>());
        std::apply([&](const auto&... saved) { take(op_.vjp(g, x..., y, saved...), g); }, saved_);
    }

    Op op_;
    [[no_unique_address]] Saved saved_;
};

template <class T, std::size_t N, class Op, class R>
class FixedRecord : public OperationRecord<T, Op, R> {
public:
    std::span<Input<T>> inputs() noexcept final { return inputs_; }

protected:
    using typename OperationRecord<T, Op, R>::Saved;
    using Inputs = std::array<const Variable<T>*, N>;

    template <std::size_t... I>
    FixedRecord(Op&& op, Saved&& saved, const Inputs& x, std::index_sequence<I...>)
        : OperationRecord<T, Op, R>(std::move(op), std::move(saved)),
          inputs_{Input<T>(&x[I]->node(), needs_of<Op>().input(I))...} {}
    FixedRecord(Op&& op, Saved&& saved, const Inputs& x)
        : FixedRecord(std::move(op), std::move(saved), x, std::make_index_sequence<N>{}) {}

    // The pullbacks as differentiable operations.
    template <std::size_t... I>
    void pull_variables(std::span<const Variable<T>> g, Node<T>& first, std::span<const bool> wanted,
                        std::span<Variable<T>> gradients, std::index_sequence<I...>) {
        this->with_vjp(
            g, first,
            [&](const auto& result, const auto& given) {
                ((wanted[I] ? void(gradients[I] = pulled<I, Variable<T>>(result, given)) : void()), ...);
            },
            value_for_derivative(*inputs_[I].node, inputs_[I].read)...);
    }

    std::array<Input<T>, N> inputs_;
};

template <class T, std::size_t N, class Op, class R>
class StructuralRecord final : public FixedRecord<T, N, Op, R> {
public:
    using typename FixedRecord<T, N, Op, R>::Inputs;
    using typename OperationRecord<T, Op, R>::Saved;
    StructuralRecord(Op&& op, Saved&& saved, const Inputs& x)
        : FixedRecord<T, N, Op, R>(std::move(op), std::move(saved), x) {}
    void pull(std::span<const Variable<T>> g, Node<T>& first, std::span<const bool> wanted,
              std::span<Variable<T>> gradients) override {
        this->pull_variables(g, first, wanted, gradients, std::make_index_sequence<N>{});
    }
    bool pull_into([[maybe_unused]] const Variable<T>& g, [[maybe_unused]] Array<T>& total) override {
        auto add = [&](const auto&... saved) {
            if constexpr (requires { this->op_.add_vjp(g, total, saved...); }) {
                this->op_.add_vjp(g, total, saved...);
                return true;
            } else {
                return false;
            }
        };
        return std::apply(add, this->saved_);
    }
};

template <class T, class Op, class R>
class ListRecord final : public OperationRecord<T, Op, R> {
public:
    using typename OperationRecord<T, Op, R>::Saved;
    ListRecord(Op&& op, Saved&& saved, const Variables<T>& inputs)
        : OperationRecord<T, Op, R>(std::move(op), std::move(saved)) {
        inputs_.reserve(inputs.size());
        for (std::size_t i = 0; i < inputs.size(); ++i)
            inputs_.emplace_back(&inputs[i].node(), needs_of<Op>().input(i));
    }
    std::span<Input<T>> inputs() noexcept override { return inputs_; }
    void pull(std::span<const Variable<T>> g, Node<T>& first, std::span<const bool> wanted,
              std::span<Variable<T>> gradients) override {
        Variables<T> x;
        x.reserve(inputs_.size());
        for (auto& input : inputs_) x.push_back(value_for_derivative(*input.node, input.read));
        this->with_vjp(
            g, first,
            [&](auto gradient_of, const auto&) {
                for (std::size_t i = 0; i < x.size(); ++i)
                    if (wanted[i]) gradients[i] = gradient_of(i);
            },
            x);
    }

private:
    std::vector<Input<T>> inputs_;
};

// Makes the outputs those of one recorded operation.
template <class T>
void attach(std::span<Variable<T>> outputs, const char* name, std::unique_ptr<Record<T>> record);

// The end of every door to the tape: looks at the outputs, if somebody watches, and records how they were made, if that
// is wanted. make_record takes the saved values.
template <class T, class R, class MakeRecord>
auto conclude(const char* name, R& forwarded, std::span<const Variable<T>* const> inputs, MakeRecord make_record) {
    using F = Forwarded<T, R>;
    auto outputs = F::variables(forwarded);
    if (mode.watching)
        for (const auto& y : F::list(outputs)) watch<T>(y, name, inputs);
    bool needed = false;
    for (const auto* x : inputs) needed = needed || x->requires_grad();
    if (mode.recording && needed) attach<T>(F::list(outputs), name, make_record(F::saved(forwarded)));
    return outputs;
}

}    // namespace detail

template <class T, std::size_t n>
Gradients<T, n>::Gradients(std::span<const Variable<T>> g, detail::Node<T>& first) {
    for (std::size_t k = 0; k < n; ++k) {
        given_[k] = g[k].defined();
        gradients_[k] = given_[k] ? g[k] : detail::zeros<T>(first.output(k).value.shape());
    }
}

}    // namespace xtape
