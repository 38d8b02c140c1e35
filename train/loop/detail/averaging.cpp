#include <xtape/core/mode.hpp>
#include <xtape/nn/normalization.hpp>
#include <xtape/train/loop/detail/averaging.hpp>
#include <xtape/train/loop/detail/buffers.hpp>

#include <utility>
#include <vector>

namespace xtape::train::detail {
namespace {

// A running statistic's mean over several batches.
template <class T>
class MeanOfBatches {
public:
    explicit MeanOfBatches(nn::Buffer<T>& running) : running_(running), sum_(zeros()) {}
    void before_batch() { running_.set_value(zeros()); }    // so that what it moves by is the batch's alone
    void after_batch(double moved) {
        for (std::size_t c = 0; c < sum_.size(); ++c) sum_.storage()[c] += running_.value().storage()[c] / T(moved);
    }
    void finish(std::size_t batches) {
        for (T& each : sum_.storage()) each /= static_cast<T>(batches);
        running_.set_value(std::move(sum_));
    }

private:
    Array<T> zeros() const { return Array<T>(running_.value().shape(), T(0)); }

    nn::Buffer<T>& running_;
    Array<T> sum_;
};

}    // namespace

template <class T>
Averaging<T>::Averaging(nn::Module<T>& model, const std::optional<optim::EMAOptions>& ema,
                        std::optional<std::size_t> swa_from)
    : model_(model), swa_from_(swa_from.value_or(0)) {
    if (ema) ema_.emplace(model.parameters(), *ema);
    if (swa_from) swa_.emplace(model.parameters());
}

template <class T>
const optim::ParameterAverage<T>* Averaging<T>::average() const {
    if (ema_ && ema_->updates() > 0) return &*ema_;
    if (swa_ && swa_->updates() > 0) return &*swa_;
    return nullptr;
}

template <class T>
void Averaging<T>::after_step() {
    if (ema_) ema_->update();
}

template <class T>
void Averaging<T>::after_epoch(std::size_t epoch, DataLoader<T>& batches) {
    if (!swa_ || epoch < swa_from_) return;
    swa_->update();
    renew_statistics(batches);
}

template <class T>
void Averaging<T>::renew_statistics(DataLoader<T>& batches) {
    std::vector<nn::BatchNorm<T>*> layers;
    for (const auto& [name, module] : model_.named_modules())
        if (auto* layer = dynamic_cast<nn::BatchNorm<T>*>(module);
            layer != nullptr && layer->options().track_running_stats && layer->options().momentum != 0.0)
            layers.push_back(layer);
    if (layers.empty()) return;
    struct PutBack {
        DataLoader<T>& loader;
        State position = loader.state();
        ~PutBack() { loader.load_state(position); }
    } put_back{batches};
    statistics_ = State();
    const Applied averaged(*this);
    nn::EvalGuard<T> evaluating(model_);    // of everything but these layers
    NoGrad no_grad;
    std::vector<MeanOfBatches<T>> means;
    for (auto* layer : layers) {
        layer->train();
        means.emplace_back(layer->running_mean);
        means.emplace_back(layer->running_var);
    }
    std::size_t count = 0;
    for (const Batch<T>& batch : batches) {
        for (auto* layer : layers) layer->num_batches_tracked.set_value(0);
        for (auto& mean : means) mean.before_batch();
        model_(batch.inputs);
        for (std::size_t i = 0; i < means.size(); ++i)
            means[i].after_batch(layers[i / 2]->options().momentum.value_or(1));
        ++count;
    }
    for (auto& mean : means) mean.finish(count);
    statistics_ = model_.named_buffers();
}

template <class T>
Averaging<T>::Applied::Applied(const Averaging& averaging) : model_(averaging.model_), own_(model_.state()) {
    averaging.copy_to_model();
}
template <class T>
Averaging<T>::Applied::~Applied() {
    model_.load_state(own_);
}

template <class T>
std::unique_ptr<typename Averaging<T>::Applied> Averaging<T>::apply() const {
    return average() == nullptr ? nullptr : std::make_unique<Applied>(*this);
}

template <class T>
void Averaging<T>::copy_to_model() const {
    if (average() == nullptr) return;
    average()->copy_to_parameters();
    set_buffers(model_, statistics_);
}

template <class T>
State Averaging<T>::state() const {
    State state;
    if (ema_) state.add("ema", ema_->state());
    if (swa_) state.add("swa", swa_->state());
    if (!statistics_.empty()) state.add("statistics", statistics_);
    return state;
}

template <class T>
void Averaging<T>::load_state(const State& state) {
    State statistics = state.child("statistics");
    const State buffers = model_.named_buffers();
    for (const auto& [name, value] : statistics)
        if (!buffers.contains(name)) throw StateError("[Trainer] got statistics of a layer that is not here, " + name);
    if (ema_) ema_->load_state(state.child("ema"));
    if (swa_) swa_->load_state(state.child("swa"));
    statistics_ = std::move(statistics);
}

template class Averaging<float>;
template class Averaging<double>;

}    // namespace xtape::train::detail
