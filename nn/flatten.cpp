#include <xtape/nn/flatten.hpp>
#include <xtape/ops/shape.hpp>

namespace xtape::nn {

template <class T>
Variable<T> Flatten<T>::forward(const Variable<T>& x) {
    return flatten(x, first_, last_);
}

template class Flatten<float>;
template class Flatten<double>;
template class Identity<float>;
template class Identity<double>;

}    // namespace xtape::nn
