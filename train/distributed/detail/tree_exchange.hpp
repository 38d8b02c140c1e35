// A sum over the shards of all ranks, by the tree.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/train/distributed/detail/bfloat16.hpp>
#include <xtape/train/distributed/detail/shard_tree.hpp>
#include <xtape/train/distributed/detail/transport.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace xtape::train::detail {

// Who has which nodes of the tree over `shards`; shards from `present` on have no examples.
struct Shares {
    Shares(std::size_t rank, std::size_t ranks, std::size_t shards, std::size_t present);

    std::size_t rank, shards;
    std::vector<Node> nodes;                   // of all ranks, in order
    std::vector<std::size_t> places;           // where each rank's begin
    std::vector<std::size_t> present_nodes;    // how many of each rank's have examples: they come first
};

// A sum over ranks that is under way.
template <class T>
class SumExchange : public Pending {
public:
    virtual Array<T> take() = 0;    // the sum, when it is complete
};

// Each rank gets a part of all ranks' nodes, sums them, and gives the sum to all: two exchanges that add nothing up.
// Every rank sends and receives about twice the array, whatever the number of ranks. On the way numbers are of the type
// Wire: bfloat16 halves the messages, and every rank has the same rounded sum.
template <class T, class Wire = T>
class TreeExchange final : public SumExchange<T> {
public:
    // `mine` are arrays of `count` elements, one for each of this rank's nodes that has examples. Its messages have the
    // tags `tag` and tag + 1.
    TreeExchange(Transport& transport, const Shares& shares, std::vector<Array<T>> mine, std::size_t count, int tag);
    bool test() override;
    Array<T> take() override { return std::move(total_); }

private:
    void spread();
    void sum();
    void gather();
    std::size_t part(std::size_t rank) const { return cut_[rank + 1] - cut_[rank]; }

    Transport& transport_;
    const Shares& shares_;
    std::vector<Array<T>> mine_;
    int tag_;
    std::vector<std::size_t> cut_;    // where the part of each rank begins, and the end
    Array<T> total_;
    Storage<Wire> out_, in_, wire_;    // what is sent, what has come, the sum on its way
    std::unique_ptr<Pending> spreading_, gathering_;
};

extern template class TreeExchange<float>;
extern template class TreeExchange<double>;
extern template class TreeExchange<float, BFloat16>;
extern template class TreeExchange<double, BFloat16>;

}    // namespace xtape::train::detail
