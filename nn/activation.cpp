#include <xtape/nn/activation.hpp>
#include <xtape/ops/hyperbolic.hpp>
#include <xtape/ops/rectifier.hpp>
#include <xtape/ops/softmax.hpp>

namespace xtape::nn {

template <class T>
Variable<T> ReLU<T>::forward(const Variable<T>& x) {
    return relu(x);
}
template <class T>
Variable<T> ReLU6<T>::forward(const Variable<T>& x) {
    return relu6(x);
}
template <class T>
Variable<T> SELU<T>::forward(const Variable<T>& x) {
    return selu(x);
}
template <class T>
Variable<T> Hardsigmoid<T>::forward(const Variable<T>& x) {
    return hardsigmoid(x);
}
template <class T>
Variable<T> Hardswish<T>::forward(const Variable<T>& x) {
    return hardswish(x);
}
template <class T>
Variable<T> Sigmoid<T>::forward(const Variable<T>& x) {
    return sigmoid(x);
}
template <class T>
Variable<T> LogSigmoid<T>::forward(const Variable<T>& x) {
    return log_sigmoid(x);
}
template <class T>
Variable<T> SiLU<T>::forward(const Variable<T>& x) {
    return silu(x);
}
template <class T>
Variable<T> Mish<T>::forward(const Variable<T>& x) {
    return mish(x);
}
template <class T>
Variable<T> Softsign<T>::forward(const Variable<T>& x) {
    return softsign(x);
}
template <class T>
Variable<T> Tanh<T>::forward(const Variable<T>& x) {
    return tanh(x);
}
template <class T>
Variable<T> LeakyReLU<T>::forward(const Variable<T>& x) {
    return leaky_relu(x, negative_slope_);
}
template <class T>
Variable<T> ELU<T>::forward(const Variable<T>& x) {
    return elu(x, alpha_);
}
template <class T>
Variable<T> CELU<T>::forward(const Variable<T>& x) {
    return celu(x, alpha_);
}
template <class T>
Variable<T> Hardtanh<T>::forward(const Variable<T>& x) {
    return hardtanh(x, lower_, upper_);
}
template <class T>
Variable<T> Softplus<T>::forward(const Variable<T>& x) {
    return softplus(x, beta_, threshold_);
}
template <class T>
Variable<T> GELU<T>::forward(const Variable<T>& x) {
    return gelu(x, approximation_);
}
template <class T>
Variable<T> Softmax<T>::forward(const Variable<T>& x) {
    return softmax(x, axis_);
}
template <class T>
Variable<T> LogSoftmax<T>::forward(const Variable<T>& x) {
    return log_softmax(x, axis_);
}
template <class T>
Variable<T> PReLU<T>::forward(const Variable<T>& x) {
    return prelu(x, weight);
}

template struct ReLU<float>;
template struct ReLU<double>;
template struct ReLU6<float>;
template struct ReLU6<double>;
template struct SELU<float>;
template struct SELU<double>;
template struct Hardsigmoid<float>;
template struct Hardsigmoid<double>;
template struct Hardswish<float>;
template struct Hardswish<double>;
template struct Sigmoid<float>;
template struct Sigmoid<double>;
template struct LogSigmoid<float>;
template struct LogSigmoid<double>;
template struct SiLU<float>;
template struct SiLU<double>;
template struct Mish<float>;
template struct Mish<double>;
template struct Softsign<float>;
template struct Softsign<double>;
template struct Tanh<float>;
template struct Tanh<double>;
template class LeakyReLU<float>;
template class LeakyReLU<double>;
template class ELU<float>;
template class ELU<double>;
template class CELU<float>;
template class CELU<double>;
template class Hardtanh<float>;
template class Hardtanh<double>;
template class Softplus<float>;
template class Softplus<double>;
template class GELU<float>;
template class GELU<double>;
template class Softmax<float>;
template class Softmax<double>;
template class LogSoftmax<float>;
template class LogSoftmax<double>;
template class PReLU<float>;
template class PReLU<double>;

}    // namespace xtape::nn
