// DataParallel<T>: a Trainer's team over MPI, whose ranks share each batch.
#pragma once

#include <xtape/train/distributed/world.hpp>
#include <xtape/train/loop/team.hpp>

#include <cstddef>
#include <memory>
#include <optional>

namespace xtape::train {

struct DataParallelOptions {
    // How many shards each batch is cut into, whatever the number of ranks. The run then gives the same bits on any
    // number of ranks, and one that was saved on four goes on, on one or two, to the same bits. None: one for each
    // rank, so that another number of ranks gives other last digits.
    std::optional<std::size_t> shards = {};
    // Gradients are exchanged in buckets: a parameter of so many bytes or more is one, smaller ones share one.
    std::size_t bucket_bytes = std::size_t{1} << 18;
    // Whether each leaves as soon as it is complete, while the sweep goes on, or all when it has ended. The bits are
    // the same.
    bool overlap = true;
    // Whether gradients are sent as bfloat16, half the bytes: what each rank has is rounded to 8 bits of precision (to
    // nearest, ties to even) on its way, and so is the sum, by 1/512 of each at most. All ranks have the same sum. Not
    // with `shards`, for where it is rounded depends on the number of ranks.
    bool bfloat16 = false;
    // Whether each parameter has one rank that makes its steps and keeps the optimizer's buffers for it, while the
    // others get its new values: so buffers take memory once instead of once a rank (ZeRO, Rajbhandari et al., 2020).
    // The bits are the same, and so are checkpoints, for which the leader gathers them.
    bool shard_optimizer = false;
    // Whether batch normalisation in training takes the statistics of the whole batch instead of those of each shard:
    // one more exchange for each such layer forward, and one backward. A rank that has several shards computes them
    // side by side, each on a thread of its own, of which one runs at a time; no other layer may change its buffers
    // then.
    bool sync_batch_norm = false;
};

// Every rank runs the same program with the same seed, model, optimizer and loaders, and the trainer divides each
// batch:
//
//     train::DataParallel<float> parallel(world, {.shards = 8});
//     train::Trainer<float> trainer(net, optimizer, objective, {.epochs = 10, .team = &parallel});
//
// A loss is taken for a mean over the examples that it is given. A shard draws from random streams of its own, and
// its batch normalisation sees its own examples, unless it is synchronised; the running statistics of all are averaged.
// Gradients are averaged over the batch and summed over the shards, by a tree over their numbers
// (docs/adr/same-bits-on-any-number-of-ranks.md). Clipping, averages, schedules and callbacks do the same on every
// rank; only rank 0 prints, and writes checkpoints and logs. Callbacks must decide the same on all ranks. A penalty is
// computed by all.
template <class T>
class DataParallel final : public Team<T> {
public:
    using typename Team<T>::Measure;
    using typename Team<T>::Wanted;
    using typename Team<T>::Whole;

    // Refers to the world, which must outlive it. Throws std::invalid_argument for shards = 0, and for bfloat16 with
    // shards.
    explicit DataParallel(World& world, DataParallelOptions options = {});
    ~DataParallel() override;

    const DataParallelOptions& options() const;

    bool leads() const override;
    Cut cut() const override;
    void begin(const std::vector<Entry>& entries) override;
    Whole add_gradient(nn::Module<T>& model, const Parts<T>& parts, const Measure& measure, Wanted wanted) override;
    Whole evaluate(const Parts<T>& parts, const Measure& measure, Wanted wanted) override;
    void step(optim::Optimizer<T>& optimizer) override;
    State optimizer_state(const optim::Optimizer<T>& optimizer) override;

private:
    class Work;
    std::unique_ptr<Work> work_;
};

extern template class DataParallel<float>;
extern template class DataParallel<double>;

}    // namespace xtape::train
