#include <xtape/train/preprocess/pipeline.hpp>

#include <stdexcept>

namespace xtape::train {

template <class T>
Pipeline<T>& Pipeline<T>::append(std::string step_name, std::unique_ptr<Preprocessing<T>> step) {
    for (const auto& [name, other] : steps_)
        if (name == step_name)
            throw std::invalid_argument("[Pipeline] got the name '" + step_name + "' twice; wanted a new one");
    if (step_name.empty() || step_name.find_first_of("./") != std::string::npos)
        throw std::invalid_argument("[Pipeline] got the name '" + step_name + "'; wanted one without '.' or '/'");
    train_ = (*step)(train_);
    steps_.push_back({std::move(step_name), std::move(step)});
    return *this;
}

template <class T>
std::unique_ptr<Preprocessing<T>> Pipeline<T>::clone() const {
    std::unique_ptr<Pipeline> result(new Pipeline);
    for (const auto& [name, step] : steps_) result->steps_.push_back({name, step->clone()});
    return result;
}

template <class T>
Array<T> Pipeline<T>::transform(const Array<T>& inputs) const {
    Array<T> result = share(inputs);
    for (const auto& [name, step] : steps_) result = step->transform(result);
    return result;
}

template <class T>
Array<T> Pipeline<T>::inverse(const Array<T>& outputs) const {
    Array<T> result = share(outputs);
    for (std::size_t i = steps_.size(); i-- > 0;) result = steps_[i].step->inverse(result);
    return result;
}

template <class T>
State Pipeline<T>::state() const {
    State state;
    for (const auto& [name, step] : steps_) state.add(name, step->state());
    return state;
}

template <class T>
void Pipeline<T>::load_state(const State& state) {
    std::vector<std::unique_ptr<Preprocessing<T>>> loaded;    // all or none
    std::size_t entries = 0;
    for (const auto& [name, step] : steps_) {
        const State child = state.child(name);
        entries += child.size();
        loaded.push_back(step->clone());
        loaded.back()->load_state(child);
    }
    if (entries != state.size()) throw StateError("[Pipeline] got a state with steps that are not here");
    for (std::size_t i = 0; i < steps_.size(); ++i) steps_[i].step = std::move(loaded[i]);
}

template class Pipeline<float>;
template class Pipeline<double>;

}    // namespace xtape::train
