#include <xtape/core/threads.hpp>
#include <xtape/train/distributed/detail/shard_tree.hpp>

#include <algorithm>
#include <bit>

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

namespace {

// Sums a piece of the elements, which stays in the first cache.
template <class T>
class PieceSum {
public:
    static constexpr std::size_t size = 1024;

    PieceSum(std::span<const Node> leaves, std::span<const T* const> values, std::size_t shards)
        : leaves_(leaves), values_(values), shards_(shards), scratch_(size * std::bit_width(shards)) {}

    void write(T* out, std::size_t begin, std::size_t count) {
        next_ = 0;
        begin_ = begin;
        count_ = count;
        const T* total = sum({0, shards_}, out, scratch_.data());
        if (total != out) std::copy_n(total, count, out);
    }

private:
    // Where the node's sum is: in its only leaf, or in `out`; null where it is absent.
    const T* sum(Node node, T* out, T* scratch) {
        if (node == leaves_[next_]) {
            const T* value = values_[next_++];
            return value == nullptr ? nullptr : value + begin_;
        }
        const T* lower = sum(node.lower(), out, scratch);
        const T* upper = sum(node.upper(), scratch, scratch + size);
        if (upper == nullptr) return lower;
        for (std::size_t i = 0; i < count_; ++i) out[i] = lower[i] + upper[i];
        return out;
    }

    std::span<const Node> leaves_;
    std::span<const T* const> values_;
    std::size_t shards_, next_ = 0, begin_ = 0, count_ = 0;
    std::vector<T> scratch_;    // a piece for each level
};

}    // namespace

template <class T>
void sum_tree(std::span<const Node> leaves, std::span<const T* const> values, T* out, std::size_t count,
              std::size_t shards) {
    xtape::detail::parallel_for(count, xtape::detail::parallel_elements, [&](std::size_t begin, std::size_t end) {
        PieceSum<T> piece(leaves, values, shards);
        for (; begin < end; begin += piece.size) piece.write(out + begin, begin, std::min(piece.size, end - begin));
    });
}

template void sum_tree(std::span<const Node>, std::span<const float* const>, float*, std::size_t, std::size_t);
template void sum_tree(std::span<const Node>, std::span<const double* const>, double*, std::size_t, std::size_t);

}    // namespace xtape::train::detail
