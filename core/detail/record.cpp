#include <xtape/core/detail/record.hpp>

#include <algorithm>

namespace xtape::detail {

template <class T>
Variable<T> zeros(const Shape& shape) {
    return make_variable<T>(View<T>{Storage<T>(1, T(0)), shape, Strides(shape.size(), 0), 0});
}

template <class T>
Variable<T> value_for_derivative(Node<T>& node, bool declared) {
    bool there = !node.ready.load(std::memory_order_acquire) || !std::as_const(node.value).storage().empty();
    if (declared || !there) {
        node.read();
        return Variable<T>(&node, typename Variable<T>::Adopt{});
    }
    auto shape_alone = make_variable<T>(make_array<T>(Storage<T>(), node.value.shape()));
    shape_alone.node().requires_grad = node.requires_grad;
    return shape_alone;
}

template <class T>
Variables<T> gradients_of_list(std::span<const Variable<T>> g, Node<T>& first) {
    Variables<T> gradients(g.begin(), g.end());
    for (std::size_t k = 0; k < gradients.size(); ++k)
        if (!gradients[k].defined()) gradients[k] = zeros<T>(first.output(k).value.shape());
    return gradients;
}

template <class T>
void attach(std::span<Variable<T>> outputs, const char* name, std::unique_ptr<Record<T>> record) {
    Node<T>& first = outputs[0].node();
    if (outputs.size() > 1) first.extra().siblings.reserve(outputs.size() - 1);
    // Ids grow along every graph, also where an input comes from another thread.
    bool older = std::any_of(record->inputs().begin(), record->inputs().end(),
                             [&](const Input<T>& input) { return input.node->id > first.id; });
    for (std::size_t k = 0; k < outputs.size(); ++k) {
        Node<T>& node = outputs[k].node();
        node.operation = name;
        node.requires_grad = true;
        node.number = static_cast<std::uint32_t>(k);
        if (older) node.id = k == 0 ? fresh_node_id() : next_node_id();
        if (k == 0) continue;
        node.first = &first;
        first.own();    // for the readers of this output
        first.extras->siblings.emplace_back(&node);
    }
    first.record = std::move(record);
}

template Variable<float> zeros(const Shape&);
template Variable<double> zeros(const Shape&);
template Variable<float> value_for_derivative(Node<float>&, bool);
template Variable<double> value_for_derivative(Node<double>&, bool);
template Variables<float> gradients_of_list(std::span<const Variable<float>>, Node<float>&);
template Variables<double> gradients_of_list(std::span<const Variable<double>>, Node<double>&);
template void attach(std::span<Variable<float>>, const char*, std::unique_ptr<Record<float>>);
template void attach(std::span<Variable<double>>, const char*, std::unique_ptr<Record<double>>);

}    // namespace xtape::detail
