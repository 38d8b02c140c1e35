#include <xtape/core/backward.hpp>
#include <xtape/core/error.hpp>
#include <xtape/core/mode.hpp>
#include <xtape/core/random.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/train/distributed/data_parallel.hpp>
#include <xtape/train/distributed/detail/buckets.hpp>
#include <xtape/train/distributed/detail/gradient_sweep.hpp>
#include <xtape/train/distributed/detail/lockstep.hpp>
#include <xtape/train/distributed/detail/optimizer_shares.hpp>
#include <xtape/train/distributed/detail/records.hpp>
#include <xtape/train/distributed/detail/reduction.hpp>
#include <xtape/train/loop/detail/buffers.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace xtape::train {
namespace {

// Sets aside what the parameters hold so far, and gives it back.
template <class T>
class HeldGradients {
public:
    explicit HeldGradients(const detail::Buckets<T>& buckets) : buckets_(buckets) {
        for (const auto& place : buckets.places()) {
            Variable<T> parameter = place.parameter;
            held_.push_back(parameter.has_grad() ? std::optional(share(parameter.grad())) : std::nullopt);
            parameter.zero_grad();
        }
    }
    void give_back() {
        for (std::size_t i = 0; i < held_.size(); ++i)
            if (held_[i]) Variable<T>(buckets_.places()[i].parameter).set_grad(std::move(*held_[i]));
    }

private:
    const detail::Buckets<T>& buckets_;
    std::vector<std::optional<Array<T>>> held_;
};

}    // namespace

template <class T>
class DataParallel<T>::Work {
public:
    Work(World& of, DataParallelOptions how)
        : world(of),
          options(how),
          shards(how.shards.value_or(of.size())),
          share(detail::share_of(of.rank(), of.size(), shards)) {}

    // One rank without shards does what a trainer without a team does.
    bool is_alone() const { return world.size() == 1 && !options.shards; }
    Whole add_gradient_alone(const Parts<T>& parts, const Measure& measure, Wanted wanted) {
        const Batch<T>& batch = parts.shards.front();
        detail::Records<T> records(world.transport(), block);
        const auto found = measure(batch);
        records.add(0, found, batch, wanted.outputs);
        records.add_run(wanted.stop, wanted.seconds);
        backward(wanted.scale == 1 ? found.loss : found.loss * wanted.scale);
        return records.finish({1.0}).whole;
    }

    // What computing a batch takes.
    struct Task {
        nn::Module<T>& model;
        const Parts<T>& parts;
        const Measure& measure;
        Wanted wanted;
        const detail::Buckets<T>& buckets;
        const State& before;    // the model's buffers
        detail::Records<T>& records;
        std::vector<double> weights;
        std::vector<Generator> generators;
    };
    using Values = typename detail::Buckets<T>::Values;

    // Sums up what all shards add to the gradient and to the buffers.
    Values sum(Task task) {
        task.weights = weights_of(task.parts);
        task.generators = default_generator().split(shards);
        task.records.add_run(task.wanted.stop, task.wanted.seconds);
        const std::size_t present = std::min(shards, task.parts.examples);
        const detail::Shares shares(world.rank(), world.size(), shards, present);
        detail::Reduction<T> reduction(world.transport(), task.buckets, shares,
                                       {.overlap = options.overlap, .bfloat16 = options.bfloat16});
        if (options.sync_batch_norm)
            add_side_by_side(task, reduction, present);
        else
            for (std::size_t shard = share.first; shard < share.last; ++shard) {
                if (shard < present)
                    add_shard(task, reduction, shard);
                else
                    reduction.push(task.buckets.empty());
            }
        task.records.send();
        return reduction.finish();
    }

    // The shard's part of the batch's loss, whose gradient is wanted.
    Variable<T> loss_of(Task& task, std::size_t shard) {
        const Batch<T>& batch = task.parts.shards[shard - share.first];
        const auto found = task.measure(batch);
        task.records.add(shard, found, batch, task.wanted.outputs);
        if (shard == 0) task.records.add_counts(task.model.named_buffers());
        return found.loss * (task.wanted.scale * task.weights[shard]);
    }

    // Beginning with the same buffers as the other shards.
    void add_shard(Task& task, detail::Reduction<T>& reduction, std::size_t shard) {
        const GeneratorGuard guard(task.generators[shard]);
        Variable<T> loss = loss_of(task, shard);
        if (shard + 1 == share.last && !options.sync_batch_norm) task.records.send();    // while the sweep runs
        Values& values = reduction.sweep(loss);
        task.buckets.write_buffers(values, task.before, task.model.named_buffers(), task.weights[shard]);
        detail::set_buffers(task.model, task.before);
    }

