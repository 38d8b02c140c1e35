#include <xtape/core/random.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/nn/checkpoint.hpp>
#include <xtape/ops/detail/recompute.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <unordered_set>

namespace xtape::nn {
namespace {

using xtape::detail::Node;

// The leaves that require a gradient and that y was computed from, without those of x, in the order of their ids.
// Values computed before `first` come from outside.
template <class T>
Variables<T> other_leaves(const Variable<T>& y, const Variables<T>& x, std::uint64_t first) {
    std::unordered_set<const Node<T>*> seen;
    std::vector<Node<T>*> found, next{&y.node()};
    for (const auto& input : x) seen.insert(&input.node());
    while (!next.empty()) {
        Node<T>* node = next.back();
        next.pop_back();
        if (!node->requires_grad || !seen.insert(node).second) continue;
        if (!node->computed()) {
            found.push_back(node);
            continue;
        }
        if (node->id < first)
            throw GradError("[checkpoint] got a function that uses a value of the shape " +
                            to_string(node->value.shape()) + ", computed outside of it by " +
                            std::string(node->operation) + "; wanted it as an argument");
        for (const auto& input : node->recorded().record->inputs()) next.push_back(input.node);
    }
    std::sort(found.begin(), found.end(), [](const auto* a, const auto* b) { return a->id < b->id; });
    Variables<T> leaves;
    for (Node<T>* node : found) {
        node->read();
        leaves.push_back(Variable<T>(node, typename Variable<T>::Adopt{}));
    }
    return leaves;
}

template <class T>
bool same_leaves(const Variables<T>& a, const Variables<T>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const auto& x, const auto& y) { return x.id() == y.id(); });
}

}    // namespace

template <class T>
Variable<T> detail::checkpointed(std::function<Variable<T>(const Variables<T>&)> f, const Variables<T>& x) {
    if (!is_recording()) return f(x);
    const auto random = std::make_shared<const Generator>(default_generator());
    Variables<T> own;
    for (const auto& input : x) {
        own.push_back(input.detach());
        own.back().requires_grad(input.requires_grad());
    }
    Variable<T> y;
    Variables<T> leaves;
    {
        const std::uint64_t first = Variable<T>(Array<T>()).id();
        y = f(own);
        leaves = other_leaves(y, own, first);
    }
    auto again = [f = std::move(f), random, leaves](const Variables<T>& in) {
        Generator generator(*random);
        GeneratorGuard guard(generator);
        const std::uint64_t first = Variable<T>(Array<T>()).id();
        const Variable<T> result = f(in);
        if (is_recording() && !same_leaves(other_leaves(result, in, first), leaves))
            throw GradError(
                "[checkpoint] got a function that uses other parameters when it runs again; wanted the same: functions "
                "of parameters that were exchanged for a call must be swept within it");
        return Variables<T>{result};
    };
    Variables<T> inputs = x;
    inputs.insert(inputs.end(), leaves.begin(), leaves.end());
    const Variables<T> value{y.detach()};
    y = Variable<T>();
    return xtape::detail::recomputed<T>(again, inputs, x.size(), value)[0];
}

template <class T>
Variable<T> checkpoint_chain(const std::vector<std::function<Variable<T>(const Variable<T>&)>>& functions,
                             const Variable<T>& x) {
    const auto step = static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(functions.size()))));
    Variable<T> y = x;
    for (std::size_t i = 0; i < functions.size(); i += step) {
        const std::vector<std::function<Variable<T>(const Variable<T>&)>> some(
            functions.begin() + static_cast<std::ptrdiff_t>(i),
            functions.begin() + static_cast<std::ptrdiff_t>(std::min(i + step, functions.size())));
        y = checkpoint(
            [some](const Variable<T>& in) {
                Variable<T> result = in;
                for (const auto& f : some) result = f(result);
                return result;
            },
            y);
    }
    return y;
}

template <class T>
Variable<T> checkpoint_chain(ModuleList<T>& parts, const Variable<T>& x) {
    std::vector<std::function<Variable<T>(const Variable<T>&)>> functions;
    for (std::size_t i = 0; i < parts.size(); ++i)
        functions.push_back([part = &parts[i]](const Variable<T>& in) { return (*part)(in); });
    return checkpoint_chain(functions, x);
}

template Variable<float> detail::checkpointed(std::function<Variable<float>(const Variables<float>&)>,
                                              const Variables<float>&);
template Variable<double> detail::checkpointed(std::function<Variable<double>(const Variables<double>&)>,
                                               const Variables<double>&);
template Variable<float> checkpoint_chain(const std::vector<std::function<Variable<float>(const Variable<float>&)>>&,
                                          const Variable<float>&);
template Variable<double> checkpoint_chain(const std::vector<std::function<Variable<double>(const Variable<double>&)>>&,
                                           const Variable<double>&);
template Variable<float> checkpoint_chain(ModuleList<float>&, const Variable<float>&);
template Variable<double> checkpoint_chain(ModuleList<double>&, const Variable<double>&);

}    // namespace xtape::nn
