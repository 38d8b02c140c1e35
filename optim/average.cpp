#include <xtape/core/detail/lanes.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/optim/average.hpp>
#include <xtape/optim/detail/fused.hpp>
#include <xtape/optim/detail/options.hpp>

#include <algorithm>
#include <stdexcept>

namespace xtape::optim {

template <class T>
ParameterAverage<T>::Applied::Applied(const ParameterAverage& average) : parameters_(average.parameters_) {
    own_.reserve(parameters_.size());
    for (const auto& named : parameters_) own_.push_back(share(named.parameter.value()));
    for (std::size_t i = 0; i < own_.size(); ++i) parameters_[i].parameter.set_value(share(average.averages_[i]));
}

template <class T>
ParameterAverage<T>::Applied::~Applied() {
    for (std::size_t i = 0; i < own_.size(); ++i) parameters_[i].parameter.set_value(std::move(own_[i]));
}

template <class T>
ParameterAverage<T>::ParameterAverage(const Parameters<T>& parameters) : parameters_(parameters) {
    averages_.reserve(parameters_.size());
    for (const auto& [name, parameter] : parameters_) {
        if (!parameter.is_leaf())
            throw std::invalid_argument("[average] got the parameter '" + name + "', which " + parameter.operation() +
                                        " computed; wanted a leaf");
        averages_.push_back(share(parameter.value()));
    }
}

template <class T>
void ParameterAverage<T>::update() {
    using L = Lanes<T>;
    const double w = weight(updates_);
    for (std::size_t i = 0; i < averages_.size(); ++i) {
        const Array<T>& value = parameters_[i].parameter.value();
        if (updates_ == 0) {
            averages_[i] = share(value);
            continue;
        }
        const T* p = value.storage().data();
        T* a = averages_[i].storage().data();
        xtape::detail::parallel_for(value.size(), detail::grain, [=](std::size_t begin, std::size_t end) {
            const L part = w;
            std::size_t k = begin;
            for (; k + L::width <= end; k += L::width) {
                const L average = L::load(a + k);
                (average + part * (L::load(p + k) - average)).store(a + k);
            }
            if (k == end) return;
            const L average = L::load_part(a + k, end - k);
            (average + part * (L::load_part(p + k, end - k) - average)).store_part(a + k, end - k);
        });
    }
    ++updates_;
}

template <class T>
void ParameterAverage<T>::copy_to_parameters() const {
    Parameters<T> parameters = parameters_;
    for (std::size_t i = 0; i < averages_.size(); ++i) parameters[i].parameter.set_value(share(averages_[i]));
}

template <class T>
State ParameterAverage<T>::state() const {
    State state;
    write_options(state);
    state.add("updates", updates_);
    for (std::size_t i = 0; i < averages_.size(); ++i)
        state.add("parameters." + parameters_[i].name, share(averages_[i]));
    return state;
}

template <class T>
void ParameterAverage<T>::load_state(const State& state) {
    const StateMismatch mismatch = compare_layout(this->state(), state);
    if (!mismatch.empty()) throw StateError("[average] got a state that does not match\n" + mismatch.message());
    const auto updates = state.get<std::int64_t>("updates");
    if (updates < 0) throw StateError("[average] got updates = " + std::to_string(updates) + "; wanted 0 or more");
    std::vector<Array<T>> averages;
    for (const auto& named : parameters_) averages.push_back(share(state.get<Array<T>>("parameters." + named.name)));
    read_options(state);
    averages_ = std::move(averages);
    updates_ = updates;
}

namespace {

void visit_options(auto& o, const auto& visit) {
    visit("decay", o.decay, fraction);
    visit("warmup", o.warmup);
}

}    // namespace

template <class T>
EMA<T>::EMA(const Parameters<T>& parameters, EMAOptions options) : ParameterAverage<T>(parameters), options_(options) {
    visit_options(options_, detail::CheckOption{"EMA"});
}

template <class T>
double EMA<T>::weight(std::int64_t updates) const {
    const auto n = static_cast<double>(updates);
    return 1 - (options_.warmup ? std::min(options_.decay, (1 + n) / (10 + n)) : options_.decay);
}

template <class T>
void EMA<T>::write_options(State& state) const {
    visit_options(options_, detail::WriteOption{state, ""});
}

template <class T>
void EMA<T>::read_options(const State& state) {
    EMAOptions options;
    visit_options(options, detail::ReadOption{state, ""});
    try {
        visit_options(options, detail::CheckOption{"EMA"});
    } catch (const std::invalid_argument& error) {
        throw StateError(error.what());
    }
    options_ = options;
}

template class ParameterAverage<float>;
template class ParameterAverage<double>;
template class EMA<float>;
template class EMA<double>;
template class SWA<float>;
template class SWA<double>;

}    // namespace xtape::optim
