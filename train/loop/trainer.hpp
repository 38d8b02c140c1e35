// Trainer<T>: the loop around a model, an optimizer, an objective and data.
#pragma once

#include <xtape/core/stateful.hpp>
#include <xtape/nn/module.hpp>
#include <xtape/optim/average.hpp>
#include <xtape/optim/optimizer.hpp>
#include <xtape/optim/plateau.hpp>
#include <xtape/optim/schedule.hpp>
#include <xtape/train/data/loader.hpp>
#include <xtape/train/loop/callback.hpp>
#include <xtape/train/loop/objective.hpp>
#include <xtape/train/loop/progress.hpp>
#include <xtape/train/loop/team.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xtape::train {

namespace detail {
class ProgressBar;
class InterruptGuard;
template <class T>
class Averaging;
template <class T>
class Sampler;
}    // namespace detail

template <class T>
struct TrainerOptions {
    std::size_t epochs = 10;       // that the training has, over all resumed runs
    std::int64_t steps = 0;        // that it has instead; 0: epochs count. The last epoch may be a part of one
    std::int64_t max_steps = 0;    // interrupts the run when this step is done; 0: no limit
    double seconds = 0;            // interrupts it after this time; 0: no limit
    // The learning rate of a step: each group's own, times the schedule at that step, times the plateau's factor.
    std::optional<optim::Schedule> schedule = {};
    bool schedule_by_epoch = false;                  // the schedule counts epochs instead of steps
    std::optional<optim::Schedule> momentum = {};    // of each step, whatever the optimizer's options say
    std::optional<optim::PlateauOptions> plateau = {};
    std::string plateau_monitor = "validation.loss";
    std::function<Variable<T>()> penalty =
        std::function<Variable<T>()>();           // is added to the data loss, and measured apart
    double clip_norm = 0;                         // largest norm of all gradients together; 0: not clipped
    std::size_t accumulate = 1;                   // batches whose gradients, averaged, make one step
    std::optional<optim::EMAOptions> ema = {};    // an average of the weights, which is validated, and the result
    // Stochastic weight averaging instead: the mean of the weights after each epoch from this one on, counted from 1.
    // Batch normalisation's statistics are made anew for it, by one more pass over the training data each time.
    std::optional<std::size_t> swa_from = {};
    std::size_t evaluate_every = 1;           // epochs between two validations
    std::int64_t evaluate_every_steps = 0;    // and steps between two others, whose rows are the evaluations; 0: none
    Progress progress = Progress::automatic;
    // Processes that train the model together with this one; must outlive the trainer. See
    // distributed/data_parallel.hpp.
    Team<T>* team = nullptr;
};

// Trains a model. All of it is optional: a loop written by hand does the same (see docs/training.md).
template <class T>
class Trainer : public Training {
public:
    // Refers to the model and the optimizer, which must outlive it. Throws std::invalid_argument for options out of
    // their range.
    Trainer(nn::Module<T>& model, optim::Optimizer<T>& optimizer, Objective<T> objective,
            TrainerOptions<T> options = {});
    ~Trainer() override;

    // Makes a callback, which is called in the order of adding, and returns it: add<EarlyStopping>({.patience = 5}).
    template <std::derived_from<Callback> C>
    C& add(typename C::Options options = {}) {
        auto callback = std::make_unique<C>(std::move(options));
        C& result = *callback;
        add(std::move(callback));
        return result;
    }
    Callback& add(std::unique_ptr<Callback> callback);
    // Puts something else that is stateful into the checkpoint: it must outlive the trainer. Throws
    // std::invalid_argument for a name that is taken.
    template <Stateful Thing>
    void track(std::string name, Thing& thing) {
        track(Entry(std::move(name), thing));
    }
    void track(Entry entry);

    // Trains until the epochs have run out, a callback stops it, or it is interrupted; goes on where a resumed or
    // interrupted run was. The history is that of the whole training. After SIGINT or SIGTERM the step is finished, the
    // run is saved (with Checkpointing), and the signal does what it would have done. Throws what objective, callbacks
    // and penalty throw.
    const History& fit(DataLoader<T>& batches) { return fit(batches, nullptr); }
    const History& fit(DataLoader<T>& batches, DataLoader<T>& validation) { return fit(batches, &validation); }

    // Puts schedules of the steps in the place of those that the options gave; without one of the momentum, it is the
    // optimizer's.
    void set_schedules(optim::Schedule rate, std::optional<optim::Schedule> momentum = {});

    // Everything that the run depends on, in one file; with a team, called by all of its processes. Throws io::Error.
    void save(const std::filesystem::path& path);
    // Takes over a run that was saved: model, optimizer, random streams, loader, callbacks, history and what is
    // tracked. False when there is no such file. Throws as io::load, and then nothing has changed.
    bool resume(const std::filesystem::path& path);

