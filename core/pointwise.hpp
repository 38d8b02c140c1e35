// Pointwise operations: functions on numbers, written once and run at three speeds.
//
//     struct Sigmoid {
//         static constexpr auto name = "sigmoid";
//         static constexpr auto needs = needs::output;
//         auto forward(const auto& x) const { return 1 / (1 + exp(-x)); }
//         auto vjp(const auto& g, const auto&, const auto& y) const { return g * y * (1 - y); }
//     };
//     Variable<T> y = pointwise(Sigmoid{}, x);
//
// The bodies run on SIMD lanes, one fused pass over memory with broadcasting, for the value and the ordinary gradient;
// and on Variables when the gradient itself is to be differentiated. With several inputs vjp returns pullbacks(...).
#pragma once

#include <xtape/core/detail/lanes.hpp>
#include <xtape/core/operation.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace xtape {
namespace detail {

// A value as a kernel reads it; `strides` is null when the elements stand in order.
template <class T>
struct Operand {
    const T* data;
    const Shape* shape;
    const Strides* strides;
};

template <class T>
Operand<T> operand(const Node<T>& node) {
    if (!node.ready.load(std::memory_order_acquire)) return {node.lazy->data(), &node.lazy->shape, &node.lazy->strides};
    return {node.value.storage().data(), &node.value.shape(), nullptr};
}
template <class T>
Operand<T> operand(const Variable<T>& x) {
    return operand(std::as_const(x.node()));
}

// Computes `count` elements of `out` from as many of each input, all in order.
template <class T>
using BlockKernel = void (*)(const void* op, const T* const* in, T* out, std::size_t count);

// Runs a kernel over operands broadcast to `shape`, block by block, on several threads where that pays. An operand that
// does not stand in order is brought into it a block at a time, in the cache.
template <class T>
void run_blocks(BlockKernel<T> kernel, const void* op, std::span<const Operand<T>> in, T* out, const Shape& shape);

template <class T>
constexpr std::size_t most_operands = 9;    // six inputs, their output, its gradient, and one to spare

template <class Function, class T, std::size_t... I>
void compute_block(const Function& function, const T* const* in, T* out, std::size_t count, std::index_sequence<I...>) {
    using L = Lanes<T>;
    std::size_t i = 0;
    for (; i + L::width <= count; i += L::width) L(function(L::load(in[I] + i)...)).store(out + i);
    if (i < count) L(function(L::load_part(in[I] + i, count - i)...)).store_part(out + i, count - i);
}

template <class Op, class T, std::size_t N>
void forward_block(const void* op, const T* const* in, T* out, std::size_t count) {
    compute_block<>([&](const auto&... x) { return static_cast<const Op*>(op)->forward(x...); }, in, out, count,
                    std::make_index_sequence<N>{});
}

// Operands: the output's gradient, the inputs, the output.
template <std::size_t I, class Op, class T, std::size_t N>
void vjp_block(const void* op, const T* const* in, T* out, std::size_t count) {
    compute_block<>(
        [&](const auto& g, const auto&... x) {
            auto result = static_cast<const Op*>(op)->vjp(g, x...);
            return Lanes<T>(pulled<I>(result, g));
        },
        in, out, count, std::make_index_sequence<N + 2>{});
}

template <class Op, class T, std::size_t N>
class PointwiseRecord final : public FixedRecord<T, N, Op> {
public:
    PointwiseRecord(Op&& op, const std::array<Node<T>*, N>& nodes) : FixedRecord<T, N, Op>(std::move(op), nodes) {}

    void pull(const Variable<T>& g, Node<T>& output, std::span<const bool> wanted,
              std::span<Variable<T>> gradients) override {
        if (is_recording())
            this->pull_variables(g, output, wanted, gradients, std::make_index_sequence<N>{});
        else
            pull_values(g, output, wanted, gradients, std::make_index_sequence<N>{});
    }

private:
    template <std::size_t... I>
    void pull_values(const Variable<T>& g, const Node<T>& output, std::span<const bool> wanted,
                     std::span<Variable<T>> gradients, std::index_sequence<I...>) {
        constexpr Needs needs = needs_of<Op>();
        std::array<Operand<T>, N + 2> in;
        in.fill(operand(g));    // also stands in for what the body does not read
        ((needs.input(I) ? void(in[I + 1] = operand(std::as_const(*this->inputs_[I].node))) : void()), ...);
        if (needs.output()) in[N + 1] = operand(output);
        ((wanted[I] ? void(gradients[I] = pull_value<I>(g, in)) : void()), ...);
    }

    template <std::size_t I>
    Variable<T> pull_value(const Variable<T>& g, const std::array<Operand<T>, N + 2>& in) {
        using Result = decltype(pull_lanes(this->op_, std::make_index_sequence<N + 1>{}));
        if constexpr (passes<I, Result>()) return g;
        Array<T> gradient = empty_array<T>(g.shape());
        run_blocks<T>(&vjp_block<I, Op, T, N>, &this->op_, in,
                      std::as_const(gradient).storage().empty() ? nullptr : gradient.storage().data(), g.shape());
        return make_variable<T>(std::move(gradient));
    }

    template <std::size_t... J>
    static auto pull_lanes(const Op& op, std::index_sequence<J...>) {
        const Lanes<T> lanes(0);
        return op.vjp(lanes, (static_cast<void>(J), lanes)...);
    }
    template <std::size_t I, class Result>
    static constexpr bool passes() {
        if constexpr (std::is_same_v<Result, Pass>)
            return true;
        else if constexpr (requires(Result r) { std::get<I>(r); })
            return std::is_same_v<std::decay_t<decltype(std::get<I>(std::declval<Result&>()))>, Pass>;
        else
            return false;
    }
};

template <class T, std::same_as<Variable<T>>... Rest>
Shape broadcast_all([[maybe_unused]] const char* name, const Variable<T>& first, const Rest&... rest) {
    Shape shape = first.shape();
    ((same_shape(rest.shape(), shape) ? void() : void(shape = broadcast_shapes(name, shape, rest.shape()))), ...);
    return shape;
}

}    // namespace detail

// Applies a pointwise operation to inputs that broadcast together. Throws ShapeError when they do not.
template <class Op, class T, std::same_as<Variable<T>>... Rest>
Variable<T> pointwise(Op op, const Variable<T>& first, const Rest&... rest) {
    constexpr std::size_t count = 1 + sizeof...(Rest);
    detail::require_registration<Op>();
    static_assert(count + 2 <= detail::most_operands<T>, "a pointwise operation has at most six inputs");
    Array<T> value = empty_array<T>(detail::broadcast_all(Op::name, first, rest...));
    const std::array<detail::Operand<T>, count> in{detail::operand(first), detail::operand(rest)...};
    detail::run_blocks<T>(&detail::forward_block<Op, T, count>, &op, in, value.storage().data(), value.shape());
    auto result = detail::make_variable<T>(std::move(value));
    if (detail::mode.watching) {
        const std::array<const Variable<T>*, count> inputs{&first, &rest...};
        detail::watch<T>(result, Op::name, inputs);
    }
    if (detail::mode.recording && (first.requires_grad() || ... || rest.requires_grad()))
        detail::attach(result, Op::name, [&] {
            return std::make_unique<detail::PointwiseRecord<Op, T, count>>(
                std::move(op), std::array<detail::Node<T>*, count>{&first.node(), &rest.node()...});
        });
    return result;
}

}    // namespace xtape
