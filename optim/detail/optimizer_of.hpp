// The definitions of OptimizerOf, for whoever instantiates it.
#pragma once

#include <xtape/optim/rule.hpp>

#include <algorithm>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace xtape::optim {
namespace detail {

template <class Group>
std::string names_of(const Group& group) {
    std::string names;
    for (const auto& slot : group.slots) names += (names.empty() ? "" : " ") + slot.name;
    return names;
}

template <class O, class T>
concept StepsWholeArrays = requires(const typename Rule<O>::template Whole<T>& whole) {
    whole;
};

template <class O>
constexpr bool has_numbers = requires {
    Rule<O>::numbers;
};

template <class O>
std::vector<double> first_numbers() {
    std::vector<double> numbers;
    if constexpr (has_numbers<O>)
        for (const Number& number : Rule<O>::numbers) numbers.push_back(number.initial);
    return numbers;
}

template <class O>
void check_options(const O& options) {
    Rule<O>::options(options, CheckOption{Rule<O>::name});
    if constexpr (requires { Rule<O>::check(options); }) Rule<O>::check(options);
}

template <class O>
Shape buffer_shape(const O& options, const Shape& parameter, std::size_t buffer) {
    if constexpr (requires { Rule<O>::buffer_shape(options, parameter, buffer); })
        return Rule<O>::buffer_shape(options, parameter, buffer);
    else
        return parameter;
}

}    // namespace detail

template <class T, class O>
Array<T> OptimizerOf<T, O>::first_buffer(const Slot& slot, const O& options, double lr, std::size_t buffer) const {
    Array<T> array = empty_array<T>(detail::buffer_shape(options, slot.parameter.shape(), buffer));
    double first = 0;
    if constexpr (requires { Rule<O>::initial(options, lr, buffer); }) first = Rule<O>::initial(options, lr, buffer);
    std::fill_n(array.storage().data(), array.size(), static_cast<T>(first));
    return array;
}

template <class T, class O>
OptimizerOf<T, O>::OptimizerOf(const Parameters<T>& parameters, O options) {
    add_group(parameters, std::move(options));
}

template <class T, class O>
void OptimizerOf<T, O>::add_group(const Parameters<T>& parameters, O options) {
    detail::check_options(options);
    Group group = this->make_group(Rule<O>::name, parameters);
    for (Slot& slot : group.slots) {
        if constexpr (requires { Rule<O>::check_parameter(options, slot.name, slot.parameter.shape()); })
            Rule<O>::check_parameter(options, slot.name, slot.parameter.shape());
        slot.numbers = detail::first_numbers<O>();
    }
    this->groups_.push_back(std::move(group));
    options_.push_back(std::move(options));
}

template <class T, class O>
const char* OptimizerOf<T, O>::name() const {
    return Rule<O>::name;
}

template <class T, class O>
const O& OptimizerOf<T, O>::options(std::size_t group) const {
    this->check_group(group);
    return options_[group];
}

template <class T, class O>
void OptimizerOf<T, O>::set_options(O options, std::size_t group) {
    this->check_group(group);
    std::vector<O> changed = options_;
    changed[group] = std::move(options);
    replace_options(std::move(changed));
}

template <class T, class O>
void OptimizerOf<T, O>::replace_options(std::vector<O> options) {
    for (const O& checked : options) detail::check_options(checked);
    for (std::size_t i = 0; i < options.size(); ++i) {
        if (options[i].lr != options_[i].lr) this->groups_[i].multiplier = 1;
        rearrange_buffers(this->groups_[i], options_[i], options[i]);
    }
    options_ = std::move(options);
}

