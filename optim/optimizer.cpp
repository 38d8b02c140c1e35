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
double Optimizer<T>::lr(std::size_t group) const {
    check_group(group);
    return base_lr(group) * groups_[group].multiplier;
}

template <class T>
void Optimizer<T>::set_lr(double lr) {
    for (std::size_t i = 0; i < groups(); ++i) set_lr(lr, i);
}

template <class T>
void Optimizer<T>::set_lr(double lr, std::size_t group) {
    check_group(group);
    check_rate("lr", lr);
    set_base_lr(group, lr);
    groups_[group].multiplier = 1;
}

template <class T>
void Optimizer<T>::scale_lr(double multiplier) {
    check_rate("the multiplier of lr", multiplier);
    for (Group& group : groups_) group.multiplier = multiplier;
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
        group.slots.push_back({name, parameter, 0, 1, {}});
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
void Optimizer<T>::check_group(std::size_t group) const {
    if (group >= groups())
        throw std::out_of_range(std::string("[") + name() + "] got the group " + std::to_string(group) +
                                "; wanted one below " + std::to_string(groups()));
}

template <class T>
void Optimizer<T>::check_rate(const char* what, double rate) const {
    detail::CheckOption{name()}(what, rate, detail::not_negative);
}

template class Optimizer<float>;
template class Optimizer<double>;

}    // namespace xtape::optim
