// What a run saves, and how it goes on from there.
#include <xtape/core/random.hpp>
#include <xtape/io/checkpoint.hpp>
#include <xtape/train/diagnosis/detail/sampler.hpp>
#include <xtape/train/loop/detail/averaging.hpp>
#include <xtape/train/loop/detail/running.hpp>
#include <xtape/train/loop/trainer.hpp>

#include <algorithm>

namespace xtape::train {

void Training::save_later(const std::filesystem::path& path) {
    save_later([path](const std::vector<Entry>& entries) {
        io::save(path, entries);
        return path;
    });
}

template <class T>
void Trainer<T>::save_what_was_asked() {
    for (const Save& save : std::exchange(to_save_, {})) saved_ = save_as(save);
}

template <class T>
std::vector<Entry> Trainer<T>::entries() {
    std::vector<Entry> result{{"model", model_},  {"optimizer", optimizer_}, {"random", default_generator()},
                              {"trainer", *this}, {"loader", loader_state_}, {"validation", validation_state_}};
    for (const Entry& entry : tracked_) result.push_back(entry);
    return result;
}

template <class T>
std::filesystem::path Trainer<T>::save_as(const Save& save) {
    struct Before {    // positions are those of a resumed run, if it is one, until it fits
        Trainer& trainer;
        State loader = trainer.loader_state_, validation = trainer.validation_state_;
        ~Before() {
            trainer.loader_state_ = std::move(loader);
            trainer.validation_state_ = std::move(validation);
            trainer.optimizer_state_ = State();
        }
    } before{*this};
    if (options_.team != nullptr) optimizer_state_ = options_.team->optimizer_state(optimizer_);
    if (!leads()) return {};
    if (batches_ != nullptr) loader_state_ = batches_->state();
    if (validation_ != nullptr) validation_state_ = validation_->state();
    std::vector<Entry> all = entries();
    if (options_.team != nullptr)
        for (Entry& entry : all)
            if (entry.name() == "optimizer") entry = Entry("optimizer", optimizer_state_);
    return save(all);
}

template <class T>
void Trainer<T>::save(const std::filesystem::path& path) {
    saved_ = save_as([&](const std::vector<Entry>& all) {
        io::save(path, all);
        return path;
    });
}

template <class T>
bool Trainer<T>::resume(const std::filesystem::path& path) {
    if (!std::filesystem::exists(path)) return false;
    const State loader = std::exchange(loader_state_, State()), validation = std::exchange(validation_state_, State());
    try {
        io::load(path, entries());
    } catch (...) {
        loader_state_ = loader;
        validation_state_ = validation;
        throw;
    }
    return true;
}

template <class T>
State Trainer<T>::state() const {
    State state;
    state.add("steps", steps_);
    state.add("epoch", static_cast<std::int64_t>(epoch_));
    state.add("stopped", stopped_);
    state.add("ended", std::int64_t{ended_});
    state.add("history", history_.state());
    state.add("evaluations", evaluations_.state());
    state.add("lr", rate_);
    state.add("running.loss", running_->loss);
    state.add("running.penalty", running_->penalty);
    state.add("running.examples", running_->examples);
    state.add("running.batches", running_->batches);
    for (std::size_t i = 0; i < running_->metrics.size(); ++i)
        state.add("running.metrics." + std::to_string(i), running_->metrics[i]->state());
    state.add("average", averaging_->state());
    if (!measurements_.empty()) state.add("measurements", measurements_.state());
    if (sampler_) state.add("sampler", sampler_->state());
    for (std::size_t i = 0; i < callbacks_.size(); ++i) state.add(callback_names_[i], callbacks_[i]->state());
    return state;
}

template <class T>
void Trainer<T>::load_state(const State& state) {
    // Whatever can fail comes first.
    History history, evaluations;
    history.load_state(state.child("history"));
    evaluations.load_state(state.child("evaluations"));
    auto running = std::make_unique<Running>(objective_.metrics());
    running->loss = state.get<double>("running.loss");
    running->penalty = state.get<double>("running.penalty");
    running->examples = state.get<double>("running.examples");
    running->batches = state.get<double>("running.batches");
    for (std::size_t i = 0; i < running->metrics.size(); ++i)
        running->metrics[i]->load_state(state.child("running.metrics." + std::to_string(i)));
    const auto steps = state.get<std::int64_t>("steps"), epoch = state.get<std::int64_t>("epoch");
    const auto stopped = state.get<std::string>("stopped");
    const auto ended = state.get<std::int64_t>("ended");
    const auto rate = state.get<double>("lr");
    for (const auto& [name, value] : state)
        if (name.starts_with("callbacks.") &&
            std::none_of(callback_names_.begin(), callback_names_.end(),
                         [&](const std::string& known) { return name.starts_with(known + "."); }))
            throw StateError("[Trainer] got the state of a callback that is not here, " + name);
    Measurements measurements;
    if (state.contains("measurements.task")) measurements.load_state(state.child("measurements"));
    const State before = this->state();
    auto load_parts = [&](const State& from) {
        averaging_->load_state(from.child("average"));
        for (std::size_t i = 0; i < callbacks_.size(); ++i) callbacks_[i]->load_state(from.child(callback_names_[i]));
    };
    try {
        load_parts(state);
    } catch (...) {
        load_parts(before);
        throw;
    }
    history_ = std::move(history);
    evaluations_ = std::move(evaluations);
    running_ = std::move(running);
    measurements_ = std::move(measurements);
    sampler_.reset();    // is made anew where training goes on
    sampler_state_ = state.child("sampler");
    remembered_.reset();
    steps_ = steps;
    rate_ = rate;
    epoch_ = static_cast<std::size_t>(epoch);
    stopped_ = stopped;
    ended_ = ended != 0;
}

// The other members are instantiated where they are defined.
template void Trainer<float>::save_what_was_asked();
template std::vector<Entry> Trainer<float>::entries();
template std::filesystem::path Trainer<float>::save_as(const Save&);
template void Trainer<float>::save(const std::filesystem::path&);
template bool Trainer<float>::resume(const std::filesystem::path&);
template State Trainer<float>::state() const;
template void Trainer<float>::load_state(const State&);
template void Trainer<double>::save_what_was_asked();
template std::vector<Entry> Trainer<double>::entries();
template std::filesystem::path Trainer<double>::save_as(const Save&);
template void Trainer<double>::save(const std::filesystem::path&);
template bool Trainer<double>::resume(const std::filesystem::path&);
template State Trainer<double>::state() const;
template void Trainer<double>::load_state(const State&);

}    // namespace xtape::train
