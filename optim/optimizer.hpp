// Optimizer<T>: what all optimizers can do.
#pragma once

#include <xtape/core/non_finite.hpp>
#include <xtape/core/parameters.hpp>
#include <xtape/core/state.hpp>
#include <xtape/optim/plateau.hpp>
#include <xtape/optim/schedule.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace xtape::optim {

// Changes parameters by their gradients. Parameters form groups, each with its own options. A parameter that has no
// gradient, or does not require one, is left as it is, and so is its state. The learning rate of a group is a product:
//     lr = base rate * schedule(step) * plateau
template <class T>
class Optimizer {
public:
    virtual ~Optimizer() = default;
    Optimizer(const Optimizer&) = delete;
    Optimizer& operator=(const Optimizer&) = delete;

    virtual const char* name() const = 0;

    // One step with the gradients that the parameters hold.
    virtual void step() = 0;
    // Calls `closure`, which zeroes the gradients, computes the loss (a Variable or a number) and sweeps it backward;
    // makes one step, for which LBFGS may call it again; returns the first loss.
    template <std::invocable Closure>
    double step(Closure&& closure) {
        return step_with([&]() -> double {
            if constexpr (requires { closure().item(); })
                return static_cast<double>(closure().item());
            else
                return static_cast<double>(closure());
        });
    }
    void zero_grad();

    std::size_t groups() const { return groups_.size(); }
    // Of all groups / of one; throws std::out_of_range when there is no such group.
    Parameters<T> parameters() const;
    Parameters<T> parameters(std::size_t group) const;

    // The learning rate of a group's next step, all factors included. Throws std::invalid_argument when the schedule
    // gives a number that is negative or not finite.
    double lr(std::size_t group = 0) const;
    // The first factor: the option `lr`. Setting it, for all groups or for one, leaves the other factors as they are.
    // Throws std::invalid_argument when it is negative or not finite.
    virtual double base_lr(std::size_t group = 0) const = 0;
    void set_lr(double base);
    void set_lr(double base, std::size_t group);
    // The second: schedule(steps()), for all groups, those that are added later too, or for one. It is not part of the
    // state, being a function; steps() is, as soon as there is a schedule.
    void set_schedule(Schedule schedule);
    void set_schedule(Schedule schedule, std::size_t group);
    // The third: a Plateau over the values that observe() is given, say a validation loss after each epoch. It is part
    // of the state. observe() throws std::logic_error without one.
    void set_plateau(PlateauOptions options = {});
    void observe(double value);
    // nullptr without one.
    const Plateau* plateau() const { return plateau_ ? &*plateau_ : nullptr; }

    // Steps so far, those that were skipped included, so that it stays in line with the loop.
    std::int64_t steps() const { return steps_; }
    // Sets `momentum`, or the first of `betas`, in all groups. Throws std::invalid_argument when it is out of its range
    // or the optimizer has neither.
    virtual void set_momentum(double momentum) = 0;

    // Steps that NonFinite::skip has left out.
    std::int64_t skipped_steps() const { return skipped_steps_; }

    // Leaves the step of some parameters to other processes: `mine` says of each, in the order of parameters(), whether
    // it is made here. Everything but buffers is kept for all; those of the others are dropped, and the state has them
    // as they were before the first step. A parameter that comes back has new buffers. Throws std::invalid_argument for
    // another number of parameters.
    void step_only(const std::vector<bool>& mine);

    // Everything that the next steps depend on, parameters' values apart: `groups.<i>.<option>` and
    // `parameters.<name>.<buffer>`. Its layout does not depend on how many steps have been made.
    virtual State state() const = 0;
    // Throws StateError, having changed nothing, when the state does not fit: other parameters, groups, shapes, or
    // options out of their range.
    virtual void load_state(const State& state) = 0;

protected:
    // A parameter and what the optimizer keeps for it. The buffers are made in its first step.
    struct Slot {
        std::string name;
        Variable<T> parameter;
        std::int64_t step = 0;
        std::vector<double> numbers;    // of the rule's own
        std::vector<Array<T>> buffers;
        bool elsewhere = false;    // another process makes its steps

