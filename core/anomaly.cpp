#include <xtape/core/anomaly.hpp>

#include <cmath>
#include <string>

namespace xtape {

AnomalyGuard::AnomalyGuard() : before_(detail::mode) {
    detail::mode.watching = true;
    detail::mode.watched_from = detail::fresh_node_id() + 1;
}

namespace detail {
namespace {

template <class T>
const T* first_not_finite(const Array<T>& value) {
    for (const T& element : value.storage())
        if (!std::isfinite(element)) return &element;
    return nullptr;
}

template <class T>
std::string words(const Node<T>& node) {
    const std::string name = node.extras == nullptr ? "" : node.extras->name;
    return (name.empty() ? "" : name + " ") + to_string(node.value.shape());
}

// Values under the guard are numbered from 1, leaves included, in the order in which they were made.
template <class T>
std::string place(const Node<T>& node) {
    if (node.id < mode.watched_from) return "recorded before the guard";
    return "value number " + std::to_string(node.id - mode.watched_from + 1) + " under the guard";
}

std::string quote(double number, std::size_t index) {
    return std::to_string(number) + " at element " + std::to_string(index);
}

}    // namespace

template <class T>
void watch(const Variable<T>& value, const char* operation, std::span<const Variable<T>* const> inputs) {
    const T* bad = first_not_finite(value.value());
    if (bad == nullptr) return;
    std::string shapes;
    bool poisoned = false;
    for (const auto* input : inputs) {
        shapes += (shapes.empty() ? "" : ", ") + words(input->node());
        poisoned = poisoned || first_not_finite(input->value()) != nullptr;
    }
    auto index = static_cast<std::size_t>(bad - value.value().storage().data());
    throw AnomalyError("[" + std::string(operation) + "] computed " + quote(double(*bad), index) + " from inputs " +
                       shapes + (poisoned ? ", which are not all finite themselves" : "") + "; " + place(value.node()));
}

template <class T>
void watch_gradient(const Variable<T>& gradient, Node<T>& node, std::size_t input) {
    const T* bad = first_not_finite(gradient.value());
    if (bad == nullptr) return;
    std::string shapes;
    for (const auto& each : node.recorded().record->inputs())
        shapes += (shapes.empty() ? "" : ", ") + words(*each.node);
    auto index = static_cast<std::size_t>(bad - gradient.value().storage().data());
    throw AnomalyError("[" + std::string(node.operation) + "] its derivative for input " + std::to_string(input) +
                       " is " + quote(double(*bad), index) + "; inputs " + shapes + ", output " + words(node) + "; " +
                       place(node));
}

template void watch(const Variable<float>&, const char*, std::span<const Variable<float>* const>);
template void watch(const Variable<double>&, const char*, std::span<const Variable<double>* const>);
template void watch_gradient(const Variable<float>&, Node<float>&, std::size_t);
template void watch_gradient(const Variable<double>&, Node<double>&, std::size_t);

}    // namespace detail
}    // namespace xtape