template <class T, class O>
void OptimizerOf<T, O>::rearrange_buffers(Group& group, const O& from, const O& to) {
    const auto had = Rule<O>::buffers(from), wanted = Rule<O>::buffers(to);
    if (had == wanted) return;
    for (Slot& slot : group.slots) {
        if constexpr (requires { Rule<O>::step_is_age_of_buffers; }) slot.step = 0;
        if (slot.buffers.empty()) continue;
        std::vector<Array<T>> buffers;
        for (std::size_t k = 0; k < wanted.size(); ++k) {
            std::size_t old = 0;
            while (old < had.size() && had[old] != wanted[k]) ++old;
            buffers.push_back(old < had.size() ? std::move(slot.buffers[old]) : first_buffer(slot, to, to.lr, k));
        }
        slot.buffers = std::move(buffers);
    }
}

template <class T, class O>
void OptimizerOf<T, O>::set_momentum(double momentum) {
    std::vector<O> changed = options_;
    for (O& options : changed) {
        if constexpr (requires { options.momentum; })
            options.momentum = momentum;
        else if constexpr (requires { options.betas; })
            options.betas[0] = momentum;
        else
            throw std::invalid_argument(std::string("[") + Rule<O>::name + "] set_momentum: it has no momentum");
    }
    replace_options(std::move(changed));
}

template <class T, class O>
double OptimizerOf<T, O>::base_lr(std::size_t group) const {
    this->check_group(group);
    return options_[group].lr;
}

template <class T, class O>
void OptimizerOf<T, O>::set_base_lr(std::size_t group, double lr) {
    options_[group].lr = lr;
}

template <class T, class O>
NonFinite OptimizerOf<T, O>::non_finite([[maybe_unused]] std::size_t group) const {
    if constexpr (requires { options_[group].non_finite; })
        return options_[group].non_finite;
    else
        return NonFinite::let_through;
}

template <class T, class O>
void OptimizerOf<T, O>::step() {
    std::vector<double> rates;
    for (std::size_t i = 0; i < options_.size(); ++i) rates.push_back(this->lr(i));
    const bool admitted = this->gradients_admit_step();
    ++this->steps_;
    if (!admitted) return;
    if constexpr (!requires { Rule<O>::needs_closure; }) {
        for (std::size_t i = 0; i < options_.size(); ++i) {
            const O& options = options_[i];
            const std::size_t buffers = Rule<O>::buffers(options).size();
            auto step_all = [&]<class Step>(std::optional<Step> step) {
                std::int64_t count = 0;
                std::vector<double> numbers;
                for (Slot& slot : this->groups_[i].slots) {
                    if (!slot.takes_part()) continue;
                    ++slot.step;
                    if constexpr (detail::has_numbers<O>)
                        Rule<O>::advance(options, slot.step, std::span<double>(slot.numbers));
                    if (slot.elsewhere) continue;
                    while (slot.buffers.size() < buffers)
                        slot.buffers.push_back(first_buffer(slot, options, rates[i], slot.buffers.size()));
                    if (!step || count != slot.step || numbers != slot.numbers) {
                        step.emplace(options, StepInfo{rates[i], slot.step, slot.numbers});
                        count = slot.step;
                        numbers = slot.numbers;
                    }
                    std::span<Array<T>> kept(slot.buffers);
                    if constexpr (requires(Array<T> & p) { (*step)(p, p, kept); })
                        slot.parameter.update([&](Array<T>& p) { (*step)(p, slot.parameter.grad(), kept); });
                    else
                        detail::fused_update(slot.parameter, kept, *step);
                }
            };
            if constexpr (detail::StepsWholeArrays<O, T>)
                step_all(std::optional<typename Rule<O>::template Whole<T>>());
            else
                step_all(std::optional<typename Rule<O>::template Pass<T>>());
        }
    }
}

template <class T, class O>
State OptimizerOf<T, O>::state() const {
    return describe_state(options_, true);
}

