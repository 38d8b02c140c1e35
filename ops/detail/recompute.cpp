#include <xtape/core/backward.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/detail/recompute.hpp>
#include <xtape/ops/hyperbolic.hpp>
#include <xtape/ops/shape.hpp>
#include <xtape/ops/slice.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

namespace xtape::detail {
namespace {

template <class T>
using Function = std::shared_ptr<const VariablesFunction<T>>;

std::vector<bool> wanted_of(const auto& x) {
    std::vector<bool> wanted;
    for (const auto& input : x) wanted.push_back(input.requires_grad());
    return wanted;
}

// The first `own` variables as leaves of their own; the others are leaves already.
template <class T>
Variables<T> as_leaves(const Variables<T>& x, std::size_t own) {
    Variables<T> leaves = x;
    for (std::size_t i = 0; i < own; ++i) {
        leaves[i] = x[i].detach();
        leaves[i].requires_grad(x[i].requires_grad());
    }
    return leaves;
}

// The gradients of f, a function of the first `own` of x, with respect to those of x that are wanted.
template <class T>
Variables<T> gradients(const VariablesFunction<T>& f, const Variables<T>& x, std::size_t own,
                       const std::vector<bool>& wanted, const Variables<T>& g, bool create_graph) {
    Variables<T> y, targets;
    {
        EnableGrad guard;
        y = f(Variables<T>(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(own)));
    }
    for (std::size_t i = 0; i < x.size(); ++i)
        if (wanted[i]) targets.push_back(x[i]);
    return grad(y, targets, {.create_graph = create_graph, .zeros_for_unused = true}, g);
}

// The elements of all, one after another.
template <class T>
Array<T> joined(const Variables<T>& y) {
    if (y.size() == 1) return share(y[0].value(), Shape{y[0].size()});
    std::size_t size = 0;
    for (const auto& part : y) size += part.size();
    Array<T> all = empty_array<T>({size});
    T* to = all.storage().data();
    for (const auto& part : y) to = std::copy_n(part.value().storage().begin(), part.size(), to);
    return all;
}

template <class T>
struct Recomputed {
    static constexpr auto name = "recomputed";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"recompute", "y = f(x), the values of f one after another",
                                 "f is run again, recorded, and swept", "any -> (n)"};
    Function<T> f;
    std::size_t own;
    std::vector<Shape> shapes;
    Array<T> value;    // until forward gives it away

    Array<T> forward(const Variables<T>&) { return std::move(value); }

    auto vjp(const Variable<T>& g, const Variables<T>& x, const Variable<T>&) const {
        std::vector<bool> wanted = wanted_of(x);
        Variables<T> found = record_gradients(parts(g), x, wanted);
        return [found, wanted](std::size_t i) {
            return found[static_cast<std::size_t>(
                std::count(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(i), true))];
        };
    }

    Variables<T> parts(const Variable<T>& y) const {
        Variables<T> list;
        std::ptrdiff_t begin = 0;
        for (const Shape& shape : shapes) {
            std::ptrdiff_t end = begin + static_cast<std::ptrdiff_t>(element_count(shape));
            list.push_back(reshape(shapes.size() == 1 ? y : slice(y, {Range{begin, end}}), shape));
            begin = end;
        }
        return list;
    }

    // f's gradients as a function of f's own inputs, of g, and last of the leaves that f uses without being given them.
    Variables<T> record_gradients(const Variables<T>& g, const Variables<T>& x, const std::vector<bool>& wanted) const {
        std::size_t count = g.size();
        auto gradients_of = [f = f, own = own, count, wanted,
                             others = Variables<T>(x.begin() + at(own), x.end())](const Variables<T>& in) {
            Variables<T> inputs(in.begin(), in.begin() + at(own));
            inputs.insert(inputs.end(), others.begin(), others.end());
            return gradients(*f, inputs, own, wanted, Variables<T>(in.begin() + at(own), in.begin() + at(own + count)),
                             is_recording());
        };
        Variables<T> all(x.begin(), x.begin() + at(own));
        all.insert(all.end(), g.begin(), g.end());
        Variables<T> leaves = as_leaves(all, all.size());
        bool recording = is_recording();
        Variables<T> values;
        {
            NoGrad guard;
            values = gradients_of(leaves);
        }
        if (!recording) return values;
        all.insert(all.end(), x.begin() + at(own), x.end());
        return recomputed<T>(gradients_of, all, own + count, values);
    }
    static std::ptrdiff_t at(std::size_t i) { return static_cast<std::ptrdiff_t>(i); }
    static Samples samples();
};

}    // namespace

template <class T>
Variables<T> recomputed(VariablesFunction<T> f, const Variables<T>& x, std::size_t own, const Variables<T>& y) {
    Recomputed<T> operation{std::make_shared<const VariablesFunction<T>>(std::move(f)), own, {}, joined(y)};
    for (const auto& value : y) operation.shapes.push_back(value.shape());
    Variable<T> all = xtape::apply(operation, x);
    return operation.parts(all);
}

template <class T>
Variables<T> recorded_vjp(VariablesFunction<T> f, const Variables<T>& x, const Variables<T>& g) {
    Recomputed<T> operation{std::make_shared<const VariablesFunction<T>>(std::move(f)), x.size(), {}, {}};
    std::vector<bool> wanted = wanted_of(x);
    Variables<T> found = operation.record_gradients(g, x, wanted), all(x.size());
    for (std::size_t i = 0, next = 0; i < x.size(); ++i)
        if (wanted[i]) all[i] = found[next++];
    return all;
}

template Variables<float> recomputed(VariablesFunction<float>, const Variables<float>&, std::size_t,
                                     const Variables<float>&);
template Variables<double> recomputed(VariablesFunction<double>, const Variables<double>&, std::size_t,
                                      const Variables<double>&);
template Variables<float> recorded_vjp(VariablesFunction<float>, const Variables<float>&, const Variables<float>&);
template Variables<double> recorded_vjp(VariablesFunction<double>, const Variables<double>&, const Variables<double>&);

namespace {

template <class T>
Samples Recomputed<T>::samples() {
    using A = Array<double>;
    auto product = [](const auto& x) {
        using V = std::decay_t<decltype(x[0])>;
        using E = typename V::value_type;
        VariablesFunction<E> f = [](const Variables<E>& in) {
            return Variables<E>{tanh(in[0]) * in[1], in[1] * in[1]};
        };
        NoGrad guard;
        Variables<E> y = f(x);
        EnableGrad recording;
        Variables<E> both = recomputed<E>(f, x, 2, y);
        return both[0] + 2 * both[1];
    };
    auto wanted = xtape::elementwise([](double a, double b) { return std::tanh(a) * b + 2 * b * b; });
    return Samples()
        .add("two outputs", {A{0.5, -1.5}, A{2.0, 0.25}}, product, wanted)
        .add("0-d", {A(0.5), A(2.0)}, product, wanted)
        .add("size 0", {A(Shape{0}), A(Shape{0})}, product, wanted, 1)
        .refuse("shapes that do not broadcast", {A{0.5, -1.5}, A{1.0, 2.0, 3.0}}, product);
}

}    // namespace
}    // namespace xtape::detail
