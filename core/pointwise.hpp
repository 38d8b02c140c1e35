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
// and on Variables when the gradient itself is to be differentiated. With several inputs vjp returns pullbacks(...). A
// vjp that reads a value which is not declared in `needs` does not compile. What takes more than one output or a saved
// value is not pointwise: see operation.hpp.
//
// Where a function of one input shares most of its work with its derivative, `static constexpr bool keeps_slope =
// true;` has both computed in one pass when the operation is recorded: forward then also runs on dual numbers, unless
// of_block(x, y, slope, count) fills blocks of T by hand (with no slope where that is null). The slope is kept until
// the sweep multiplies it by the gradient, in place if the graph is spent. See docs/adr/kept-slopes.md.
#pragma once

#include <xtape/core/detail/lanes.hpp>
#include <xtape/core/dual.hpp>
#include <xtape/core/operation.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <tuple>
#include <type_traits>
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
    if (node.value.storage().data() == nullptr) node.require_value();
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

template <class Op>
concept KeepsSlope = requires {
    requires Op::keeps_slope;
};
template <class Op, class T>
concept OfBlock = requires(const T* x, T* y, std::size_t count) {
    Op::of_block(x, y, y, count);
};

template <class Op, class T, std::size_t N>
void forward_block(const void* op, const T* const* in, T* out, std::size_t count) {
    if constexpr (OfBlock<Op, T>)
        Op::of_block(in[0], out, static_cast<T*>(nullptr), count);
    else
        compute_block<>([&](const auto&... x) { return static_cast<const Op*>(op)->forward(x...); }, in, out, count,
                        std::make_index_sequence<N>{});
}

// An operation with the arrays that its value and its slope go to.
template <class Op, class T>
struct WithSlope {
    const Op& op;
    T* value;
    T* slope;
};
template <class Op, class T>
void value_and_slope_block(const void* with_slope, const T* const* in, T* out, std::size_t count) {
    const auto& with = *static_cast<const WithSlope<Op, T>*>(with_slope);
    T* slope = with.slope + (out - with.value);
    if constexpr (OfBlock<Op, T>) {
        Op::of_block(in[0], out, slope, count);
    } else {
        using L = Lanes<T>;
        auto both = [&](L x) { return Dual<L>(with.op.forward(Dual<L>(x, 1))); };
        std::size_t i = 0;
        for (; i + L::width <= count; i += L::width) {
            const Dual<L> y = both(L::load(in[0] + i));
            y.value.store(out + i);
            y.slope.store(slope + i);
        }
        if (i == count) return;
        const Dual<L> y = both(L::load_part(in[0] + i, count - i));
        y.value.store_part(out + i, count - i);
        y.slope.store_part(slope + i, count - i);
    }
}

// What vjp gets on lanes for a value that `needs` does not declare.
template <class L>
struct Undeclared {
    operator L() const {
        static_assert(
            sizeof(L) == 0,
            "this vjp reads an input or the output that the operation's `needs` does not declare: declare it, "
            "as in `static constexpr auto needs = needs::input(0) | needs::output;`");
        return L(0);
    }
};

// vjp on lanes. Its arguments are the output's gradient, the inputs and the output; `in` holds those that are declared.
template <class Op, class T, std::size_t N>
struct LanesVjp {
    static constexpr bool declared(std::size_t place) {
        return place == 0 || (place <= N ? needs_of<Op>().input(place - 1) : needs_of<Op>().output());
    }
    // The number of declared arguments before that one.
    static constexpr std::size_t slot(std::size_t place) {
        std::size_t count = 0;
        for (std::size_t p = 0; p < place; ++p) count += declared(p) ? 1 : 0;
        return count;
    }
    static constexpr std::size_t operands = slot(N + 2);

    template <std::size_t Place, class In>
    static decltype(auto) argument(const In& in) {
        if constexpr (declared(Place))
            return std::get<slot(Place)>(in);
        else
            return Undeclared<Lanes<T>>{};
    }
    template <class In, std::size_t... Place>
    static auto call(const Op& op, const In& in, std::index_sequence<Place...>) {
        return op.vjp(argument<Place>(in)...);
    }
    using In = std::array<Lanes<T>, operands>;
    using Result = decltype(call(std::declval<const Op&>(), std::declval<In>(), std::make_index_sequence<N + 2>{}));

    template <std::size_t I>
    static constexpr bool passes() {
        if constexpr (std::is_same_v<Result, Pass>)
            return true;
        else if constexpr (requires(Result r) { std::get<I>(r); })
            return std::is_same_v<std::decay_t<decltype(std::get<I>(std::declval<Result&>()))>, Pass>;
        else
            return false;
    }

    template <std::size_t I>
    static void block(const void* op, const T* const* in, T* out, std::size_t count) {
        compute_block<>(
            [&](const auto&... lanes) {
                const auto arguments = std::tie(lanes...);
                auto result = call(*static_cast<const Op*>(op), arguments, std::make_index_sequence<N + 2>{});
                return pulled<I, Lanes<T>>(result, std::get<0>(arguments));
            },
            in, out, count, std::make_index_sequence<operands>{});
    }
};

