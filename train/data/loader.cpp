#include <xtape/train/data/loader.hpp>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>

namespace xtape::train {
namespace {

// Streams of a loader's key: one for the order of each epoch, one for the transform of each batch.
Stream order_stream(std::uint64_t key, std::size_t epoch) { return Stream(key, epoch << 32); }
Stream batch_stream(std::uint64_t key, std::size_t epoch, std::size_t batch) {
    return Stream(key, epoch << 32 | (batch + 1));
}

}    // namespace

// Makes one batch ahead on a thread of its own.
template <class T>
class DataLoader<T>::Prefetcher {
public:
    explicit Prefetcher(const DataLoader& loader) : loader_(loader), thread_([this] { work(); }) {}
    ~Prefetcher() {
        {
            std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }

    void ask(std::size_t number, const Cut& cut) {
        {
            std::lock_guard lock(mutex_);
            wanted_ = number;
            cut_ = cut;
            asked_ = true;
        }
        changed_.notify_all();
    }
    bool is_asked() const { return asked_; }    // by the only thread that asks
    const Cut& cut() const { return cut_; }     // likewise

    Parts<T> take() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return done_; });
        done_ = asked_ = false;
        if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
        return std::move(parts_);
    }
    // Waits until the thread no longer looks at the loader.
    void drop() {
        if (!asked_) return;
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return done_; });
        done_ = asked_ = false;
        failure_ = nullptr;
    }

private:
    void work() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [&] { return stopping_ || (asked_ && !done_); });
            if (stopping_) return;
            const std::size_t number = wanted_;
            const Cut cut = cut_;
            lock.unlock();
            Parts<T> parts;
            std::exception_ptr failure;
            try {
                parts = loader_.make_batch(number, cut);
            } catch (...) {
                failure = std::current_exception();
            }
            lock.lock();
            parts_ = std::move(parts);
            failure_ = failure;
            done_ = true;
            changed_.notify_all();
        }
    }

    const DataLoader& loader_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t wanted_ = 0;
    Cut cut_;
    bool asked_ = false, done_ = false, stopping_ = false;
    Parts<T> parts_;
    std::exception_ptr failure_;
    std::thread thread_;    // last: it uses the others
};

template <class T>
DataLoader<T>::DataLoader(Dataset<T> data, LoaderOptions options, BatchTransform<T> transform)
    : data_(std::move(data)), options_(std::move(options)), transform_(std::move(transform)) {
    auto refuse = [](const std::string& got, const std::string& wanted) {
        throw std::invalid_argument("[DataLoader] got " + got + "; wanted " + wanted);
    };
    if (options_.batch_size == 0) refuse("batch_size = 0", "1 or more");
    if (data_.size() == 0) refuse("a data set without examples", "at least one");
    if (size() == 0)
        refuse("drop_last with " + std::to_string(data_.size()) + " examples and batches of " +
                   std::to_string(options_.batch_size),
               "at least one whole batch");
    if (!options_.class_weights.empty()) {
        if (!data_.has_labels()) refuse("class_weights for examples without labels", "labels");
        const std::size_t classes = data_.classes(), count = options_.class_weights.size();
        if (count != classes)
            refuse(std::to_string(count) + " class_weights", std::to_string(classes) + ", one for each class");
        double sum = 0;
        const Indices labels = data_.labels();
        for (std::int64_t label : labels.storage()) {
            const double weight = options_.class_weights[static_cast<std::size_t>(label)];
            if (!(weight >= 0) || !std::isfinite(weight))
                refuse("a class weight of " + std::to_string(weight), "0 or more, and finite");
            cumulative_.push_back(sum += weight);
        }
        if (sum <= 0) refuse("class weights that leave no example", "at least one above 0");
    }
    if (options_.seed) {
        key_ = *options_.seed;
    } else {
        std::uint32_t bits[2];
        default_generator().shuffling().bits(bits);
        key_ = std::uint64_t{bits[1]} << 32 | bits[0];
    }
}

template <class T>
DataLoader<T>::~DataLoader() = default;

template <class T>
std::size_t DataLoader<T>::size() const {
    const std::size_t whole = data_.size() / options_.batch_size;
    return whole + (data_.size() % options_.batch_size != 0 && !options_.drop_last);
}

template <class T>
void DataLoader<T>::make_order() {
    const std::size_t count = data_.size();
    Stream stream = order_stream(key_, epoch_);
    if (!cumulative_.empty()) {
        std::vector<double> draws(count);
        stream.uniform(std::span<double>(draws));
        order_.clear();
        for (double draw : draws) {
            const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), draw * cumulative_.back());
            order_.push_back(std::min<std::int64_t>(found - cumulative_.begin(), static_cast<std::int64_t>(count) - 1));
        }
    } else if (options_.shuffle) {
        const Indices order = stream.permutation(count);
        order_.assign(order.storage().begin(), order.storage().end());
    } else {
        order_.resize(count);
        std::iota(order_.begin(), order_.end(), 0);
    }
}

