#include <xtape/core/threads.hpp>
#include <xtape/train/distributed/detail/shard_tree.hpp>

#include <algorithm>
#include <functional>

namespace xtape::train::detail {
namespace {

void collect(Node node, Node share, std::vector<Node>& nodes) {
    if (node.last <= share.first || share.last <= node.first) return;
    if (share.first <= node.first && node.last <= share.last) {
        nodes.push_back(node);
        return;
    }
    collect(node.lower(), share, nodes);
    collect(node.upper(), share, nodes);
}

void add_steps(Node node, std::vector<Step>& steps) {
    if (node.size() == 1) {
        steps.push_back({true, node.first});
        return;
    }
    add_steps(node.lower(), steps);
    add_steps(node.upper(), steps);
    steps.push_back({false, 0});
}

}    // namespace

Node share_of(std::size_t rank, std::size_t ranks, std::size_t shards) {
    auto begin = [&](std::size_t r) { return r * (shards / ranks) + std::min(r, shards % ranks); };
    return {begin(rank), begin(rank + 1)};
}

std::vector<Node> nodes_within(Node share, std::size_t shards) {
    std::vector<Node> nodes;
    if (share.size() > 0) collect({0, shards}, share, nodes);
    return nodes;
}

std::vector<Step> steps_of(std::span<const Node> nodes) {
    std::vector<Step> steps;
    for (Node node : nodes) add_steps(node, steps);
    return steps;
}

template <class T>
void sum_tree(std::span<const Node> leaves, std::span<T* const> values, std::size_t count, std::size_t shards,
              std::size_t present) {
    xtape::detail::parallel_for(count, xtape::detail::parallel_elements, [&](std::size_t begin, std::size_t end) {
        std::size_t next = 0;
        // The place of the node's sum; null where all of its shards are absent.
        const std::function<T*(Node)> sum = [&](Node node) -> T* {
            if (node == leaves[next]) {
                T* value = values[next++];
                return node.first < present ? value : nullptr;
            }
            T* lower = sum(node.lower());
            const T* upper = sum(node.upper());
            if (upper != nullptr)
                for (std::size_t i = begin; i < end; ++i) lower[i] += upper[i];
            return lower;
        };
        sum({0, shards});
    });
}

template void sum_tree(std::span<const Node>, std::span<float* const>, std::size_t, std::size_t, std::size_t);
template void sum_tree(std::span<const Node>, std::span<double* const>, std::size_t, std::size_t, std::size_t);

}    // namespace xtape::train::detail
