#include <xtape/core/backward.hpp>
#include <xtape/core/random.hpp>
#include <xtape/nn/clip.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/train/diagnosis/detail/sampler.hpp>
#include <xtape/train/loop/detail/averaging.hpp>
#include <xtape/train/loop/detail/interrupt.hpp>
#include <xtape/train/loop/detail/progress_bar.hpp>
#include <xtape/train/loop/detail/running.hpp>
#include <xtape/train/loop/detail/silent.hpp>
#include <xtape/train/loop/detail/text.hpp>
#include <xtape/train/loop/trainer.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace xtape::train {
namespace {

template <class T>
std::size_t steps_of(const DataLoader<T>& batches, std::size_t accumulate) {
    return (batches.size() + accumulate - 1) / accumulate;
}

}    // namespace

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
    for (const auto& [name, count] : {std::pair{"steps", options_.steps},
                                      {"max_steps", options_.max_steps},
                                      {"evaluate_every_steps", options_.evaluate_every_steps}})
        if (count < 0) refuse(std::string(name) + " = " + std::to_string(count), "0 or more");
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
    if (options_.ema && options_.swa_from) refuse("ema and swa_from", "one average of the weights");
    averaging_ = std::make_unique<detail::Averaging<T>>(model_, options_.ema, options_.swa_from);
    running_ = std::make_unique<Running>(objective_.metrics());
    if (!leads()) options_.progress = Progress::none;
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
    Callback& added = *callback;
    if (!leads() && !callback->log().empty()) callback = std::make_unique<detail::Silent>(std::move(callback));
    callbacks_.push_back(std::move(callback));
    return added;
}

template <class T>
void Trainer<T>::track(Entry entry) {
    for (const Entry& other : entries())
        if (other.name() == entry.name())
            throw std::invalid_argument("[Trainer] got '" + entry.name() + "', a name that is taken; wanted a new one");
    tracked_.push_back(std::move(entry));
}

template <class T>
void Trainer<T>::set_schedules(optim::Schedule rate, std::optional<optim::Schedule> momentum) {
    optimizer_.set_schedule(rate);
    options_.schedule = std::move(rate);
    options_.schedule_by_epoch = false;
    options_.momentum = std::move(momentum);
}

template <class T>
std::int64_t Trainer<T>::steps_per_epoch() const {
    return batches_ == nullptr ? 0 : static_cast<std::int64_t>(steps_of(*batches_, options_.accumulate));
}

template <class T>
std::int64_t Trainer<T>::total_steps() const {
    return batches_ == nullptr ? options_.steps : total_steps(*batches_);
}

template <class T>
std::int64_t Trainer<T>::total_steps(const DataLoader<T>& batches) const {
    if (options_.steps > 0) return options_.steps;
    return static_cast<std::int64_t>(options_.epochs * steps_of(batches, options_.accumulate));
}

template <class T>
std::size_t Trainer<T>::examples_per_step() const {
    return batches_ == nullptr ? 0 : batches_->options().batch_size * options_.accumulate;
}

template <class T>
State Trainer<T>::model_state() const {
    const auto averaged = averaging_->apply();
    return model_.state();
}

template <class T>
void Trainer<T>::load_model_state(const State& state) {
    model_.load_state(state);
    restored_ = true;
}

template <class T>
struct Trainer<T>::Loop {
    DataLoader<T>& batches;
    DataLoader<T>* validation;
    detail::InterruptGuard signals;
    detail::ProgressBar bar;
};

