// The one door to the tape: apply() runs an operation's forward and records its derivative.
//
//     struct Inverse {                                                        // Y = X^-1
//         static constexpr auto name = "inverse";
//         static constexpr auto needs = needs::output;                        // all that the derivative reads
//         Array<double> forward(const Array<double>& x) const { return xt::linalg::inv(x); }
//         auto vjp(const Variable<double>& g, const Variable<double>&, const Variable<double>& y) const {
//             return pullbacks([&] { return -matmul(transpose(y), matmul(g, transpose(y))); });
//         }
//     };
//     Variable<double> y = apply(Inverse{}, x);
//
// forward takes the inputs as Array<T>, or as View<T> where it does not mind strides, and returns either. vjp(g,
// inputs..., output) is written in differentiable operations, one lazy pullback an input, each giving a gradient of
// that input's shape, or of a shape that broadcasting would have made of it: the engine sums it back. An operation on a
// list of variables has forward(const Variables<T>&), and its vjp returns a callable from an input's index to its
// gradient.
//
// Where a gradient is 0 at most elements (a slice's, a lookup's), add_vjp(g, Array<T>& total) may add it to the sum of
// the input's other gradients instead: taking a large array apart, part by part, then costs no more than the array.
#pragma once

#include <xtape/core/anomaly.hpp>
#include <xtape/core/registry.hpp>
#include <xtape/core/variable.hpp>

#include <array>
#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

namespace xtape {

// The values that a derivative reads; the others are freed as soon as nobody holds them.
struct Needs {
    unsigned bits;
    constexpr bool input(std::size_t i) const { return i < 31 ? (bits >> i & 1U) != 0 : (bits & 1U << 30) != 0; }
    constexpr bool output() const { return (bits >> 31) != 0; }
    friend constexpr Needs operator|(Needs a, Needs b) { return {a.bits | b.bits}; }
};

namespace needs {
inline constexpr Needs nothing{0};
inline constexpr Needs inputs{std::numeric_limits<unsigned>::max() >> 1};
inline constexpr Needs output{1U << 31};
inline constexpr Needs all{std::numeric_limits<unsigned>::max()};
constexpr Needs input(unsigned i) { return {1U << i}; }
}    // namespace needs

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

// A handle to a node that a record holds.
template <class T>
Variable<T> handle(Node<T>* node) {
    node->read();
    return Variable<T>(node, typename Variable<T>::Adopt{});
}

template <class T>
View<T> view_of(const Variable<T>& x) {
    auto& node = x.node();
    if (!node.ready.load(std::memory_order_acquire)) return node.lazy->share();
    return view(x.value());
}

// The gradient that an input's pullback gives; `result` is what vjp returned.
template <std::size_t I, class G, class Result>
G pulled(const Result& result, const G& g) {
    if constexpr (
        requires { std::tuple_size<typename Result::tuple>::value; } || requires { std::get<I>(result); }) {
        if constexpr (std::is_same_v<std::decay_t<decltype(std::get<I>(result))>, Pass>)
            return g;
        else
            return std::get<I>(result)();
    } else {
        static_assert(I == 0, "an operation of several inputs returns pullbacks(...)");
        if constexpr (std::is_same_v<Result, Pass>)
            return g;
        else
            return result;
    }
}

template <class T, std::size_t N, class Op>
class FixedRecord : public Record<T> {
public:
    std::span<Input<T>> inputs() noexcept final { return inputs_; }

protected:
    template <std::size_t... I>
    FixedRecord(Op&& op, const std::array<Node<T>*, N>& nodes, std::index_sequence<I...>)
        : op_(std::move(op)), inputs_{Input<T>(nodes[I], needs_of<Op>().input(I))...} {
        this->reads_output = needs_of<Op>().output();
    }
    FixedRecord(Op&& op, const std::array<Node<T>*, N>& nodes)
        : FixedRecord(std::move(op), nodes, std::make_index_sequence<N>{}) {}

    // The pullbacks as differentiable operations.
    template <std::size_t... I>
    void pull_variables(const Variable<T>& g, Node<T>& output_node, std::span<const bool> wanted,
                        std::span<Variable<T>> gradients, std::index_sequence<I...>) {
        const std::array<Variable<T>, N> x{handle(inputs_[I].node)...};
        const Variable<T> output = handle(&output_node);
        auto result = op_.vjp(g, x[I]..., output);
        ((wanted[I] ? void(gradients[I] = pulled<I>(result, g)) : void()), ...);
    }

