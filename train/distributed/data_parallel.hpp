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
    // rank, and gradients are summed in the order that MPI finds fastest.
    std::optional<std::size_t> shards = {};
};

// Every rank runs the same program with the same seed, model, optimizer and loaders, and the trainer divides each
// batch:
//
//     train::DataParallel<float> parallel(world, {.shards = 8});
//     train::Trainer<float> trainer(net, optimizer, objective, {.epochs = 10, .team = &parallel});
//
// A loss is taken for a mean over the examples that it is given. A shard draws from random streams of its own, and
// its batch normalisation sees its own examples; the running statistics of all are averaged. Gradients are averaged
// over the batch and summed over the shards, by a tree over their numbers
// (docs/adr/same-bits-on-any-number-of-ranks.md). Clipping, averages, schedules and callbacks do the same on every
// rank; only rank 0 prints, and writes checkpoints and logs. Callbacks must decide the same on all ranks. A penalty is
// computed by all.
template <class T>
class DataParallel final : public Team<T> {
public:
    using typename Team<T>::Measure;
    using typename Team<T>::Wanted;
    using typename Team<T>::Whole;

    // Refers to the world, which must outlive it. Throws std::invalid_argument for shards = 0.
    explicit DataParallel(World& world, DataParallelOptions options = {});
    ~DataParallel() override;

    const DataParallelOptions& options() const;

    bool leads() const override;
    Cut cut() const override;
    void begin(const std::vector<Entry>& entries) override;
    Whole add_gradient(nn::Module<T>& model, const Parts<T>& parts, const Measure& measure, Wanted wanted) override;
    Whole evaluate(const Parts<T>& parts, const Measure& measure, Wanted wanted) override;
    void step(optim::Optimizer<T>& optimizer) override;
    bool any(bool here) override;

private:
    class Work;
    std::unique_ptr<Work> work_;
};

extern template class DataParallel<float>;
extern template class DataParallel<double>;

}    // namespace xtape::train