template <class T>
const History& Trainer<T>::fit(DataLoader<T>& batches, DataLoader<T>* validation) {
    const auto known = known_quantities(validation != nullptr);
    if (options_.plateau && std::find(known.begin(), known.end(), options_.plateau_monitor) == known.end())
        throw std::invalid_argument("[Trainer] got plateau_monitor = '" + options_.plateau_monitor +
                                    "'; this run measures " + detail::join(known));
    struct Using {    // the loaders are known while they are used
        Trainer& trainer;
        ~Using() { trainer.batches_ = trainer.validation_ = nullptr; }
    } use{*this};
    batches_ = &batches;
    validation_ = validation;
    if (!loader_state_.empty()) batches.load_state(loader_state_);
    if (validation != nullptr && !validation_state_.empty()) validation->load_state(validation_state_);
    seconds_ = 0;
    for (auto& callback : callbacks_) callback->begin(*this, known);
    loader_state_ = validation_state_ = State();
    interrupted_ = team_stops_ = false;
    if (ended_ && (is_complete() || !stopped_.empty())) return history_;
    ended_ = false;

    if (options_.team != nullptr) {
        std::vector<Entry> shared{{"model", model_}, {"random", default_generator()}, {"loader", batches}};
        if (validation != nullptr) shared.emplace_back("validation", *validation);
        options_.team->begin(shared);
    }
    *schedule_unit_ = std::max<std::int64_t>(1, steps_per_epoch());
    const std::size_t epochs =
        options_.steps > 0 ? static_cast<std::size_t>((options_.steps - 1) / *schedule_unit_ + 1) : options_.epochs;
    Loop loop{batches, validation, {}, detail::ProgressBar(options_.progress, epochs, steps_per_epoch())};
    nn::ModeGuard<T> training(model_, true);
    while (!is_complete() && stopped_.empty() && !interrupted_) {
        train_epoch(loop);
        if (!interrupted_ && stopped_.empty()) finish_epoch(loop);
        if (should_interrupt(loop) && !is_complete() && stopped_.empty()) interrupted_ = true;
    }
    ended_ = !interrupted_;
    if (ended_) averaging_->copy_to_model();
    for (auto& callback : callbacks_) callback->end(*this);
    save_what_was_asked();
    loop.bar.end(last_words(loop.bar));
    loop.signals.repeat();
    return history_;
}

template <class T>
bool Trainer<T>::is_complete() const {
    return options_.steps > 0 ? steps_ >= options_.steps : epoch_ >= options_.epochs;
}

template <class T>
bool Trainer<T>::should_interrupt(const Loop& loop) const {
    if (options_.max_steps > 0 && steps_ >= options_.max_steps) return true;
    if (options_.seconds > 0 && seconds_ >= options_.seconds) return true;
    return options_.team == nullptr ? loop.signals.interrupted() : team_stops_;
}

template <class T>
void Trainer<T>::train_epoch(Loop& loop) {
    DataLoader<T>& batches = loop.batches;
    std::size_t gathered = 0, examples = 0;
    while (const Parts<T>* parts = batches.next(cut())) {
        if (gathered == 0) {
            optimizer_.zero_grad();
            if (sampler_) sampler_->begin_step(steps_ + 1, epoch_ == 0);
        }
        add_gradient(*parts, loop);
        examples += parts->examples;
        if (++gathered < options_.accumulate && batches.batches_given() < batches.size()) continue;
        take_step();
        gathered = 0;
        loop.bar.count(std::exchange(examples, 0));
        if (loop.bar.is_due())
            loop.bar.draw({epoch_, steps_ - static_cast<std::int64_t>(epoch_) * steps_per_epoch(), step_loss_, rate_,
                           running_->metrics.empty() ? Quantities() : running_->metrics.front()->values()});
        for (auto& callback : callbacks_) callback->after_step(*this);
        if (loop.validation != nullptr && options_.evaluate_every_steps > 0 &&
            steps_ % options_.evaluate_every_steps == 0)
            evaluate_between_epochs(*loop.validation);
        save_what_was_asked();
        if (!stopped_.empty()) return;
        if (batches.batches_given() == batches.size()) continue;    // the epoch ends: its row comes first
        if (options_.steps > 0 && is_complete()) return;
        if (should_interrupt(loop)) {
            interrupted_ = true;
            return;
        }
    }
}

