// The sum of a step's gradients over shards and ranks.
#pragma once

#include <xtape/train/distributed/detail/buckets.hpp>
#include <xtape/train/distributed/detail/shard_tree.hpp>
#include <xtape/train/distributed/detail/tree_exchange.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace xtape::train::detail {

struct ReductionOptions {
    bool overlap = true;      // exchange a bucket when it is complete, while the sweep goes on
    bool bfloat16 = false;    // send all but the tail as such
};

// Takes this rank's shards in order, adds them up by the tree as far as that goes, and exchanges the rest with the
// other ranks, a bucket after the other. Buckets of the last shard leave as soon as they are complete; what is under
// way goes on whenever a gradient is complete.
template <class T>
class Reduction {
public:
    using Values = typename Buckets<T>::Values;

    Reduction(Transport& transport, const Buckets<T>& buckets, const Shares& shares, ReductionOptions options);
    Reduction(const Reduction&) = delete;
    Reduction& operator=(const Reduction&) = delete;
    ~Reduction();    // what is under way still, after an exception, is left to the transport

    // Sweeps the next shard's loss, which leaves no gradients in the parameters. The result is that shard's, whose tail
    // has no buffers yet.
    Values& sweep(const Variable<T>& loss);
    // Takes the next shard's gradients from elsewhere; empty ones where it has no examples.
    void push(Values values);
    // The sum over all shards and ranks.
    Values finish();

private:
    bool at_last_shard() const { return shards_done_ == shards_; }
    void begin_shard();
    void arrive(std::size_t i, const Array<T>* gradient);
    void post(std::size_t bucket);
    bool progress();

    Transport& transport_;
    const Buckets<T>& buckets_;
    const Shares& shares_;
    ReductionOptions options_;
    std::vector<Step> steps_;
    std::size_t next_step_ = 0, shards_ = 0, shards_done_ = 0;
    std::size_t open_ = 0;                // additions after the last shard, which each bucket makes for itself
    std::vector<Values> stack_;           // of nodes
    std::vector<std::size_t> missing_;    // gradients of each bucket of the shard that is being swept
    std::vector<bool> here_;              // which gradients have come
    std::size_t posted_ = 0;              // buckets, which leave in order
    Values total_;
    std::vector<std::unique_ptr<SumExchange<T>>> exchanges_;    // of buckets that are under way
};

extern template class Reduction<float>;
extern template class Reduction<double>;

}    // namespace xtape::train::detail
