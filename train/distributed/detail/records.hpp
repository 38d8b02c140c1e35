// What the shards of a batch have found besides gradients: losses, outputs, answers, counts.
#pragma once

#include <xtape/train/distributed/detail/gathering.hpp>
#include <xtape/train/loop/team.hpp>

#include <cstddef>
#include <optional>

namespace xtape::train::detail {

// This rank's, on their way to all ranks.
template <class T>
class Records {
public:
    using Whole = typename Team<T>::Whole;

    Records(Transport& transport, std::size_t& block) : transport_(transport), block_(block) {}

    void add(std::size_t shard, const typename Objective<T>::Result& found, const Batch<T>& batch, bool outputs);
    // Buffers of the model that are counts: all shards count the same.
    void add_counts(const State& buffers);
    // Whether this rank wants to stop, and, of the first rank, its clock.
    void add_run(bool stop, double seconds);

    // Sends them, once.
    void send();

    struct All {
        Whole whole;
        State counts;
    };
    // Waits for those of all ranks. `weights` are those of the shards' losses.
    All finish(const std::vector<double>& weights);

private:
    Transport& transport_;
    std::size_t& block_;
    State mine_;
    std::optional<Gathering> gathering_;
};

extern template class Records<float>;
extern template class Records<double>;

}    // namespace xtape::train::detail