template <class T>
void Trainer<T>::add_gradient(const Parts<T>& parts, const Loop& loop) {
    const auto count = static_cast<double>(parts.examples);
    Variable<T> loss;    // whose gradient is to be added here
    if (options_.team != nullptr) {
        const auto whole = options_.team->add_gradient(
            model_, parts, [this](const Batch<T>& batch) { return objective_(model_, batch); },
            {.scale = 1 / static_cast<double>(group_of_batch()),
             .outputs = !running_->metrics.empty(),
             .stop = loop.signals.interrupted(),
             .seconds = loop.bar.seconds()});
        team_stops_ = team_stops_ || whole.stop;
        seconds_ = whole.seconds;
        step_loss_ = running_->measure(whole);
    } else {
        const Batch<T>& batch = parts.shards.front();
        auto result = [&] {
            const auto watch = sampler_ ? sampler_->watch_forward() : nullptr;
            return objective_(model_, batch);
        }();
        if (sampler_) sampler_->after_forward(batch, result.outputs, result.loss);
        loss = std::move(result.loss);
        step_loss_ = static_cast<double>(loss.item());
        running_->measure(result.outputs, batch);
        seconds_ = loop.bar.seconds();
    }
    running_->loss += step_loss_ * count;
    running_->examples += count;
    ++running_->batches;
    loss = whole_loss(std::move(loss));
    if (loss.defined()) backward(loss);
    running_->penalty += step_penalty_;
}

template <class T>
Variable<T> Trainer<T>::whole_loss(Variable<T> loss) {
    if (options_.penalty) {
        Variable<T> penalty = options_.penalty();
        step_penalty_ = static_cast<double>(penalty.item());
        loss = loss.defined() ? loss + penalty : std::move(penalty);
    }
    if (loss.defined() && options_.accumulate > 1) loss = loss / static_cast<double>(group_of_batch());
    return loss;
}

template <class T>
std::size_t Trainer<T>::group_of_batch() const {
    const std::size_t given = batches_->batches_given() - 1;    // batches of this epoch before this one
    return std::min(options_.accumulate, batches_->size() - given / options_.accumulate * options_.accumulate);
}

template <class T>
void Trainer<T>::take_step() {
    if (sampler_) sampler_->before_update(step_loss_, step_penalty_, optimizer_.lr());
    if (options_.clip_norm > 0) nn::clip_grad_norm(parameters_, options_.clip_norm);
    if (options_.momentum) optimizer_.set_momentum((*options_.momentum)(steps_));
    rate_ = optimizer_.lr();
    if (options_.team == nullptr)
        optimizer_.step();
    else
        options_.team->step(optimizer_);
    averaging_->after_step();
    restored_ = false;
    ++steps_;
    if (!sampler_) return;
    sampler_->after_update();
    measurements_.add_loss(steps_, step_loss_);
}

template <class T>
void Trainer<T>::evaluate_between_epochs(DataLoader<T>& validation) {
    Quantities row{{"step", static_cast<double>(steps_)}};
    {
        const auto averaged = averaging_->apply();
        for (const auto& [name, value] : evaluate(validation)) row.emplace_back("validation." + name, value);
    }
    evaluations_.add(row);
    for (auto& callback : callbacks_) callback->after_evaluation(*this);
}

template <class T>
void Trainer<T>::finish_epoch(Loop& loop) {
    Quantities row{{"train.loss", running_->loss / running_->examples}};
    if (options_.penalty) row.emplace_back("train.penalty", running_->penalty / running_->batches);
    for (const auto& metric : running_->metrics)
        for (const auto& [name, value] : metric->values()) row.emplace_back("train." + name, value);
    ++epoch_;
    averaging_->after_epoch(epoch_, loop.batches);
    if (loop.validation != nullptr && (is_complete() || epoch_ % options_.evaluate_every == 0)) {
        const auto averaged = averaging_->apply();
        if (kept_mistakes_) answers_ = Answers(*kept_mistakes_);
        for (const auto& [name, value] : evaluate(*loop.validation, kept_mistakes_ ? &answers_ : nullptr))
            row.emplace_back("validation." + name, value);
    }
    row.emplace_back("lr", rate_);
    history_.add(row);
    running_ = std::make_unique<Running>(objective_.metrics());
    if (options_.plateau && !std::isnan(history_.last(options_.plateau_monitor)))
        optimizer_.observe(history_.last(options_.plateau_monitor));
    loop.bar.epoch(epoch_, row);
    for (auto& callback : callbacks_) callback->after_epoch(*this);
    save_what_was_asked();
}

template class Trainer<float>;
template class Trainer<double>;

}    // namespace xtape::train
