#include <xtape/train/distributed/detail/records.hpp>

#include <string>
#include <utility>
#include <variant>

namespace xtape::train::detail {
namespace {

std::string prefix_of(std::size_t shard) { return "shards." + std::to_string(shard); }

template <class T>
typename Team<T>::Shard read_shard(const State& record) {
    typename Team<T>::Shard shard{share(record.get<Array<T>>("outputs")), {}};
    shard.answers.labels = share(record.get<Indices>("labels"));
    if (record.contains("targets")) shard.answers.targets = Variable<T>(share(record.get<Array<T>>("targets")));
    return shard;
}

}    // namespace

template <class T>
void Records<T>::add(std::size_t shard, const typename Objective<T>::Result& found, const Batch<T>& batch,
                     bool outputs) {
    State record;
    record.add("loss", static_cast<double>(found.loss.item()));
    if (outputs && found.outputs.defined()) {
        record.add("outputs", share(found.outputs.value()));
        record.add("labels", share(batch.labels));
        if (batch.targets.defined()) record.add("targets", share(batch.targets.value()));
    }
    mine_.add(prefix_of(shard), record);
}

template <class T>
void Records<T>::add_counts(const State& buffers) {
    for (const auto& [name, value] : buffers)
        if (std::holds_alternative<std::int64_t>(value)) mine_.add("counts." + name, value);
}

template <class T>
void Records<T>::add_run(bool stop, double seconds) {
    if (stop) mine_.add("stop", std::int64_t{1});
    if (transport_.rank() == 0) mine_.add("seconds", seconds);
}

template <class T>
void Records<T>::send() {
    if (!gathering_ && transport_.size() > 1) gathering_.emplace(transport_, mine_, block_);
}

template <class T>
auto Records<T>::finish(const std::vector<double>& weights) -> All {
    send();
    All all;
    const std::vector<State> ranks = gathering_ ? gathering_->finish() : std::vector<State>{std::move(mine_)};
    for (const State& rank : ranks) {
        all.whole.stop = all.whole.stop || rank.contains("stop");
        if (rank.contains("seconds")) all.whole.seconds = rank.get<double>("seconds");
        for (const auto& [name, value] : rank.child("counts")) all.counts.add(name, value);
        for (std::size_t shard = 0; shard < weights.size(); ++shard) {
            const State record = rank.child(prefix_of(shard));
            if (record.empty()) continue;
            all.whole.loss += weights[shard] * record.get<double>("loss");
            if (record.contains("outputs")) all.whole.shards.push_back(read_shard<T>(record));
        }
    }
    return all;
}

template class Records<float>;
template class Records<double>;

}    // namespace xtape::train::detail
