#include <xtape/core/backward.hpp>
#include <xtape/nn/clip.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/train/loop/detail/interrupt.hpp>
#include <xtape/train/loop/detail/progress_bar.hpp>
#include <xtape/train/loop/detail/running.hpp>
#include <xtape/train/loop/detail/text.hpp>
#include <xtape/train/loop/trainer.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace xtape::train {

template <class T>
Trainer<T>::Trainer(nn::Module<T>& model, optim::Optimizer<T>& optimizer, Objective<T> objective,
                    TrainerOptions<T> options)
    : model_(model),
      optimizer_(optimizer),
      objective_(std::move(objective)),
      options_(std::move(options)),
      parameters_(model.named_parameters()) {
    auto refuse = [](const std::string& got, const char* wanted) {
        throw std::invalid_argument("[Trainer] got " + got + "; wanted " + wanted);
    };
    if (options_.max_steps < 0) refuse("max_steps = " + std::to_string(options_.max_steps), "0 or more");
    if (!(options_.seconds >= 0)) refuse("seconds = " + detail::exact(options_.seconds), "0 or more");
    if (!(options_.clip_norm >= 0)) refuse("clip_norm = " + detail::exact(options_.clip_norm), "0 or more");
    if (options_.accumulate == 0) refuse("accumulate = 0", "1 or more");
    if (options_.evaluate_every == 0) refuse("evaluate_every = 0", "1 or more");
    if (options_.schedule && options_.schedule_by_epoch)
        optimizer_.set_schedule(optim::Schedule([schedule = *options_.schedule, per_epoch = schedule_unit_](
                                                    std::int64_t step) { return schedule(step / *per_epoch); }));
    else if (options_.schedule)
        optimizer_.set_schedule(*options_.schedule);
    if (options_.plateau) optimizer_.set_plateau(*options_.plateau);
    if (options_.ema) ema_.emplace(parameters_, *options_.ema);
    running_ = std::make_unique<Running>(objective_.metrics());
}

template <class T>
Trainer<T>::~Trainer() = default;

template <class T>
Callback& Trainer<T>::add(std::unique_ptr<Callback> callback) {
    if (callback == nullptr) throw std::invalid_argument("[Trainer] got a null callback");
    const std::string name = "callbacks." + callback->name();
    std::string unique = name;
    for (int number = 2; std::find(callback_names_.begin(), callback_names_.end(), unique) != callback_names_.end();
         ++number)
        unique = name + "_" + std::to_string(number);
    callback_names_.push_back(std::move(unique));
    callbacks_.push_back(std::move(callback));
    return *callbacks_.back();
}

template <class T>
void Trainer<T>::track(Entry entry) {
    for (const Entry& other : entries())
        if (other.name() == entry.name())
            throw std::invalid_argument("[Trainer] got '" + entry.name() + "', a name that is taken; wanted a new one");
    tracked_.push_back(std::move(entry));
}

template <class T>
std::int64_t Trainer<T>::steps_per_epoch() const {
    if (batches_ == nullptr) return 0;
    return static_cast<std::int64_t>((batches_->size() + options_.accumulate - 1) / options_.accumulate);
}

template <class T>
std::int64_t Trainer<T>::total_steps() const {
    return steps_per_epoch() * static_cast<std::int64_t>(options_.epochs);
}

template <class T>
std::size_t Trainer<T>::examples_per_step() const {
    return batches_ == nullptr ? 0 : batches_->options().batch_size * options_.accumulate;
}

template <class T>
std::unique_ptr<typename Trainer<T>::Averaged> Trainer<T>::averaged() const {
    return ema_ && ema_->updates() > 0 ? std::make_unique<Averaged>(*ema_) : nullptr;
}

template <class T>
State Trainer<T>::model_state() const {
    const auto applied = averaged();
    return model_.state();
}

template <class T>
void Trainer<T>::load_model_state(const State& state) {
    model_.load_state(state);
}