template <class Op, class T, std::size_t N>
class PointwiseRecord final : public FixedRecord<T, N, Op, Array<T>> {
public:
    using typename FixedRecord<T, N, Op, Array<T>>::Inputs;
    PointwiseRecord(Op&& op, const Inputs& x) : FixedRecord<T, N, Op, Array<T>>(std::move(op), {}, x) {}

    void pull(std::span<const Variable<T>> g, Node<T>& output, std::span<const bool> wanted,
              std::span<Variable<T>> gradients) override {
        if (is_recording())
            this->pull_variables(g, output, wanted, gradients, std::make_index_sequence<N>{});
        else
            pull_values(g[0], output, wanted, gradients, std::make_index_sequence<N>{});
    }

private:
    using Vjp = LanesVjp<Op, T, N>;
    using Operands = std::array<Operand<T>, Vjp::operands>;

    template <std::size_t... I>
    void pull_values(const Variable<T>& g, const Node<T>& output, std::span<const bool> wanted,
                     std::span<Variable<T>> gradients, std::index_sequence<I...>) {
        Operands in{operand(g)};
        ((Vjp::declared(I + 1) ? void(in[Vjp::slot(I + 1)] = operand(std::as_const(*this->inputs_[I].node))) : void()),
         ...);
        if (Vjp::declared(N + 1)) in[Vjp::slot(N + 1)] = operand(output);
        ((wanted[I] ? void(gradients[I] = pull_value<I>(g, in)) : void()), ...);
    }

    template <std::size_t I>
    Variable<T> pull_value(const Variable<T>& g, const Operands& in) {
        if constexpr (Vjp::template passes<I>()) return g;
        Array<T> gradient = empty_array<T>(g.shape());
        run_blocks<T>(&Vjp::template block<I>, &this->op_, in,
                      std::as_const(gradient).storage().empty() ? nullptr : gradient.storage().data(), g.shape());
        return make_variable<T>(std::move(gradient));
    }
};

// g times the slope; in the slope's place if the graph is spent, which leaves the slope empty.
template <class T>
Variable<T> times_slope(const Variable<T>& g, Array<T>& slope);

template <class Op, class T>
class SlopeRecord final : public FixedRecord<T, 1, Op, Array<T>> {
public:
    using typename FixedRecord<T, 1, Op, Array<T>>::Inputs;
    SlopeRecord(Op&& op, Array<T>&& slope, const Inputs& x)
        : FixedRecord<T, 1, Op, Array<T>>(std::move(op), {}, x), slope_(std::move(slope)) {}

    void pull(std::span<const Variable<T>> g, Node<T>& output, std::span<const bool> wanted,
              std::span<Variable<T>> gradients) override {
        if (is_recording() || std::as_const(slope_).storage().empty())
            this->pull_variables(g, output, wanted, gradients, std::index_sequence<0>{});
        else if (wanted[0])
            gradients[0] = times_slope(g[0], slope_);
    }

private:
    Array<T> slope_;
};

template <class Op, class T>
Variable<T> pointwise_with_slope(Op&& op, const Variable<T>& x) {
    const Operand<T> in = operand(x);
    Array<T> value = empty_array<T>(x.shape()), slope;
    T* const y = value.storage().data();
    if (is_recording() && x.requires_grad()) {
        slope = empty_array<T>(x.shape());
        const WithSlope<Op, T> with{op, y, slope.storage().data()};
        run_blocks<T>(&value_and_slope_block<Op, T>, &with, {&in, 1}, y, value.shape());
    } else {
        run_blocks<T>(&forward_block<Op, T, 1>, &op, {&in, 1}, y, value.shape());
    }
    const std::array<const Variable<T>*, 1> inputs{&x};
    return conclude<T>(Op::name, value, inputs, [&](auto&&) {
        return std::make_unique<SlopeRecord<Op, T>>(std::move(op), std::move(slope), inputs);
    });
}

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
    if constexpr (detail::KeepsSlope<Op>) {
        static_assert(count == 1, "an operation that keeps its slope has one input");
        return detail::pointwise_with_slope(std::move(op), first);
    } else {
        static_assert(count + 2 <= detail::most_operands<T>, "a pointwise operation has at most six inputs");
        Array<T> value = empty_array<T>(detail::broadcast_all(Op::name, first, rest...));
        const std::array<detail::Operand<T>, count> in{detail::operand(first), detail::operand(rest)...};
        detail::run_blocks<T>(&detail::forward_block<Op, T, count>, &op, in, value.storage().data(), value.shape());
        const std::array<const Variable<T>*, count> inputs{&first, &rest...};
        return detail::conclude<T>(Op::name, value, inputs, [&](auto&&) {
            return std::make_unique<detail::PointwiseRecord<Op, T, count>>(std::move(op), inputs);
        });
    }
}

}    // namespace xtape