template <class T>
Parts<T> DataLoader<T>::make_batch(std::size_t number, const Cut& cut) const {
    const std::size_t begin = number * options_.batch_size;
    Parts<T> parts{{}, std::min(data_.size() - begin, options_.batch_size)};
    Stream stream = batch_stream(key_, epoch_, number);
    const std::vector<Stream> streams =
        transform_ && cut.shards > 1 ? stream.split(cut.shards) : std::vector<Stream>(cut.shards, stream);
    for (std::size_t i = cut.first; i < cut.last; ++i)
        parts.shards.push_back(
            make_shard(begin + cut.begin(i, parts.examples), begin + cut.begin(i + 1, parts.examples), streams[i]));
    return parts;
}

template <class T>
Batch<T> DataLoader<T>::make_shard(std::size_t begin, std::size_t end, Stream stream) const {
    if (begin == end) return {};
    const bool everything = begin == 0 && end == data_.size() && !options_.shuffle && cumulative_.empty();
    Batch<T> batch = everything ? data_.all() : data_.fetch(Rows(order_).subspan(begin, end - begin));
    if (transform_) {
        Array<T> inputs = share(batch.inputs.value());
        batch.inputs = Variable<T>();    // so that the elements are ours alone
        transform_(inputs, stream);
        batch.inputs = Variable<T>(std::move(inputs));
    }
    return batch;
}

template <class T>
const Batch<T>* DataLoader<T>::next() {
    return next(Cut()) == nullptr ? nullptr : &parts_.shards.front();
}

template <class T>
const Parts<T>* DataLoader<T>::next(const Cut& cut) {
    if (cut.shards == 0 || cut.first > cut.last || cut.last > cut.shards)
        throw std::invalid_argument("[DataLoader] got the shards " + std::to_string(cut.first) + " to " +
                                    std::to_string(cut.last) + " of " + std::to_string(cut.shards) +
                                    "; wanted some of 1 or more");
    resumed_ = false;
    if (given_ == size()) {
        if (prefetcher_) prefetcher_->drop();
        ++epoch_;
        given_ = 0;
        order_.clear();
        return nullptr;
    }
    if (order_.empty()) make_order();
    if (!options_.prefetch) {
        parts_ = make_batch(given_, cut);
    } else {
        if (!prefetcher_) prefetcher_ = std::make_unique<Prefetcher>(*this);
        if (prefetcher_->is_asked() && prefetcher_->cut() != cut) prefetcher_->drop();
        if (!prefetcher_->is_asked()) prefetcher_->ask(given_, cut);
        parts_ = prefetcher_->take();
        if (given_ + 1 < size()) prefetcher_->ask(given_ + 1, cut);
    }
    ++given_;
    return &parts_;
}

template <class T>
void DataLoader<T>::restart() {
    if (prefetcher_) prefetcher_->drop();
    if (given_ > 0) ++epoch_;
    given_ = 0;
    resumed_ = false;
    order_.clear();
}

template <class T>
typename DataLoader<T>::Iterator DataLoader<T>::begin() {
    start();
    return Iterator(*this);
}

template <class T>
State DataLoader<T>::layout() const {
    State state;
    state.add("examples", static_cast<std::int64_t>(data_.size()));
    state.add("batch_size", static_cast<std::int64_t>(options_.batch_size));
    state.add("shuffle", std::int64_t{options_.shuffle});
    state.add("drop_last", std::int64_t{options_.drop_last});
    state.add("weighted", std::int64_t{!cumulative_.empty()});
    return state;
}

template <class T>
State DataLoader<T>::state() const {
    State state = layout();
    state.add("key", static_cast<std::int64_t>(key_));
    state.add("epoch", static_cast<std::int64_t>(epoch_));
    state.add("batches_given", static_cast<std::int64_t>(given_));
    return state;
}

template <class T>
void DataLoader<T>::load_state(const State& state) {
    const StateMismatch mismatch = compare_layout(this->state(), state);
    if (!mismatch.empty()) throw StateError("[DataLoader] got a state that does not fit: " + mismatch.message());
    for (const auto& [name, value] : layout())
        if (!identical(value, state.at(name)))
            throw StateError("[DataLoader] got the state of a loader with " + name + " = " +
                             std::to_string(state.get<std::int64_t>(name)) + "; this one has " +
                             std::to_string(std::get<std::int64_t>(value)));
    const std::int64_t epoch = state.get<std::int64_t>("epoch"), given = state.get<std::int64_t>("batches_given");
    if (epoch < 0 || given < 0 || static_cast<std::size_t>(given) > size())
        throw StateError("[DataLoader] got the position epoch " + std::to_string(epoch) + ", batch " +
                         std::to_string(given) + "; wanted one of " + std::to_string(size()) + " batches");
    if (prefetcher_) prefetcher_->drop();
    key_ = static_cast<std::uint64_t>(state.get<std::int64_t>("key"));
    epoch_ = static_cast<std::size_t>(epoch);
    given_ = static_cast<std::size_t>(given);
    order_.clear();
    resumed_ = true;
}

template class DataLoader<float>;
template class DataLoader<double>;

}    // namespace xtape::train
