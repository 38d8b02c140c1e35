#include <xtape/core/backward.hpp>
#include <xtape/core/mode.hpp>
#include <xtape/core/random.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/train/distributed/data_parallel.hpp>
#include <xtape/train/distributed/detail/flat_gradient.hpp>
#include <xtape/train/distributed/detail/shard_tree.hpp>
#include <xtape/train/distributed/detail/tree_exchange.hpp>
#include <xtape/train/loop/detail/buffers.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace xtape::train {
namespace {

using detail::Node;

// What one shard has found, on its way to all ranks.
template <class T>
void add_record(State& records, std::size_t shard, double loss, const Variable<T>& outputs, const Batch<T>& batch,
                bool wants_outputs) {
    const std::string prefix = "shards." + std::to_string(shard) + ".";
    records.add(prefix + "loss", loss);
    if (!wants_outputs || !outputs.defined()) return;
    records.add(prefix + "outputs", share(outputs.value()));
    records.add(prefix + "labels", share(batch.labels));
    if (batch.targets.defined()) records.add(prefix + "targets", share(batch.targets.value()));
}

template <class T>
typename Team<T>::Shard read_shard(const State& record) {
    typename Team<T>::Shard shard{share(record.get<Array<T>>("outputs")), {}};
    shard.answers.labels = share(record.get<Indices>("labels"));
    if (record.contains("targets")) shard.answers.targets = Variable<T>(share(record.get<Array<T>>("targets")));
    return shard;
}

}    // namespace

template <class T>
class DataParallel<T>::Work {
public:
    Work(World& of, DataParallelOptions how)
        : world(of),
          options(how),
          shards(how.shards.value_or(of.size())),
          share(detail::share_of(of.rank(), of.size(), shards)),
          nodes(detail::nodes_within(share, shards)) {}

    // One rank without shards does what a trainer without a team does.
    bool is_alone() const { return world.size() == 1 && !options.shards; }
    Whole add_gradient_alone(const Parts<T>& parts, const Measure& measure, Wanted wanted) {
        const Batch<T>& batch = parts.shards.front();
        const auto [loss, outputs] = measure(batch);
        State records;
        add_record(records, 0, static_cast<double>(loss.item()), outputs, batch, wanted.outputs);
        backward(wanted.scale == 1 ? loss : loss * wanted.scale);
        return collect(records, parts);
    }

    // Computes what this rank's shards add to the gradient, and sums it up by the tree as far as that goes.
    std::vector<Array<T>> sum_own(nn::Module<T>& model, const Parts<T>& parts, const Measure& measure, Wanted wanted,
                                  const detail::FlatGradient<T>& flat, State& records) {
        std::vector<Generator> generators = default_generator().split(shards);
        const State before = model.named_buffers();
        std::vector<Array<T>> stack;
        for (const detail::Step& step : detail::steps_of(nodes)) {
            if (step.is_shard) {
                stack.push_back(one_shard(model, parts, measure, wanted, flat, before, step.shard,
                                          generators[step.shard], records));
                detail::set_buffers(model, before);
                continue;
            }
            const Array<T> upper = std::move(stack.back());
            stack.pop_back();
            add(stack.back(), upper);
        }
        return stack;
    }

    // The shard's weighted gradient; empty for a shard without examples.
    Array<T> one_shard(nn::Module<T>& model, const Parts<T>& parts, const Measure& measure, Wanted wanted,
                       const detail::FlatGradient<T>& flat, const State& before, std::size_t shard,
                       Generator& generator, State& records) {
        const double weight = weight_of(parts, shard);
        if (weight == 0) return empty_array<T>({0});
        const Batch<T>& batch = parts.shards[shard - share.first];
        GeneratorGuard guard(generator);
        {
            const auto [loss, outputs] = measure(batch);
            add_record(records, shard, static_cast<double>(loss.item()), outputs, batch, wanted.outputs);
            backward(loss * (wanted.scale * weight));
        }
        Array<T> gradient = empty_array<T>({flat.size()});
        for (std::size_t i = 0; i < flat.places().size(); ++i) {
            Variable<T> parameter = flat.places()[i].parameter;
            flat.write(gradient, i, parameter.has_grad() ? &parameter.grad() : nullptr);
            parameter.zero_grad();
        }
        const State now = model.named_buffers();
        flat.write_buffers(gradient, before, now, weight);
        if (shard == 0)
            for (const auto& [name, value] : now)
                if (std::holds_alternative<std::int64_t>(value)) records.add("buffers." + name, value);
        return gradient;
    }

