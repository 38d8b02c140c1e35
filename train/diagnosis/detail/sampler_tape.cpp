// What the tape says of a model: its activation functions, and by which operations the loss comes from the outputs.
#include <xtape/train/diagnosis/detail/sampler.hpp>

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace xtape::train::detail {
namespace {

constexpr std::string_view activations[] = {
    "relu",     "relu6",   "leaky_relu",  "prelu", "elu", "celu",     "selu",      "gelu",     "silu",     "mish",
    "softplus", "sigmoid", "hardsigmoid", "tanh",  "map", "hardtanh", "hardswish", "softsign", "gelu_tanh"};

bool is_activation(const char* operation) {
    return operation != nullptr &&
           std::find(std::begin(activations), std::end(activations), operation) != std::end(activations);
}

// A handle to a recorded value, if its elements are still there.
template <class T>
Variable<T> handle(xtape::detail::Node<T>* node) {
    node->read();
    Variable<T> result(node, typename Variable<T>::Adopt{});
    if (node->ready && node->value.storage().size() != element_count(node->value.shape())) return {};
    return result;
}

}    // namespace

// What the tape says of the model's end: by which operations the loss comes from the outputs.
template <class T>
void Sampler<T>::see_operations(const Variable<T>& outputs, const Variable<T>& loss) {
    into_.loss_operations.clear();
    into_.bare_layers.clear();
    if (!outputs.defined()) return;
    into_.output_operation = outputs.operation();
    std::vector<xtape::detail::Node<T>*> pending{&loss.node()};
    std::unordered_set<const void*> met{&outputs.node(), pending.front()};
    while (!pending.empty()) {
        auto* node = pending.back();
        pending.pop_back();
        if (node->operation != nullptr) into_.loss_operations.emplace_back(node->operation);
        const auto& record = node->recorded().record;
        if (record == nullptr) continue;
        for (const auto& input : record->inputs())
            if (met.insert(input.node).second) pending.push_back(input.node);
    }
    std::sort(into_.loss_operations.begin(), into_.loss_operations.end());
    std::unordered_set<const void*> linear;
    for (const Seen& layer : seen_) {
        if (std::string_view(layer.output.operation()) != "addmm" || layer.output.node().record == nullptr) continue;
        for (const auto& input : layer.output.node().record->inputs())
            if (linear.contains(input.node)) into_.bare_layers.push_back(layer.name);
        linear.insert(&layer.output.node());
    }
}

// Activation functions are seldom layers: they are found on the tape, and named after the layer that they follow.
template <class T>
void Sampler<T>::find_activations(const Variable<T>& last) {
    using Node = xtape::detail::Node<T>;
    std::vector<std::pair<const Node*, std::string>> layers;
    for (const Seen& layer : seen_) layers.emplace_back(&layer.output.node(), layer.name);
    auto layer_of = [&](const Node* node) -> const std::string* {
        for (const auto& [known, name] : layers)
            if (known == node) return &name;
        return nullptr;
    };
    std::vector<Node*> pending{&last.node()};
    std::unordered_set<const Node*> met{pending.front()};
    while (!pending.empty()) {
        Node* node = pending.back();
        pending.pop_back();
        const auto& record = node->recorded().record;
        if (record == nullptr) continue;
        for (const auto& input : record->inputs())
            if (met.insert(input.node).second) pending.push_back(input.node);
        if (into_.empty() && node->operation != nullptr && std::string_view(node->operation) == "dropout")
            see_dropout(handle(record->inputs()[0].node), handle(node));
        if (!is_activation(node->operation) || layer_of(node) != nullptr || seen_.size() >= most_layers) continue;
        // The first layer on the way back along first inputs.
        std::string name;
        for (const Node* before = node;;) {
            const auto& made_by = before->recorded().record;
            if (made_by == nullptr || made_by->inputs().empty()) break;
            before = made_by->inputs()[0].node;
            if (const std::string* found = layer_of(before)) {
                name = *found;
                break;
            }
        }
        Variable<T> output = handle(node);
        if (output.defined() && output.dimension() > 0)
            seen_.push_back({std::string(node->operation) + "(" + name + ")", std::move(output)});
    }
}

// How many of the values that were not 0 are 0 afterwards.
template <class T>
void Sampler<T>::see_dropout(const Variable<T>& before, const Variable<T>& after) {
    if (!before.defined() || !after.defined() || before.size() != after.size()) return;
    std::size_t living = 0, left = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
        living += before.value().storage()[i] != 0 ? 1 : 0;
        left += after.value().storage()[i] != 0 ? 1 : 0;
    }
    if (living > 0)
        into_.dropped = std::max(into_.dropped, 1 - static_cast<double>(left) / static_cast<double>(living));
}

template void Sampler<float>::see_operations(const Variable<float>&, const Variable<float>&);
template void Sampler<double>::see_operations(const Variable<double>&, const Variable<double>&);
template void Sampler<float>::find_activations(const Variable<float>&);
template void Sampler<double>::find_activations(const Variable<double>&);
template void Sampler<float>::see_dropout(const Variable<float>&, const Variable<float>&);
template void Sampler<double>::see_dropout(const Variable<double>&, const Variable<double>&);

}    // namespace xtape::train::detail
