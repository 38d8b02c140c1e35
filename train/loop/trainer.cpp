#include <xtape/core/backward.hpp>
#include <xtape/core/mode.hpp>
#include <xtape/core/random.hpp>
#include <xtape/io/checkpoint.hpp>
#include <xtape/nn/clip.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/train/loop/detail/interrupt.hpp>
#include <xtape/train/loop/detail/progress_bar.hpp>
#include <xtape/train/loop/detail/text.hpp>
#include <xtape/train/loop/trainer.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace xtape::train {

// Sums over the epoch, from which its row in the history comes.
template <class T>
struct Trainer<T>::Running {
    explicit Running(const Metrics<T>& kinds) {
        for (const auto& kind : kinds) metrics.push_back(kind->fresh());
    }
    double loss = 0, penalty = 0, examples = 0, batches = 0;
    std::vector<std::unique_ptr<Metric<T>>> metrics;
};

namespace {

// Measures outputs that may not be there.
template <class T>
void measure(std::vector<std::unique_ptr<Metric<T>>>& metrics, const Variable<T>& outputs, const Batch<T>& batch) {
    if (!outputs.defined()) return;
    for (auto& metric : metrics) metric->update(outputs.value(), batch);
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
std::vector<std::string> Trainer<T>::known_quantities(bool validated) const {
    std::vector<std::string> names{"train.loss"};
    if (options_.penalty) names.push_back("train.penalty");
    for (const auto& metric : objective_.metrics())
        for (const auto& [name, value] : metric->fresh()->values()) names.push_back("train." + name);
    if (validated) {
        names.push_back("validation.loss");
        for (const auto& metric : objective_.metrics())
            for (const auto& [name, value] : metric->fresh()->values()) names.push_back("validation." + name);
    }
    names.push_back("lr");
    return names;
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
    measure(running_->metrics, outputs, batch);
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

template <class T>
Quantities Trainer<T>::evaluate(DataLoader<T>& batches) {
    nn::EvalGuard guard(model_);
    NoGrad no_grad;
    Running sums(objective_.metrics());
    for (const Batch<T>& batch : batches) {
        const auto [loss, outputs] = objective_(model_, batch);
        sums.loss += static_cast<double>(loss.item()) * static_cast<double>(batch.size());
        sums.examples += static_cast<double>(batch.size());
        measure(sums.metrics, outputs, batch);
    }
    Quantities result{{"loss", sums.loss / sums.examples}};
    for (const auto& metric : sums.metrics)
        for (const auto& each : metric->values()) result.push_back(each);
    return result;
}

template <class T>
Array<T> Trainer<T>::predict(const Dataset<T>& data, std::size_t batch_size) {
    if (batch_size == 0) throw std::invalid_argument("[predict] got batch_size = 0; wanted 1 or more");
    if (data.size() == 0) throw Error("[predict] got no examples");
    nn::EvalGuard guard(model_);
    NoGrad no_grad;
    Array<T> result;
    std::vector<std::int64_t> rows;
    for (std::size_t begin = 0; begin < data.size(); begin += batch_size) {
        rows.resize(std::min(batch_size, data.size() - begin));
        std::iota(rows.begin(), rows.end(), static_cast<std::int64_t>(begin));
        const Array<T> outputs = model_(data.fetch(rows).inputs).value();
        if (begin == 0) {
            Shape shape = outputs.shape();
            if (shape.empty())
                throw ShapeError("[predict] got a model whose output has no axes; wanted one row an example");
            shape[0] = data.size();
            result = empty_array<T>(shape);
        }
        const std::size_t length = outputs.size() / rows.size();
        std::copy(outputs.storage().begin(), outputs.storage().end(),
                  result.storage().begin() + static_cast<std::ptrdiff_t>(begin * length));
    }
    return result;
}

template <class T>
std::string Trainer<T>::last_words(const detail::ProgressBar& bar) const {
    std::string text;
    if (interrupted_)
        text = "Interrupted after step " + std::to_string(steps_) + "; it can go on from there.\n";
    else if (!stopped_.empty())
        text = "Stopped: " + stopped_ + ".\n";
    for (const char* name : {"validation.accuracy", "validation.loss", "train.loss"}) {
        if (!history_.contains(name)) continue;
        char best[96] = "";
        bool any = false;
        for (double value : history_.values(name)) any = any || !std::isnan(value);
        if (any)
            std::snprintf(best, sizeof best, "Best %s: %.4g, in epoch %zu of %zu.\n", name, history_.best(name),
                          history_.best_epoch(name) + 1, history_.epochs());
        text += best;
        break;
    }
    char speed[96];
    std::snprintf(speed, sizeof speed, "%lld steps, %s, %.3g examples per second.\n", static_cast<long long>(steps_),
                  detail::duration(bar.seconds()).c_str(), bar.examples_per_second());
    text += speed;
    if (!saved_.empty()) text += "Checkpoint: " + saved_.string() + "\n";
    return text;
}

template <class T>
void Trainer<T>::save_what_was_asked() {
    for (const auto& path : std::exchange(to_save_, {})) save(path);
}

template <class T>
std::vector<Entry> Trainer<T>::entries() {
    std::vector<Entry> result{{"model", model_},
                              {"optimizer", optimizer_},
                              {"random", default_generator()},
                              {"trainer", *this},
                              {"loader", loader_state_}};
    for (const Entry& entry : tracked_) result.push_back(entry);
    return result;
}

template <class T>
void Trainer<T>::save(const std::filesystem::path& path) {
    if (batches_ != nullptr) loader_state_ = batches_->state();
    io::save(path, entries());
    if (batches_ != nullptr) loader_state_ = State();
    saved_ = path;
}

template <class T>
bool Trainer<T>::resume(const std::filesystem::path& path) {
    if (!std::filesystem::exists(path)) return false;
    loader_state_ = State();
    io::load(path, entries());
    return true;
}

template <class T>
State Trainer<T>::state() const {
    State state;
    state.add("steps", steps_);
    state.add("epoch", static_cast<std::int64_t>(epoch_));
    state.add("stopped", stopped_);
    state.add("history", history_.state());
    state.add("lr", rate_);
    state.add("running.loss", running_->loss);
    state.add("running.penalty", running_->penalty);
    state.add("running.examples", running_->examples);
    state.add("running.batches", running_->batches);
    for (std::size_t i = 0; i < running_->metrics.size(); ++i)
        state.add("running.metrics." + std::to_string(i), running_->metrics[i]->state());
    if (ema_) state.add("ema", ema_->state());
    for (std::size_t i = 0; i < callbacks_.size(); ++i) state.add(callback_names_[i], callbacks_[i]->state());
    return state;
}

template <class T>
void Trainer<T>::load_state(const State& state) {
    // Whatever can fail comes first.
    History history;
    history.load_state(state.child("history"));
    auto running = std::make_unique<Running>(objective_.metrics());
    running->loss = state.get<double>("running.loss");
    running->penalty = state.get<double>("running.penalty");
    running->examples = state.get<double>("running.examples");
    running->batches = state.get<double>("running.batches");
    for (std::size_t i = 0; i < running->metrics.size(); ++i)
        running->metrics[i]->load_state(state.child("running.metrics." + std::to_string(i)));
    const auto steps = state.get<std::int64_t>("steps"), epoch = state.get<std::int64_t>("epoch");
    const auto stopped = state.get<std::string>("stopped");
    const auto rate = state.get<double>("lr");
    for (const auto& [name, value] : state)
        if (name.starts_with("callbacks.") &&
            std::none_of(callback_names_.begin(), callback_names_.end(),
                         [&](const std::string& known) { return name.starts_with(known + "."); }))
            throw StateError("[Trainer] got the state of a callback that is not here, " + name);
    const State before = this->state();
    auto load_parts = [&](const State& from) {
        if (ema_) ema_->load_state(from.child("ema"));
        for (std::size_t i = 0; i < callbacks_.size(); ++i) callbacks_[i]->load_state(from.child(callback_names_[i]));
    };
    try {
        load_parts(state);
    } catch (...) {
        load_parts(before);
        throw;
    }
    history_ = std::move(history);
    running_ = std::move(running);
    steps_ = steps;
    rate_ = rate;
    epoch_ = static_cast<std::size_t>(epoch);
    stopped_ = stopped;
}

template class Trainer<float>;
template class Trainer<double>;

}    // namespace xtape::train
