// The tree over shards by which sums are taken, whoever has the shards.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace xtape::train::detail {

// The shards `first` to `last` - 1. A node of more than one is the sum of its lower half, which has one more where they
// are odd, and its upper half.
struct Node {
    std::size_t first, last;

    std::size_t size() const { return last - first; }
    Node lower() const { return {first, first + (size() + 1) / 2}; }
    Node upper() const { return {first + (size() + 1) / 2, last}; }
    bool operator==(const Node&) const = default;
};

// The shards of each of `ranks` processes: as even as can be, in order, the first ones having one more.
Node share_of(std::size_t rank, std::size_t ranks, std::size_t shards);

// The largest nodes of the tree over all shards that lie within a share, in order: what a process can sum by itself.
std::vector<Node> nodes_within(Node share, std::size_t shards);

// What to do in order to sum nodes one after another with a stack: take a shard, or add up the two that came last.
struct Step {
    bool is_shard;
    std::size_t shard;
};
std::vector<Step> steps_of(std::span<const Node> nodes);

// out = the sum of the tree, element by element. Its leaves are nodes, whose values lie in order in `values`: null
// where all of a leaf's shards are absent, so that it adds nothing; the first never is.
template <class T>
void sum_tree(std::span<const Node> leaves, std::span<const T* const> values, T* out, std::size_t count,
              std::size_t shards);

}    // namespace xtape::train::detail