    // The loss and the metrics of a set, in evaluation: {"loss", ...}, {"accuracy", ...}.
    Quantities evaluate(DataLoader<T>& batches);
    // The model's outputs for all examples, in their order, in evaluation.
    Array<T> predict(const Dataset<T>& data, std::size_t batch_size = 256);

    double lr() const override { return rate_; }
    std::int64_t steps_per_epoch() const override;
    std::int64_t total_steps() const override;
    std::int64_t total_steps(const DataLoader<T>& batches) const;    // if it fits with these
    std::size_t examples_per_step() const override;
    bool evaluates_between_epochs() const override { return options_.evaluate_every_steps > 0; }
    State model_state() const override;
    void load_model_state(const State& state) override;
    using Training::save_later;
    void save_later(Save save) override { to_save_.push_back(std::move(save)); }
    // Where the last checkpoint is that this run has written, and the callbacks' logs.
    const std::filesystem::path& saved() const { return saved_; }
    std::vector<std::filesystem::path> logs() const;
    // What the callbacks have found, those that were added first coming first.
    Diagnosis diagnosis() const override;
    std::vector<std::pair<std::string, std::string>> describe() const override;
    std::string model_summary() const override { return model_.summary(); }
    void measure(const MeasureOptions& options) override;
    void remember() override;
    std::optional<Anomaly> go_back() override;

    nn::Module<T>& model() { return model_; }
    optim::Optimizer<T>& optimizer() { return optimizer_; }
    const Objective<T>& objective() const { return objective_; }
    const TrainerOptions<T>& options() const { return options_; }

    // Where the run is, without model, optimizer and the others, which have entries of their own.
    State state() const;
    void load_state(const State& state);
    static constexpr bool has_open_layout = true;

private:
    struct Running;       // sums of the epoch that is under way
    struct Loop;          // what one fit works with
    struct Remembered;    // what a step changes, at some moment

    const History& fit(DataLoader<T>& batches, DataLoader<T>* validation);
    Quantities evaluate(DataLoader<T>& batches, Answers* answers);
    bool is_complete() const;
    void train_epoch(Loop& loop);
    void add_gradient(const Parts<T>& parts, const Loop& loop);
    // The data loss and the penalty, as a part of the batches that make a step; keeps the penalty.
    Variable<T> whole_loss(Variable<T> loss);
    std::size_t group_of_batch() const;    // how many batches make the step that the last batch is of
    Cut cut() const { return options_.team == nullptr ? Cut() : options_.team->cut(); }
    bool leads() const { return options_.team == nullptr || options_.team->leads(); }
    void take_step();
    void evaluate_between_epochs(DataLoader<T>& validation);
    void finish_epoch(Loop& loop);
    bool should_interrupt(const Loop& loop) const;
    std::vector<std::string> known_quantities(bool validated) const;
    void save_what_was_asked();
    Remembered everything() const;
    void bring_back(const Remembered& was);
    bool repeat_step(std::int64_t step);
    void find_anomaly(Anomaly& anomaly);
    std::vector<Entry> entries();
    std::filesystem::path save_as(const Save& save);
    std::string last_words(const detail::ProgressBar& bar) const;

    nn::Module<T>& model_;
    optim::Optimizer<T>& optimizer_;
    Objective<T> objective_;
    TrainerOptions<T> options_;
    Parameters<T> parameters_;
    std::unique_ptr<detail::Averaging<T>> averaging_;
    std::vector<std::unique_ptr<Callback>> callbacks_;
    std::vector<std::string> callback_names_;    // in the state
    std::vector<Entry> tracked_;
    std::unique_ptr<Running> running_;
    double rate_ = 0;                                                                    // of the last step
    double step_penalty_ = 0;                                                            // likewise
    std::shared_ptr<std::int64_t> schedule_unit_ = std::make_shared<std::int64_t>(1);    // steps per epoch
    DataLoader<T>*batches_ = nullptr, *validation_ = nullptr;                            // while it fits
    State loader_state_, validation_state_;    // of a resumed run, until it fits
    State optimizer_state_;                    // of a team, while it is saved
    bool ended_ = false;                       // training has, with all that follows its last step
    bool team_stops_ = false;                  // some process of the team wants to
    std::vector<Save> to_save_;
    std::unique_ptr<detail::Sampler<T>> sampler_;    // none: nobody wants measurements
    State sampler_state_;                            // of a resumed run, until it fits
    std::shared_ptr<const Remembered> remembered_;
    std::filesystem::path saved_;    // the last checkpoint
};

extern template class Trainer<float>;
extern template class Trainer<double>;

}    // namespace xtape::train