        bool takes_part() const { return parameter.requires_grad() && parameter.has_grad(); }
    };
    struct Group {
        std::vector<Slot> slots;
        std::optional<Schedule> schedule = {};
        double multiplier = 1;    // of the base rate, as a loaded state has it: for want of a schedule and a plateau
    };

    Optimizer() = default;

    virtual double step_with(const std::function<double()>& closure);
    virtual void set_base_lr(std::size_t group, double lr) = 0;
    virtual NonFinite non_finite(std::size_t group) const = 0;

    // The slots of a new group. Throws std::invalid_argument when there are no parameters, when one is already here
    // (under any name), its name is, or it is a computed value, and when nothing here requires a gradient.
    Group make_group(const char* who, const Parameters<T>& parameters) const;
    // False when this step is to be skipped; has then counted it. Throws AnomalyError.
    bool gradients_admit_step();
    void check_group(std::size_t group) const;
    void check_rate(const char* what, double rate) const;

    // What schedule and plateau make of the base rate.
    double factor(std::size_t group) const;
    // The entries of the state that schedule and plateau add, and their way back: `read` checks all, `take` cannot
    // fail.
    struct Progress {
        std::int64_t steps;
        std::optional<Plateau> plateau;
    };
    void describe_progress(State& state) const;
    Progress read_progress(const State& state) const;
    void take_progress(Progress progress);

    std::vector<Group> groups_;
    std::optional<Schedule> schedule_;
    std::optional<Plateau> plateau_;
    std::int64_t steps_ = 0;
    std::int64_t skipped_steps_ = 0;
};

extern template class Optimizer<float>;
extern template class Optimizer<double>;

// An optimizer whose groups have options of the type O, and which steps as Rule<O> says: see rule.hpp, also for an
// optimizer of your own.
template <class T, class O>
class OptimizerOf : public Optimizer<T> {
public:
    using Options = O;

    // Throws std::invalid_argument naming the option and its value; see also add_group.
    explicit OptimizerOf(const Parameters<T>& parameters, O options = {});

    // Adds parameters with options of their own. Variables without names are numbered on. Throws std::invalid_argument
    // for an option out of its range, an empty list, or a parameter that is computed, already here, or of a shape that
    // the optimizer does not take; and when no parameter, here or added before, requires a gradient.
    void add_group(const Parameters<T>& parameters, O options = {});

    const O& options(std::size_t group = 0) const;
    // Takes effect with the next step. State that the options no longer ask for is dropped (momentum set to 0), and
    // starts anew when they ask for it again.
    void set_options(O options, std::size_t group = 0);
    // change(options) for all groups: `optimizer.change_options([](auto& options) { options.weight_decay = 0.1; })`.
    template <std::invocable<O&> Change>
    void change_options(Change change) {
        std::vector<O> changed = options_;
        for (O& options : changed) change(options);
        replace_options(std::move(changed));
    }

    const char* name() const override;
    using Optimizer<T>::step;
    void step() override;
    void set_momentum(double momentum) override;
    double base_lr(std::size_t group = 0) const override;
    State state() const override;
    void load_state(const State& state) override;

protected:
    void set_base_lr(std::size_t group, double lr) override;
    NonFinite non_finite(std::size_t group) const override;
    // The state if the groups had these options; without values, arrays have shapes only.
    State describe_state(const std::vector<O>& options, bool values) const;

private:
    using typename Optimizer<T>::Slot;
    using typename Optimizer<T>::Group;

    void replace_options(std::vector<O> options);
    void rearrange_buffers(Group& group, const O& from, const O& to);
    Array<T> first_buffer(const Slot& slot, const O& options, double lr, std::size_t buffer) const;

    std::vector<O> options_;
};

}    // namespace xtape::optim