template <class T>
const History& Trainer<T>::fit(DataLoader<T>& batches, DataLoader<T>* validation) {
    const auto known = known_quantities(validation != nullptr);
    if (options_.plateau && std::find(known.begin(), known.end(), options_.plateau_monitor) == known.end())
        throw std::invalid_argument("[Trainer] got plateau_monitor = '" + options_.plateau_monitor +
                                    "'; this run measures " + detail::join(known));
    for (auto& callback : callbacks_) callback->begin(*this, known);
    if (!loader_state_.empty()) {
        batches.load_state(loader_state_);
        loader_state_ = State();
    }
    interrupted_ = false;
    if (epoch_ >= options_.epochs || !stopped_.empty()) return history_;

    struct Using {    // the loader is known while it is used
        DataLoader<T>*& place;
        ~Using() { place = nullptr; }
    } use{batches_};
    batches_ = &batches;
    *schedule_unit_ = std::max<std::int64_t>(1, steps_per_epoch());
    detail::InterruptGuard signals;
    detail::ProgressBar bar(options_.progress, options_.epochs, steps_per_epoch());
    nn::ModeGuard<T> training(model_, true);
    while (epoch_ < options_.epochs && stopped_.empty() && !interrupted_) {
        train_epoch(batches, bar, signals);
        if (!interrupted_ && stopped_.empty()) finish_epoch(validation, bar);
        if (should_interrupt(bar, signals) && epoch_ < options_.epochs && stopped_.empty()) interrupted_ = true;
    }
    if (ema_ && !interrupted_) ema_->copy_to_parameters();
    for (auto& callback : callbacks_) callback->end(*this);
    save_what_was_asked();
    bar.end(last_words(bar));
    signals.repeat();
    return history_;
}

template <class T>
bool Trainer<T>::should_interrupt(const detail::ProgressBar& bar, const detail::InterruptGuard& signals) const {
    return (options_.max_steps > 0 && steps_ >= options_.max_steps) ||
           (options_.seconds > 0 && bar.seconds() >= options_.seconds) || signals.interrupted();
}

template <class T>
void Trainer<T>::train_epoch(DataLoader<T>& batches, detail::ProgressBar& bar, const detail::InterruptGuard& signals) {
    std::size_t gathered = 0, examples = 0;
    while (const Batch<T>* batch = batches.next()) {
        if (gathered == 0) optimizer_.zero_grad();
        take_step(*batch);
        examples += batch->size();
        if (++gathered < options_.accumulate && batches.batches_given() < batches.size()) continue;
        if (options_.clip_norm > 0) nn::clip_grad_norm(parameters_, options_.clip_norm);
        rate_ = optimizer_.lr();
        optimizer_.step();
        if (ema_) ema_->update();
        ++steps_;
        gathered = 0;
        bar.step(epoch_, steps_ - static_cast<std::int64_t>(epoch_) * steps_per_epoch(), step_loss_,
                 std::exchange(examples, 0));
        for (auto& callback : callbacks_) callback->after_step(*this);
        save_what_was_asked();
        if (!stopped_.empty()) return;
        // At the end of an epoch its row comes first.
        if (batches.batches_given() < batches.size() && should_interrupt(bar, signals)) {
            interrupted_ = true;
            return;
        }
    }
}

template <class T>
void Trainer<T>::take_step(const Batch<T>& batch) {
    auto [loss, outputs] = objective_(model_, batch);
    const auto count = static_cast<double>(batch.size());
    step_loss_ = static_cast<double>(loss.item());
    running_->loss += step_loss_ * count;
    running_->examples += count;
    ++running_->batches;
    running_->measure(outputs, batch);
    if (options_.penalty) {
        const Variable<T> penalty = options_.penalty();
        running_->penalty += static_cast<double>(penalty.item());
        loss = loss + penalty;
    }
    if (options_.accumulate > 1) {
        const std::size_t given = batches_->batches_given() - 1;    // batches of this epoch before this one
        const std::size_t group =
            std::min(options_.accumulate, batches_->size() - given / options_.accumulate * options_.accumulate);
        loss = loss / static_cast<double>(group);
    }
    backward(loss);
}

template <class T>
void Trainer<T>::finish_epoch(DataLoader<T>* validation, detail::ProgressBar& bar) {
    Quantities row{{"train.loss", running_->loss / running_->examples}};
    if (options_.penalty) row.emplace_back("train.penalty", running_->penalty / running_->batches);
    for (const auto& metric : running_->metrics)
        for (const auto& [name, value] : metric->values()) row.emplace_back("train." + name, value);
    const bool last = epoch_ + 1 == options_.epochs;
    const bool evaluated = validation != nullptr && (last || (epoch_ + 1) % options_.evaluate_every == 0);
    if (evaluated) {
        const auto applied = averaged();
        for (const auto& [name, value] : evaluate(*validation)) row.emplace_back("validation." + name, value);
    }
    row.emplace_back("lr", rate_);
    history_.add(row);
    ++epoch_;
    running_ = std::make_unique<Running>(objective_.metrics());
    if (options_.plateau && !std::isnan(history_.last(options_.plateau_monitor)))
        optimizer_.observe(history_.last(options_.plateau_monitor));
    bar.epoch(epoch_, row);
    for (auto& callback : callbacks_) callback->after_epoch(*this);
    save_what_was_asked();
}

template class Trainer<float>;
template class Trainer<double>;

}    // namespace xtape::train
