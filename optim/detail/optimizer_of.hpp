// The definitions of OptimizerOf, for the source file of each optimizer, which instantiates it.
#pragma once

#include <xtape/optim/detail/fused.hpp>
#include <xtape/optim/detail/options.hpp>
#include <xtape/optim/optimizer.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace xtape::optim::detail {

template <class Group>
std::string names_of(const Group& group) {
    std::string names;
    for (const auto& slot : group.slots) names += (names.empty() ? "" : " ") + slot.name;
    return names;
}

template <class T, class O>
Array<T> first_buffer(const Shape& shape, const O& options, double lr, std::size_t buffer) {
    Array<T> array = empty_array<T>(shape);
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
    check_options(options);
    this->groups_.push_back(this->make_group(Rule<O>::name, parameters));
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
    for (const O& checked : options) check_options(checked);
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
        if constexpr (requires { Rule<O>::steps_count_buffers; }) slot.step = 0;
        if (slot.buffers.empty()) continue;
        std::vector<Array<T>> buffers;
        for (std::size_t k = 0; k < wanted.size(); ++k) {
            std::size_t old = 0;
            while (old < had.size() && had[old] != wanted[k]) ++old;
            buffers.push_back(old < had.size()
                                  ? std::move(slot.buffers[old])
                                  : first_buffer<T>(slot.parameter.shape(), to, to.lr * group.multiplier, k));
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
    return options_[group].lr;
}

template <class T, class O>
void OptimizerOf<T, O>::set_base_lr(std::size_t group, double lr) {
    options_[group].lr = lr;
}

template <class T, class O>
NonFinite OptimizerOf<T, O>::non_finite(std::size_t group) const {
    return options_[group].non_finite;
}

template <class T, class O>
void OptimizerOf<T, O>::step() {
    if (!this->gradients_admit_step()) return;
    if constexpr (!requires { Rule<O>::needs_closure; }) {
        for (std::size_t i = 0; i < options_.size(); ++i) {
            const O& options = options_[i];
            const double lr = options.lr * this->groups_[i].multiplier;
            const std::size_t buffers = Rule<O>::buffers(options).size();
            std::optional<typename Rule<O>::template Pass<T>> pass;
            std::int64_t pass_step = 0;
            double pass_product = 1;
            for (Slot& slot : this->groups_[i].slots) {
                if (!slot.takes_part()) continue;
                while (slot.buffers.size() < buffers)
                    slot.buffers.push_back(first_buffer<T>(slot.parameter.shape(), options, lr, slot.buffers.size()));
                ++slot.step;
                if constexpr (has_product<O>) slot.product = Rule<O>::advance(options, slot.step, slot.product);
                if (!pass || pass_step != slot.step || pass_product != slot.product) {
                    pass.emplace(options, lr, slot.step, slot.product);
                    pass_step = slot.step;
                    pass_product = slot.product;
                }
                fused_update(slot.parameter, std::span<Array<T>>(slot.buffers), *pass);
            }
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
    for (std::size_t i = 0; i < options.size(); ++i) {
        const std::string prefix = "groups." + std::to_string(i) + ".";
        state.add(prefix + "parameters", names_of(this->groups_[i]));
        state.add(prefix + "lr_multiplier", this->groups_[i].multiplier);
        Rule<O>::options(options[i], WriteOption{state, prefix});
    }
    for (std::size_t i = 0; i < options.size(); ++i) {
        const auto buffers = Rule<O>::buffers(options[i]);
        for (const Slot& slot : this->groups_[i].slots) {
            const std::string prefix = "parameters." + slot.name + ".";
            state.add(prefix + "step", slot.step);
            if constexpr (has_product<O>) state.add(prefix + "mu_product", slot.product);
            for (std::size_t k = 0; k < buffers.size(); ++k) {
                const Shape& shape = slot.parameter.shape();
                if (!values)
                    state.add(prefix + buffers[k], make_array<T>(Storage<T>(), shape));
                else if (k < slot.buffers.size())
                    state.add(prefix + buffers[k], share(slot.buffers[k]));
                else
                    state.add(prefix + buffers[k],
                              first_buffer<T>(shape, options[i], options[i].lr * this->groups_[i].multiplier, k));
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
            Rule<O>::options(options[i], ReadOption{state, "groups." + std::to_string(i) + "."});
            check_options(options[i]);
        }
    } catch (const std::invalid_argument& error) {
        throw StateError(error.what());
    }
    const StateMismatch mismatch = compare_layout(describe_state(options, false), state);
    if (!mismatch.empty())
        throw StateError(std::string("[") + Rule<O>::name + "] got a state of something else\n" + mismatch.message());

    std::vector<Group> groups(options.size());
    for (std::size_t i = 0; i < options.size(); ++i) {
        const std::string prefix = "groups." + std::to_string(i) + ".";
        const std::string names = names_of(this->groups_[i]);
        if (state.get<std::string>(prefix + "parameters") != names)
            throw StateError(std::string("[") + Rule<O>::name + "] got a state whose group " + std::to_string(i) +
                             " has the parameters " + state.get<std::string>(prefix + "parameters") + "; wanted " +
                             names);
        groups[i].multiplier = state.get<double>(prefix + "lr_multiplier");
        if (!not_negative.contains(groups[i].multiplier))
            throw StateError(std::string("[") + Rule<O>::name + "] got lr_multiplier = " +
                             in_words(groups[i].multiplier) + "; wanted " + not_negative.words);
        const auto buffers = Rule<O>::buffers(options[i]);
        for (const Slot& slot : this->groups_[i].slots) {
            const std::string path = "parameters." + slot.name + ".";
            Slot loaded{slot.name, slot.parameter, state.get<std::int64_t>(path + "step"), 1, {}};
            if (loaded.step < 0)
                throw StateError(std::string("[") + Rule<O>::name + "] got " + path +
                                 "step = " + std::to_string(loaded.step) + "; wanted 0 or more");
            if constexpr (has_product<O>) loaded.product = state.get<double>(path + "mu_product");
            // Before its first step a parameter has no buffers yet: Rprop's begin with the learning rate of that step.
            for (std::size_t k = 0; loaded.step > 0 && k < buffers.size(); ++k)
                loaded.buffers.push_back(share(state.get<Array<T>>(path + buffers[k])));
            groups[i].slots.push_back(std::move(loaded));
        }
    }
    this->skipped_steps_ = state.get<std::int64_t>("skipped_steps");
    this->groups_ = std::move(groups);
    options_ = std::move(options);
}

}    // namespace xtape::optim::detail
