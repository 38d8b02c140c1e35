#include <xtape/core/detail/lanes.hpp>
#include <xtape/core/error.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/optim/detail/options.hpp>
#include <xtape/optim/optimizer.hpp>

#include <atomic>
#include <cmath>
#include <stdexcept>
#include <unordered_set>

namespace xtape::optim {
namespace {

// x * 0 is NaN for what is not finite, and a sum keeps a NaN.
template <class T>
bool all_finite(const Array<T>& array) {
    using L = Lanes<T>;
    const T* x = array.storage().data();
    std::atomic<bool> finite{true};
    xtape::detail::parallel_for(array.size(), std::size_t{1} << 16, [&](std::size_t begin, std::size_t end) {
        L sum = 0;
        T rest = 0;
        std::size_t i = begin;
        for (; i + L::width <= end; i += L::width) sum += L::load(x + i) * 0;
        for (; i < end; ++i) rest += x[i] * 0;
        alignas(64) T lanes[L::width];
        sum.store(lanes);
        for (T lane : lanes) rest += lane;
        if (std::isnan(rest)) finite.store(false, std::memory_order_relaxed);
    });
    return finite.load();
}

}    // namespace

template <class T>
void Optimizer<T>::zero_grad() {
    for (Group& group : groups_)
        for (Slot& slot : group.slots) slot.parameter.zero_grad();
}

template <class T>
Parameters<T> Optimizer<T>::parameters() const {
    Parameters<T> result;
    for (const Group& group : groups_)
        for (const Slot& slot : group.slots) result.add(slot.name, slot.parameter);
    return result;
}

template <class T>
Parameters<T> Optimizer<T>::parameters(std::size_t group) const {
    check_group(group);
    Parameters<T> result;
    for (const Slot& slot : groups_[group].slots) result.add(slot.name, slot.parameter);
    return result;
}

template <class T>
double Optimizer<T>::factor(std::size_t group) const {
    const std::optional<Schedule>& schedule = groups_[group].schedule ? groups_[group].schedule : schedule_;
    if (!schedule && !plateau_) return groups_[group].multiplier;
    double factor = 1;
    if (schedule) {
        factor = (*schedule)(steps_);
        check_rate(("schedule(" + std::to_string(steps_) + ")").c_str(), factor);
    }
    return plateau_ ? factor * plateau_->multiplier() : factor;
}

template <class T>
double Optimizer<T>::lr(std::size_t group) const {
    check_group(group);
    return base_lr(group) * factor(group);
}

template <class T>
void Optimizer<T>::set_lr(double base) {
    check_rate("lr", base);
    for (std::size_t i = 0; i < groups(); ++i) set_lr(base, i);
}

template <class T>
void Optimizer<T>::set_lr(double base, std::size_t group) {
    check_group(group);
    check_rate("lr", base);
    set_base_lr(group, base);
    groups_[group].multiplier = 1;
}

template <class T>
void Optimizer<T>::set_schedule(Schedule schedule) {
    for (Group& group : groups_) group.schedule.reset();
    schedule_ = std::move(schedule);
}

template <class T>
void Optimizer<T>::set_schedule(Schedule schedule, std::size_t group) {
    check_group(group);
    groups_[group].schedule = std::move(schedule);
}

template <class T>
void Optimizer<T>::set_plateau(PlateauOptions options) {
    plateau_.emplace(options);
}

template <class T>
void Optimizer<T>::observe(double value) {
    if (!plateau_)
        throw std::logic_error(std::string("[") + name() + "] observe() got a value, but there is no plateau; wanted " +
                               "set_plateau() first");
    plateau_->step(value);
}

template <class T>
void Optimizer<T>::describe_progress(State& state) const {
    bool scheduled = schedule_.has_value();
    for (const Group& group : groups_) scheduled = scheduled || group.schedule;
    if (scheduled) state.add("steps", steps_);
    if (plateau_) state.add("plateau", plateau_->state());
}

template <class T>
typename Optimizer<T>::Progress Optimizer<T>::read_progress(const State& state) const {
    Progress progress{0, plateau_};
    if (state.contains("steps")) progress.steps = state.get<std::int64_t>("steps");
    if (progress.steps < 0)
        throw StateError(std::string("[") + name() + "] got steps = " + std::to_string(progress.steps) +
                         "; wanted 0 or more");
    if (progress.plateau) progress.plateau->load_state(state.child("plateau"));
    return progress;
}

template <class T>
void Optimizer<T>::take_progress(Progress progress) {
    steps_ = progress.steps;
    plateau_ = progress.plateau;
}

template <class T>
double Optimizer<T>::step_with(const std::function<double()>& closure) {
    const double loss = closure();
    step();
    return loss;
}

template <class T>
typename Optimizer<T>::Group Optimizer<T>::make_group(const char* who, const Parameters<T>& parameters) const {
    const std::string place = std::string("[") + who + "] got ";
    if (parameters.empty()) throw std::invalid_argument(place + "no parameters; wanted at least one");
    std::unordered_set<std::string> names;
    std::unordered_set<const void*> nodes;
    for (const Group& group : groups_)
        for (const Slot& slot : group.slots) {
            names.insert(slot.name);
            nodes.insert(&slot.parameter.node());
        }
    Group group;
    const std::size_t numbered_from = names.size();
    for (const auto& [given, parameter] : parameters) {
        const std::string name = parameters.numbered() ? std::to_string(numbered_from + group.slots.size()) : given;
        if (!nodes.insert(&parameter.node()).second)
            throw std::invalid_argument(place + "the parameter '" + name + "' twice; wanted each once");
        if (!names.insert(name).second)
            throw std::invalid_argument(place + "the name '" + name + "' twice; wanted one for each parameter");
        if (!parameter.is_leaf())
            throw std::invalid_argument(place + "the parameter '" + name + "', which " + parameter.operation() +
                                        " computed; wanted a leaf");
        group.slots.push_back({name, parameter, 0, {}, {}, false});
    }
    auto trains = [](const Group& g) {
        for (const Slot& slot : g.slots)
            if (slot.parameter.requires_grad()) return true;
        return false;
    };
    bool anything = trains(group);
    for (const Group& earlier : groups_) anything = anything || trains(earlier);
    if (!anything) {
        std::string all;
        for (const Slot& slot : group.slots) all += (all.empty() ? "'" : ", '") + slot.name + "'";
        throw std::invalid_argument(place + all + ", of which none requires a gradient, so that no step would change " +
                                    "anything; wanted at least one that does");
    }
    return group;
}

template <class T>
bool Optimizer<T>::gradients_admit_step() {
    for (std::size_t i = 0; i < groups(); ++i) {
        const NonFinite policy = non_finite(i);
        if (policy == NonFinite::let_through) continue;
        for (const Slot& slot : groups_[i].slots) {
            if (!slot.takes_part() || all_finite(slot.parameter.grad())) continue;
            if (policy == NonFinite::raise)
                throw AnomalyError(std::string("[") + name() + "] the gradient of '" + slot.name +
                                   "' has an element that is not finite; nothing was changed");
            ++skipped_steps_;
            return false;
        }
    }
    return true;
}

template <class T>
void Optimizer<T>::step_only(const std::vector<bool>& mine) {
    std::size_t count = 0;
    for (const Group& group : groups_) count += group.slots.size();
    if (mine.size() != count)
        throw std::invalid_argument(std::string("[") + name() + "] step_only() got " + std::to_string(mine.size()) +
                                    " parameters; wanted " + std::to_string(count));
    auto next = mine.begin();
    for (Group& group : groups_)
        for (Slot& slot : group.slots) {
            slot.elsewhere = !*next++;
            if (slot.elsewhere) slot.buffers.clear();
        }
}

template <class T>
void Optimizer<T>::check_group(std::size_t group) const {
    if (group >= groups())
        throw std::out_of_range(std::string("[") + name() + "] got the group " + std::to_string(group) +
                                "; wanted one below " + std::to_string(groups()));
}

template <class T>
void Optimizer<T>::check_rate(const char* what, double rate) const {
    detail::CheckOption{name()}(what, rate, not_negative);
}

template class Optimizer<float>;
template class Optimizer<double>;

}    // namespace xtape::optim
