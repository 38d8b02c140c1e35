#include <xtape/core/parameters.hpp>

#include <stdexcept>

namespace xtape {

template <class T>
Parameters<T>::Parameters(const Variables<T>& variables) : numbered_(true) {
    parameters_.reserve(variables.size());
    for (const auto& variable : variables) {
        variable.node();
        parameters_.push_back({std::to_string(parameters_.size()), variable});
    }
}

template <class T>
Parameters<T>::Parameters(std::initializer_list<Named> parameters) {
    parameters_.reserve(parameters.size());
    for (const auto& [name, parameter] : parameters) add(name, parameter);
}

template <class T>
void Parameters<T>::add(std::string name, Variable<T> parameter) {
    parameter.node();
    if (name.empty() || name.find('/') != std::string::npos)
        throw std::invalid_argument("[parameters] got the name '" + name +
                                    "'; wanted one that is not empty, without '/'");
    if (contains(name)) throw std::invalid_argument("[parameters] got the name '" + name + "' twice");
    parameters_.push_back({std::move(name), std::move(parameter)});
    numbered_ = false;
}

template <class T>
Variables<T> Parameters<T>::variables() const {
    Variables<T> result;
    result.reserve(size());
    for (const auto& named : parameters_) result.push_back(named.parameter);
    return result;
}

template <class T>
std::size_t Parameters<T>::count() const {
    std::size_t total = 0;
    for (const auto& named : parameters_) total += named.parameter.size();
    return total;
}

template <class T>
void Parameters<T>::zero_grad() {
    for (auto& named : parameters_) named.parameter.zero_grad();
}

template <class T>
std::size_t Parameters<T>::find(std::string_view name) const {
    std::size_t i = 0;
    while (i < size() && parameters_[i].name != name) ++i;
    return i;
}

template <class T>
std::size_t Parameters<T>::place(std::string_view name) const {
    std::size_t i = find(name);
    if (i < size()) return i;
    std::string there;
    for (const auto& named : parameters_) there += (there.empty() ? "" : ", ") + named.name;
    throw std::out_of_range("[parameters] got the name '" + std::string(name) + "'; wanted one of: " + there);
}

template class Parameters<float>;
template class Parameters<double>;

}    // namespace xtape