    Op op_;
    std::array<Input<T>, N> inputs_;
};

template <class T, std::size_t N, class Op>
class StructuralRecord final : public FixedRecord<T, N, Op> {
public:
    StructuralRecord(Op&& op, const std::array<Node<T>*, N>& nodes) : FixedRecord<T, N, Op>(std::move(op), nodes) {}
    void pull(const Variable<T>& g, Node<T>& output, std::span<const bool> wanted,
              std::span<Variable<T>> gradients) override {
        this->pull_variables(g, output, wanted, gradients, std::make_index_sequence<N>{});
    }
    bool pull_into([[maybe_unused]] const Variable<T>& g, [[maybe_unused]] Array<T>& total) override {
        if constexpr (requires { this->op_.add_vjp(g, total); }) {
            this->op_.add_vjp(g, total);
            return true;
        } else {
            return false;
        }
    }
};

template <class T, class Op>
class ListRecord final : public Record<T> {
public:
    ListRecord(Op&& op, const Variables<T>& inputs) : op_(std::move(op)) {
        inputs_.reserve(inputs.size());
        for (std::size_t i = 0; i < inputs.size(); ++i)
            inputs_.emplace_back(&inputs[i].node(), needs_of<Op>().input(i));
        this->reads_output = needs_of<Op>().output();
    }
    std::span<Input<T>> inputs() noexcept override { return inputs_; }
    void pull(const Variable<T>& g, Node<T>& output, std::span<const bool> wanted,
              std::span<Variable<T>> gradients) override {
        Variables<T> x;
        x.reserve(inputs_.size());
        for (auto& input : inputs_) x.push_back(handle(input.node));
        const Variable<T> y = handle(&output);
        auto gradient_of = op_.vjp(g, x, y);
        for (std::size_t i = 0; i < x.size(); ++i)
            if (wanted[i]) gradients[i] = gradient_of(i);
    }

private:
    Op op_;
    std::vector<Input<T>> inputs_;
};

template <class T, class MakeRecord>
void attach(Variable<T>& result, const char* name, MakeRecord&& make_record) {
    auto& node = result.node();
    node.operation = name;
    node.record = make_record();
    node.requires_grad = true;
    for (const auto& input : node.record->inputs())
        if (input.node->id > node.id) node.id = fresh_node_id();
}

template <class Op>
void require_registration() {
    static_cast<void>(&Registration<Op>::entry);    // names it, so that it is there
}

template <class Op, class... T>
decltype(auto) run_forward(const Op& op, const Variable<T>&... x) {
    if constexpr (requires { op.forward(x.value()...); })
        return op.forward(x.value()...);
    else
        return op.forward(view_of(x)...);
}

}    // namespace detail

// Runs op.forward on the values of the inputs and, if recording is on and an input requires a gradient, records it.
template <class Op, class T, std::same_as<Variable<T>>... Rest>
Variable<T> apply(Op op, const Variable<T>& first, const Rest&... rest) {
    constexpr std::size_t count = 1 + sizeof...(Rest);
    detail::require_registration<Op>();
    using Value = std::decay_t<decltype(detail::run_forward(op, first, rest...))>;
    using Made = std::conditional_t<std::is_same_v<Value, View<T>>, View<T>, Array<T>>;
    auto result = detail::make_variable<T>(Made(detail::run_forward(op, first, rest...)));
    if (detail::mode.watching) {
        const std::array<const Variable<T>*, count> inputs{&first, &rest...};
        detail::watch<T>(result, Op::name, inputs);
    }
    if (detail::mode.recording && (first.requires_grad() || ... || rest.requires_grad()))
        detail::attach(result, Op::name, [&] {
            return std::make_unique<detail::StructuralRecord<T, count, Op>>(
                std::move(op), std::array<detail::Node<T>*, count>{&first.node(), &rest.node()...});
        });
    return result;
}

template <class Op, class T>
Variable<T> apply(Op op, const Variables<T>& inputs) {
    detail::require_registration<Op>();
    auto result = detail::make_variable<T>(Array<T>(op.forward(inputs)));
    if (detail::mode.watching) {
        std::vector<const Variable<T>*> pointers;
        for (const auto& input : inputs) pointers.push_back(&input);
        detail::watch<T>(result, Op::name, pointers);
    }
    bool needed = false;
    for (const auto& input : inputs) needed = needed || input.requires_grad();
    if (detail::mode.recording && needed)
        detail::attach(result, Op::name,
                       [&] { return std::make_unique<detail::ListRecord<T, Op>>(std::move(op), inputs); });
    return result;
}

}    // namespace xtape