template <class T, class O>
State OptimizerOf<T, O>::describe_state(const std::vector<O>& options, bool values) const {
    State state;
    state.add("skipped_steps", this->skipped_steps_);
    this->describe_progress(state);
    for (std::size_t i = 0; i < options.size(); ++i) {
        const std::string prefix = "groups." + std::to_string(i) + ".";
        state.add(prefix + "parameters", detail::names_of(this->groups_[i]));
        state.add(prefix + "lr_multiplier", this->factor(i));
        Rule<O>::options(options[i], detail::WriteOption{state, prefix});
    }
    for (std::size_t i = 0; i < options.size(); ++i) {
        const auto buffers = Rule<O>::buffers(options[i]);
        for (const Slot& slot : this->groups_[i].slots) {
            const std::string prefix = "parameters." + slot.name + ".";
            state.add(prefix + "step", slot.step);
            if constexpr (detail::has_numbers<O>)
                for (std::size_t k = 0; k < slot.numbers.size(); ++k)
                    state.add(prefix + Rule<O>::numbers[k].name, slot.numbers[k]);
            for (std::size_t k = 0; k < buffers.size(); ++k) {
                if (!values)
                    state.add(prefix + buffers[k],
                              make_array<T>(Storage<T>(), detail::buffer_shape(options[i], slot.parameter.shape(), k)));
                else if (k < slot.buffers.size())
                    state.add(prefix + buffers[k], share(slot.buffers[k]));
                else
                    state.add(prefix + buffers[k], first_buffer(slot, options[i], this->lr(i), k));
            }
        }
    }
    return state;
}

template <class T, class O>
void OptimizerOf<T, O>::load_state(const State& state) {
    std::vector<O> options = options_;
    try {
        for (std::size_t i = 0; i < options.size(); ++i) {
            Rule<O>::options(options[i], detail::ReadOption{state, "groups." + std::to_string(i) + "."});
            detail::check_options(options[i]);
        }
    } catch (const std::invalid_argument& error) {
        throw StateError(error.what());
    }
    const StateMismatch mismatch = compare_layout(describe_state(options, false), state);
    if (!mismatch.empty())
        throw StateError(std::string("[") + Rule<O>::name + "] got a state that does not match\n" + mismatch.message());

    auto progress = this->read_progress(state);
    std::vector<Group> groups(options.size());
    for (std::size_t i = 0; i < options.size(); ++i) {
        const std::string prefix = "groups." + std::to_string(i) + ".";
        const std::string names = detail::names_of(this->groups_[i]);
        if (state.get<std::string>(prefix + "parameters") != names)
            throw StateError(std::string("[") + Rule<O>::name + "] got a state whose group " + std::to_string(i) +
                             " has the parameters " + state.get<std::string>(prefix + "parameters") + "; wanted " +
                             names);
        groups[i].schedule = this->groups_[i].schedule;
        groups[i].multiplier = state.get<double>(prefix + "lr_multiplier");
        if (!not_negative.contains(groups[i].multiplier))
            throw StateError(std::string("[") + Rule<O>::name + "] got lr_multiplier = " +
                             detail::in_words(groups[i].multiplier) + "; wanted " + not_negative.words);
        const auto buffers = Rule<O>::buffers(options[i]);
        for (const Slot& slot : this->groups_[i].slots) {
            const std::string path = "parameters." + slot.name + ".";
            Slot loaded{slot.name, slot.parameter, state.get<std::int64_t>(path + "step"), {}, {}, slot.elsewhere};
            if (loaded.step < 0)
                throw StateError(std::string("[") + Rule<O>::name + "] got " + path +
                                 "step = " + std::to_string(loaded.step) + "; wanted 0 or more");
            if constexpr (detail::has_numbers<O>)
                for (const Number& number : Rule<O>::numbers)
                    loaded.numbers.push_back(state.get<double>(path + number.name));
            // Before its first step a parameter has no buffers yet: Rprop's begin with the learning rate of that step.
            for (std::size_t k = 0; loaded.step > 0 && !loaded.elsewhere && k < buffers.size(); ++k)
                loaded.buffers.push_back(share(state.get<Array<T>>(path + buffers[k])));
            groups[i].slots.push_back(std::move(loaded));
        }
    }
    this->skipped_steps_ = state.get<std::int64_t>("skipped_steps");
    this->groups_ = std::move(groups);
    this->take_progress(std::move(progress));
    options_ = std::move(options);
}

}    // namespace xtape::optim