    // With the statistics of all shards.
    void add_side_by_side(Task& task, detail::Reduction<T>& reduction, std::size_t present) {
        const std::size_t last = std::max(share.first, std::min(share.last, present));
        const std::size_t count = last - share.first;
        std::vector<Values> values(count > 1 ? count : 0, task.buckets.empty());
        State now = task.model.named_buffers();
        std::vector<std::function<void()>> work;
        for (std::size_t i = 0; i < count; ++i)
            work.push_back([&, i] {
                const std::size_t shard = share.first + i;
                if (count == 1) return add_shard(task, reduction, shard);
                const GeneratorGuard guard(task.generators[shard]);
                const Variable<T> loss = loss_of(task, shard);
                detail::sweep_gradients<T>(task.buckets, loss, [&, i](std::size_t k, const Array<T>* gradient) {
                    task.buckets.write(values[i], k, gradient);
                });
            });
        detail::run_in_lockstep(world.transport(), block, present, share.first, work, [&](std::size_t i) {
            if (count == 1) return;
            State later = task.model.named_buffers();
            if (i > 0) refuse_changes(now, later);
            now = std::move(later);
        });
        for (std::size_t i = 0; i < values.size(); ++i) {
            task.buckets.write_buffers(values[i], task.before, now, task.weights[share.first + i]);
            reduction.push(std::move(values[i]));
        }
        if (count > 1) detail::set_buffers(task.model, task.before);
        for (std::size_t shard = std::max(share.first, last); shard < share.last; ++shard)
            reduction.push(task.buckets.empty());
    }

    // The first of a rank's shards moves the statistics for all of them.
    static void refuse_changes(const State& before, const State& now) {
        for (const auto& [name, value] : now)
            if (!identical(value, before.at(name)))
                throw Error("[DataParallel] got a model whose buffer '" + name +
                            "' changes in each shard's forward pass; wanted batch normalisations only with "
                            "sync_batch_norm, or one shard for each rank");
    }

    // The share of the batch's examples that each shard has.
    std::vector<double> weights_of(const Parts<T>& parts) const {
        const Cut whole{shards, 0, shards};
        std::vector<double> weights;
        for (std::size_t shard = 0; shard < shards; ++shard)
            weights.push_back(static_cast<double>(whole.size(shard, parts.examples)) /
                              static_cast<double>(parts.examples));
        return weights;
    }

    World& world;
    DataParallelOptions options;
    std::size_t shards;
    detail::Node share;         // of this rank
    std::size_t block = 256;    // bytes of a rank's records, see detail::Gathering
};

template <class T>
DataParallel<T>::DataParallel(World& world, DataParallelOptions options) {
    if (options.shards == std::size_t{0})
        throw std::invalid_argument("[DataParallel] got shards = 0; wanted 1 or more, or none");
    if (options.shards && options.bfloat16)
        throw std::invalid_argument(
            "[DataParallel] got bfloat16 with shards, whose bits would depend on the number of ranks; wanted either");
    work_ = std::make_unique<Work>(world, options);
}

template <class T>
DataParallel<T>::~DataParallel() = default;

template <class T>
const DataParallelOptions& DataParallel<T>::options() const {
    return work_->options;
}

template <class T>
bool DataParallel<T>::leads() const {
    return work_->world.is_root();
}

template <class T>
Cut DataParallel<T>::cut() const {
    return {work_->shards, work_->share.first, work_->share.last};
}

template <class T>
void DataParallel<T>::begin(const std::vector<Entry>& entries) {
    for (const Entry& entry : entries) {
        const State state = work_->world.broadcast(entry.state());
        if (!leads()) entry.load(state);
    }
}

template <class T>
typename Team<T>::Whole DataParallel<T>::add_gradient(nn::Module<T>& model, const Parts<T>& parts,
                                                      const Measure& measure, Wanted wanted) {
    if (work_->is_alone()) return work_->add_gradient_alone(parts, measure, wanted);
    const State before = model.named_buffers();
    const detail::Buckets<T> buckets(model.named_parameters(), before, work_->options.bucket_bytes);
    detail::Records<T> records(work_->world.transport(), work_->block);
    HeldGradients<T> held(buckets);
    const auto total = work_->sum({model, parts, measure, wanted, buckets, before, records, {}, {}});
    held.give_back();
    buckets.deposit(total);
    auto [whole, counts] = records.finish(work_->weights_of(parts));
    State moved = buckets.moved_buffers(total, before);
    for (const auto& [name, value] : counts) moved.add(name, value);
    detail::set_buffers(model, moved);
    return std::move(whole);
}

template <class T>
typename Team<T>::Whole DataParallel<T>::evaluate(const Parts<T>& parts, const Measure& measure, Wanted wanted) {
    NoGrad no_grad;
    Generator unmoved = default_generator();    // whatever an evaluation draws, training goes on as without it
    std::vector<Generator> generators = unmoved.split(work_->shards);
    const std::vector<double> weights = work_->weights_of(parts);
    detail::Records<T> records(work_->world.transport(), work_->block);
    for (std::size_t shard = work_->share.first; shard < work_->share.last; ++shard) {
        if (weights[shard] == 0) continue;
        const Batch<T>& batch = parts.shards[shard - work_->share.first];
        GeneratorGuard guard(generators[shard]);
        records.add(shard, measure(batch), batch, wanted.outputs);
    }
    return records.finish(weights).whole;
}

template <class T>
void DataParallel<T>::step(optim::Optimizer<T>& optimizer) {
    if (work_->options.shard_optimizer)
        detail::step_in_shares(work_->world, optimizer);
    else
        optimizer.step();
}

template <class T>
State DataParallel<T>::optimizer_state(const optim::Optimizer<T>& optimizer) {
    return work_->options.shard_optimizer ? detail::gather_state(work_->world, optimizer) : optimizer.state();
}

template class DataParallel<float>;
template class DataParallel<double>;

}    // namespace xtape::train
