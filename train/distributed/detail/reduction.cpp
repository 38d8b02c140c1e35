#include <xtape/train/distributed/detail/gradient_sweep.hpp>
#include <xtape/train/distributed/detail/reduction.hpp>

#include <algorithm>
#include <utility>

namespace xtape::train::detail {
namespace {

template <class T>
void add(Array<T>& lower, const Array<T>& upper) {
    if (upper.storage().empty()) return;    // of absent shards
    T* out = lower.storage().data();
    const T* in = upper.storage().data();
    for (std::size_t i = 0; i < upper.size(); ++i) out[i] += in[i];
}

}    // namespace

template <class T>
Reduction<T>::Reduction(Transport& transport, const Buckets<T>& buckets, const Shares& shares, ReductionOptions options)
    : transport_(transport),
      buckets_(buckets),
      shares_(shares),
      options_(options),
      total_(buckets.empty()),
      exchanges_(buckets.count()) {
    const std::size_t end =
        shares.rank + 1 < shares.places.size() ? shares.places[shares.rank + 1] : shares.nodes.size();
    steps_ = steps_of(std::span(shares.nodes).subspan(shares.places[shares.rank], end - shares.places[shares.rank]));
    for (const Step& step : steps_) {
        shards_ += step.is_shard;
        open_ = step.is_shard ? 0 : open_ + 1;
    }
}

template <class T>
Reduction<T>::~Reduction() {
    for (auto& exchange : exchanges_)
        if (exchange) transport_.keep(std::move(exchange));
}

template <class T>
auto Reduction<T>::sweep(const Variable<T>& loss) -> Values& {
    begin_shard();
    missing_.clear();
    for (std::size_t b = 0; b < buckets_.count(); ++b) missing_.push_back(buckets_.parameters(b));
    sweep_gradients<T>(buckets_, loss, [this](std::size_t i, const Array<T>* gradient) { arrive(i, gradient); });
    return stack_.back();
}

template <class T>
void Reduction<T>::push(Values values) {
    begin_shard();
    stack_.back() = std::move(values);
}

// Adds what the tree adds up before the next shard.
template <class T>
void Reduction<T>::begin_shard() {
    for (; !steps_[next_step_].is_shard; ++next_step_) {
        const Values upper = std::move(stack_.back());
        stack_.pop_back();
        for (std::size_t b = 0; b < buckets_.count(); ++b) add(stack_.back()[b], upper[b]);
    }
    stack_.push_back(buckets_.empty());
    ++next_step_;
    ++shards_done_;
}

template <class T>
void Reduction<T>::arrive(std::size_t i, const Array<T>* gradient) {
    buckets_.write(stack_.back(), i, gradient);
    --missing_[buckets_.places()[i].bucket];
    if (!options_.overlap || !at_last_shard()) return;
    while (posted_ < buckets_.tail() && missing_[posted_] == 0) post(posted_++);
    progress();
}

template <class T>
void Reduction<T>::post(std::size_t bucket) {
    for (std::size_t k = 0; k < open_; ++k)
        add(stack_[stack_.size() - 2 - k][bucket], stack_[stack_.size() - 1 - k][bucket]);
    std::vector<Array<T>> mine;
    for (std::size_t i = 0; i < shares_.present_nodes[shares_.rank]; ++i) mine.push_back(std::move(stack_[i][bucket]));
    if (transport_.size() == 1) {
        total_[bucket] = std::move(mine.front());
        return;
    }
    auto begin = [&]<class Exchange>(std::type_identity<Exchange>) {
        exchanges_[bucket] = std::make_unique<Exchange>(transport_, shares_, std::move(mine), buckets_.size(bucket),
                                                        static_cast<int>(2 * bucket));
    };
    if (options_.bfloat16 && bucket != buckets_.tail())
        begin(std::type_identity<TreeExchange<T, BFloat16>>());
    else
        begin(std::type_identity<TreeExchange<T>>());
}

// Whether all that was posted is complete.
template <class T>
bool Reduction<T>::progress() {
    bool all = true;
    for (std::size_t b = 0; b < posted_; ++b) {
        if (!exchanges_[b]) continue;
        if (exchanges_[b]->test()) {
            total_[b] = exchanges_[b]->take();
            exchanges_[b].reset();
        } else {
            all = false;
        }
    }
    return all;
}

template <class T>
auto Reduction<T>::finish() -> Values {
    struct Rest final : Pending {
        explicit Rest(Reduction& of) : reduction(of) {}
        bool test() override { return reduction.progress(); }
        Reduction& reduction;
    } rest(*this);
    while (posted_ < buckets_.count()) post(posted_++);
    transport_.wait(rest, "gradients");
    return std::move(total_);
}

template class Reduction<float>;
template class Reduction<double>;

}    // namespace xtape::train::detail
