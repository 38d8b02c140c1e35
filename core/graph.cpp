#include <xtape/core/graph.hpp>

#include <unordered_set>

namespace xtape {
namespace {

std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        result += c == '\n' ? ' ' : c;
    }
    return result + "\"";
}

template <class T>
std::string label(const detail::Node<T>& node) {
    std::string what = node.operation == nullptr ? "" : node.operation;
    if (node.extras != nullptr && !node.extras->name.empty()) what += (what.empty() ? "" : " ") + node.extras->name;
    if (what.empty()) what = node.requires_grad ? "leaf" : "constant";
    return what + " " + to_string(node.value.shape());
}

}    // namespace

template <class T>
std::string to_dot(const Variable<T>& variable) {
    std::string text = "digraph tape {\n    rankdir=BT;\n";
    std::vector<detail::Node<T>*> pending{&variable.node()};
    std::unordered_set<const detail::Node<T>*> seen{pending.front()};
    while (!pending.empty()) {
        detail::Node<T>* node = pending.back();
        pending.pop_back();
        auto name = [](const detail::Node<T>& n) { return "n" + std::to_string(n.id); };
        text += "    " + name(*node) + " [label=" + quoted(label(*node)) +
                ", shape=" + (node->operation == nullptr ? "ellipse" : "box") +
                (node->requires_grad ? "" : ", color=gray") + "];\n";
        auto* record = node->recorded().record.get();    // several outputs have one
        if (record == nullptr) continue;
        for (const auto& input : record->inputs()) {
            text += "    " + name(*input.node) + " -> " + name(*node) + (input.read ? "" : " [style=dashed]") + ";\n";
            if (seen.insert(input.node).second) pending.push_back(input.node);
        }
    }
    return text + "}\n";
}

template std::string to_dot(const Variable<float>&);
template std::string to_dot(const Variable<double>&);

}    // namespace xtape