    static void add(Array<T>& lower, const Array<T>& upper) {
        if (upper.size() == 0) return;
        T* out = lower.storage().data();
        const T* in = upper.storage().data();
        for (std::size_t i = 0; i < upper.size(); ++i) out[i] += in[i];
    }

    // Over all ranks.
    Array<T> sum_all(std::vector<Array<T>> own, std::size_t count, std::size_t examples) {
        if (world.size() == 1) return std::move(own.front());
        detail::Transport& transport = world.transport();
        Array<T> total = empty_array<T>({count});
        if (options.shards) {
            std::vector<const T*> mine;
            for (Array<T>& each : own) {
                if (each.size() == 0) each = Array<T>(Shape{count}, T(0));    // of absent shards, which nobody adds
                mine.push_back(std::as_const(each).storage().data());
            }
            detail::TreeExchange<T> exchange(transport, shards, std::min(shards, examples), mine,
                                             total.storage().data(), count);
            transport.wait(exchange, "gradients");
        } else {
            if (own.empty() || own.front().size() == 0)
                total.fill(T(0));
            else
                total = std::move(own.front());
            world.sum(total);
        }
        return total;
    }

    Whole collect(const State& records, const Parts<T>& parts) {
        Whole whole;
        for (const State& each : world.all_gather(records)) {
            for (std::size_t shard = 0; shard < shards; ++shard) {
                const State record = each.child("shards." + std::to_string(shard));
                if (record.empty()) continue;
                whole.loss += weight_of(parts, shard) * record.get<double>("loss");
                if (record.contains("outputs")) whole.shards.push_back(read_shard<T>(record));
            }
            for (const auto& [name, value] : each.child("buffers")) buffers.add(name, value);
        }
        return whole;
    }

    double weight_of(const Parts<T>& parts, std::size_t shard) const {
        return static_cast<double>(Cut{shards, 0, shards}.size(shard, parts.examples)) /
               static_cast<double>(parts.examples);
    }

    World& world;
    DataParallelOptions options;
    std::size_t shards;
    Node share;    // of this rank
    std::vector<Node> nodes;
    State buffers;    // that are counts, after the step
};

template <class T>
DataParallel<T>::DataParallel(World& world, DataParallelOptions options) {
    if (options.shards == std::size_t{0})
        throw std::invalid_argument("[DataParallel] got shards = 0; wanted 1 or more, or none");
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
    const detail::FlatGradient<T> flat(model.named_parameters(), before);
    // What the parameters hold so far is set aside.
    std::vector<std::optional<Array<T>>> held(flat.places().size());
    for (std::size_t i = 0; i < held.size(); ++i) {
        Variable<T> parameter = flat.places()[i].parameter;
        if (!parameter.has_grad()) continue;
        held[i] = share(parameter.grad());
        parameter.zero_grad();
    }
    State records;
    auto own = work_->sum_own(model, parts, measure, wanted, flat, records);
    const Array<T> total = work_->sum_all(std::move(own), flat.size(), parts.examples);
    for (std::size_t i = 0; i < held.size(); ++i) {
        Variable<T> parameter = flat.places()[i].parameter;
        if (held[i]) parameter.set_grad(std::move(*held[i]));
    }
    flat.deposit(total);
    Whole whole = work_->collect(records, parts);
    State moved = flat.moved_buffers(total, before);
    for (const auto& [name, value] : std::exchange(work_->buffers, State())) moved.add(name, value);
    detail::set_buffers(model, moved);
    return whole;
}

template <class T>
typename Team<T>::Whole DataParallel<T>::evaluate(const Parts<T>& parts, const Measure& measure, Wanted wanted) {
    NoGrad no_grad;
    Generator unmoved = default_generator();    // whatever an evaluation draws, training goes on as without it
    std::vector<Generator> generators = unmoved.split(work_->shards);
    State records;
    for (std::size_t shard = work_->share.first; shard < work_->share.last; ++shard) {
        if (work_->weight_of(parts, shard) == 0) continue;
        const Batch<T>& batch = parts.shards[shard - work_->share.first];
        GeneratorGuard guard(generators[shard]);
        const auto [loss, outputs] = measure(batch);
        add_record(records, shard, static_cast<double>(loss.item()), outputs, batch, wanted.outputs);
    }
    return work_->collect(records, parts);
}

template <class T>
void DataParallel<T>::step(optim::Optimizer<T>& optimizer) {
    optimizer.step();
}

template <class T>
bool DataParallel<T>::any(bool here) {
    return work_->world.any(here);
}

template class DataParallel<float>;
template class DataParallel<double>;

}    // namespace xtape::train
