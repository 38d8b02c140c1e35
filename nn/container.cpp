#include <xtape/nn/container.hpp>
#include <xtape/ops/arithmetic.hpp>

#include <stdexcept>

namespace xtape::nn {

template <class T>
void ModuleList<T>::take(std::string_view name, std::unique_ptr<Module<T>> part) {
    if (part == nullptr) throw std::invalid_argument("[" + this->label() + "] got a null module");
    parts_.reserve(parts_.size() + 1);
    this->adopt(*part, name);
    parts_.push_back(std::move(part));
}

template <class T>
Module<T>& ModuleList<T>::operator[](std::size_t i) {
    if (i >= parts_.size())
        throw std::out_of_range("[" + this->label() + "] got the place " + std::to_string(i) + "; wanted one below " +
                                std::to_string(parts_.size()));
    return *parts_[i];
}

template <class T>
Variable<T> Sequential<T>::forward(const Variable<T>& x) {
    Variable<T> y = x;
    for (std::size_t i = 0; i < this->size(); ++i) y = (*this)[i](y);
    return y;
}

template <class T>
Variable<T> Residual<T>::forward(const Variable<T>& x) {
    Variable<T> y = Sequential<T>::forward(x);
    if (!same_shape(x.shape(), y.shape()))
        this->refuse_shape(y.shape(), "parts that keep the input's shape, " + to_string(x.shape()));
    return x + y;
}

template class ModuleList<float>;
template class ModuleList<double>;
template class Sequential<float>;
template class Sequential<double>;
template class Residual<float>;
template class Residual<double>;

}    // namespace xtape::nn
