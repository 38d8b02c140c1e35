// DataLoader<T>: batches of a data set, epoch after epoch.
#pragma once

#include <xtape/core/random.hpp>
#include <xtape/core/state.hpp>
#include <xtape/train/data/dataset.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <vector>

namespace xtape::train {

// Changes a batch's inputs in place, at random from the given stream: see augment.hpp.
template <class T>
using BatchTransform = std::function<void(Array<T>& inputs, Stream& stream)>;

struct LoaderOptions {
    std::size_t batch_size = 32;
    bool shuffle = false;
    bool drop_last = false;    // leave out a last batch that is smaller than the others
    // Examples are drawn with replacement, each with the probability that its class's weight gives it (of the sum over
    // all examples); an epoch has as many draws as there are examples.
    std::vector<double> class_weights = {};
    bool prefetch = false;                     // fetch the next batch on a thread of its own meanwhile
    std::optional<std::uint64_t> seed = {};    // none: drawn from default_generator().shuffling()
};

// What of each batch a process is given, where several share the work: the shards `first` to `last` - 1 of those that
// the batch is cut into.
struct Cut {
    std::size_t shards = 1;
    std::size_t first = 0, last = 1;
    bool operator==(const Cut&) const = default;

    // Shard `i` of `count` examples begins here; the first count % shards shards have one example more than the others.
    std::size_t begin(std::size_t i, std::size_t count) const {
        return i * (count / shards) + std::min(i, count % shards);
    }
    std::size_t size(std::size_t i, std::size_t count) const { return begin(i + 1, count) - begin(i, count); }
};

// A batch, or some shards of it.
template <class T>
struct Parts {
    std::vector<Batch<T>> shards = {};    // those of the cut; one without examples has no inputs
    std::size_t examples = 0;             // of the whole batch
};

// Walks through a data set in batches, each changed by the transform, if there is one:
//
//     for (const Batch<float>& batch : loader) ...    // one epoch
//
// Each epoch has an order of its own. Everything random depends on the seed, the epoch and the place within it alone,
// so that a loader's position (seed, epoch, batches given) is its whole state: a loader that has taken over the state
// of another goes on with the batches that would have followed, whether either prefetches or not. A batch is one gather
// of its examples; without shuffling or class weights it may be a share of them.
template <class T>
class DataLoader {
public:
    // Throws std::invalid_argument for a batch size of 0, an empty data set, drop_last with fewer examples than a
    // batch, or class weights that are negative, all 0, without labels, or not one for each class.
    explicit DataLoader(Dataset<T> data, LoaderOptions options = {}, BatchTransform<T> transform = {});
    DataLoader(const DataLoader&) = delete;
    DataLoader& operator=(const DataLoader&) = delete;
    ~DataLoader();

    // The number of batches of an epoch.
    std::size_t size() const;
    const Dataset<T>& data() const { return data_; }
    const LoaderOptions& options() const { return options_; }
    // The epoch that is under way, counted from 0, and how many of its batches have been given.
    std::size_t epoch() const { return epoch_; }
    std::size_t batches_given() const { return given_; }

    // The next batch, or null at the end of an epoch, after which the next one begins. The batch lives until the next
    // call.
    const Batch<T>* next();
    // Those shards of the next batch that the cut names, each changed by the transform with a random stream of its own:
    // a shard is the same whoever is given it. Throws std::invalid_argument for a cut that is none.
    const Parts<T>* next(const Cut& cut);
    // Goes back to the beginning of the epoch that is under way, or on to the next when part of it was given.
    void restart();
    // What an iteration begins with: restart(), unless the position has just been loaded.
    void start() {
        if (!resumed_) restart();
    }

    State state() const;
    // Throws StateError, having changed nothing, when the state is that of another loader: of other data, or options
    // that give other batches.
    void load_state(const State& state);

    class Iterator {
    public:
        using value_type = Batch<T>;
        using difference_type = std::ptrdiff_t;
        explicit Iterator(DataLoader& loader) : loader_(&loader), batch_(loader.next()) {}
        const Batch<T>& operator*() const { return *batch_; }
        const Batch<T>* operator->() const { return batch_; }
        Iterator& operator++() {
            batch_ = loader_->next();
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const Iterator& a, std::default_sentinel_t) { return a.batch_ == nullptr; }

    private:
        DataLoader* loader_;
        const Batch<T>* batch_;
    };
    // An epoch from its beginning; or, right after load_state, what is left of the one that was under way.
    Iterator begin();
    std::default_sentinel_t end() const { return {}; }

private:
    class Prefetcher;

    void make_order();
    Parts<T> make_batch(std::size_t number, const Cut& cut) const;
    Batch<T> make_shard(std::size_t begin, std::size_t end, Stream stream) const;
    State layout() const;

    Dataset<T> data_;
    LoaderOptions options_;
    BatchTransform<T> transform_;
    std::uint64_t key_;
    std::size_t epoch_ = 0;
    std::size_t given_ = 0;
    bool resumed_ = false;
    std::vector<double> cumulative_;     // of the examples' weights
    std::vector<std::int64_t> order_;    // of the epoch; empty when it is to be made
    Parts<T> parts_;
    std::unique_ptr<Prefetcher> prefetcher_;
};

extern template class DataLoader<float>;
extern template class DataLoader<double>;

}    // namespace xtape::train
