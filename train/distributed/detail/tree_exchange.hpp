// A sum over the shards of all ranks, by the tree.
#pragma once

#include <xtape/train/distributed/detail/shard_tree.hpp>
#include <xtape/train/distributed/detail/transport.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace xtape::train::detail {

// Each rank gets a part of all ranks' nodes, sums them, and gives the sum to all: two exchanges that add nothing up, so
// that MPI may make them in any way. Every rank sends and receives about twice the array, whatever the number of ranks.
template <class T>
class TreeExchange final : public Pending {
public:
    // `mine` are arrays of `count` elements, one for each of this rank's nodes; all get the sum in `total`, which may
    // be the first of them. Shards from `present` on are absent.
    TreeExchange(Transport& transport, std::size_t shards, std::size_t present, std::span<const T* const> mine,
                 T* total, std::size_t count);
    bool test() override;

private:
    void sum();
    std::size_t part(std::size_t rank) const { return cut_[rank + 1] - cut_[rank]; }

    Transport& transport_;
    std::size_t shards_, present_;
    T* total_;
    std::vector<std::size_t> cut_;    // where the part of each rank begins, and the end
    std::vector<Node> nodes_;         // of all ranks, in order
    std::vector<T> out_, in_;
    std::vector<std::size_t> sizes_;    // of the parts, in bytes
    std::unique_ptr<Pending> spread_, gather_;
};

extern template class TreeExchange<float>;
extern template class TreeExchange<double>;

}    // namespace xtape::train::detail
