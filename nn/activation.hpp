// The activations as modules, for Sequential: each calls the operation of its name, whose page has the derivative.
#pragma once

#include <xtape/nn/module.hpp>
#include <xtape/ops/activation.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace xtape::nn {

// y = max(x, 0).
template <class T>
struct ReLU : Module<T> {
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override;
};

// y = min(max(x, 0), 6).
template <class T>
struct ReLU6 : Module<T> {
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override;
};

// y = scale (x where x > 0, else alpha (e^x - 1)), with the constants that keep mean 0 and variance 1. Klambauer et al.
// 2017.
template <class T>
struct SELU : Module<T> {
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override;
};

// y = min(max(x / 6 + 1 / 2, 0), 1).
template <class T>
struct Hardsigmoid : Module<T> {
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override;
};

// y = x min(max(x / 6 + 1 / 2, 0), 1).
template <class T>
struct Hardswish : Module<T> {
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override;
};

// y = 1 / (1 + e^-x).
template <class T>
struct Sigmoid : Module<T> {
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override;
};

// y = log(1 / (1 + e^-x)).
template <class T>
struct LogSigmoid : Module<T> {
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override;
};

// y = x / (1 + e^-x), also called swish.
template <class T>
struct SiLU : Module<T> {
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override;
};

// y = x tanh(log(1 + e^x)).
template <class T>
struct Mish : Module<T> {
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override;
};

// y = x / (1 + |x|).
template <class T>
struct Softsign : Module<T> {
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override;
};

// y = tanh(x).
template <class T>
struct Tanh : Module<T> {
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override;
};

// y = x where x > 0, else negative_slope x.
template <class T>
class LeakyReLU : public Module<T> {
public:
    explicit LeakyReLU(double negative_slope = 0.01) : LeakyReLU(nullptr, "", negative_slope) {}
    LeakyReLU(Module<T>* owner, std::string_view name, double negative_slope = 0.01)
        : Module<T>(owner, name), negative_slope_(negative_slope) {}
    Variable<T> forward(const Variable<T>& x) override;

private:
    double negative_slope_;
};

// y = x where x > 0, else alpha (e^x - 1).
template <class T>
class ELU : public Module<T> {
public:
    explicit ELU(double alpha = 1) : ELU(nullptr, "", alpha) {}
    ELU(Module<T>* owner, std::string_view name, double alpha = 1) : Module<T>(owner, name), alpha_(alpha) {}
    Variable<T> forward(const Variable<T>& x) override;

private:
    double alpha_;
};

// y = x where x > 0, else alpha (e^(x / alpha) - 1).
template <class T>
class CELU : public Module<T> {
public:
    explicit CELU(double alpha = 1) : CELU(nullptr, "", alpha) {}
    CELU(Module<T>* owner, std::string_view name, double alpha = 1) : Module<T>(owner, name), alpha_(alpha) {}
    Variable<T> forward(const Variable<T>& x) override;

private:
    double alpha_;
};

// y = min(max(x, lower), upper).
template <class T>
class Hardtanh : public Module<T> {
public:
    explicit Hardtanh(double lower = -1, double upper = 1) : Hardtanh(nullptr, "", lower, upper) {}
    Hardtanh(Module<T>* owner, std::string_view name, double lower = -1, double upper = 1)
        : Module<T>(owner, name), lower_(lower), upper_(upper) {}
    Variable<T> forward(const Variable<T>& x) override;

private:
    double lower_;
    double upper_;
};

// y = log(1 + e^(beta x)) / beta; x itself where beta x > threshold.
template <class T>
class Softplus : public Module<T> {
public:
    explicit Softplus(double beta = 1, double threshold = 20) : Softplus(nullptr, "", beta, threshold) {}
    Softplus(Module<T>* owner, std::string_view name, double beta = 1, double threshold = 20)
        : Module<T>(owner, name), beta_(beta), threshold_(threshold) {}
    Variable<T> forward(const Variable<T>& x) override;

private:
    double beta_;
    double threshold_;
};

// y = x Phi(x), Phi being the normal distribution function, or its approximation by tanh.
template <class T>
class GELU : public Module<T> {
public:
    explicit GELU(GeluApproximation approximation = GeluApproximation::none) : GELU(nullptr, "", approximation) {}
    GELU(Module<T>* owner, std::string_view name, GeluApproximation approximation = GeluApproximation::none)
        : Module<T>(owner, name), approximation_(approximation) {}
    Variable<T> forward(const Variable<T>& x) override;

private:
    GeluApproximation approximation_;
};

// y = e^x / sum(e^x), summed along `axis`.
template <class T>
class Softmax : public Module<T> {
public:
    explicit Softmax(std::ptrdiff_t axis = -1) : Softmax(nullptr, "", axis) {}
    Softmax(Module<T>* owner, std::string_view name, std::ptrdiff_t axis = -1) : Module<T>(owner, name), axis_(axis) {}
    Variable<T> forward(const Variable<T>& x) override;

private:
    std::ptrdiff_t axis_;
};

// y = x - log(sum(e^x)), summed along `axis`.
template <class T>
class LogSoftmax : public Module<T> {
public:
    explicit LogSoftmax(std::ptrdiff_t axis = -1) : LogSoftmax(nullptr, "", axis) {}
    LogSoftmax(Module<T>* owner, std::string_view name, std::ptrdiff_t axis = -1)
        : Module<T>(owner, name), axis_(axis) {}
    Variable<T> forward(const Variable<T>& x) override;

private:
    std::ptrdiff_t axis_;
};

// y = x where x > 0, else a x, with the parameter `weight`, a, of one element or one per channel (axis 1). Throws
// std::invalid_argument for less than one channel.
template <class T>
class PReLU : public Module<T> {
public:
    explicit PReLU(std::ptrdiff_t channels = 1, double initial = 0.25) : PReLU(nullptr, "", channels, initial) {}
    PReLU(Module<T>* owner, std::string_view name, std::ptrdiff_t channels = 1, double initial = 0.25)
        : Module<T>(owner, name),
          weight(this, "weight",
                 Array<T>(Shape{this->checked_size("PReLU", "channels", channels)}, static_cast<T>(initial))) {}
    Variable<T> forward(const Variable<T>& x) override;

    Parameter<T> weight;
};

extern template struct ReLU<float>;
extern template struct ReLU<double>;
extern template struct ReLU6<float>;
extern template struct ReLU6<double>;
extern template struct SELU<float>;
extern template struct SELU<double>;
extern template struct Hardsigmoid<float>;
extern template struct Hardsigmoid<double>;
extern template struct Hardswish<float>;
extern template struct Hardswish<double>;
extern template struct Sigmoid<float>;
extern template struct Sigmoid<double>;
extern template struct LogSigmoid<float>;
extern template struct LogSigmoid<double>;
extern template struct SiLU<float>;
extern template struct SiLU<double>;
extern template struct Mish<float>;
extern template struct Mish<double>;
extern template struct Softsign<float>;
extern template struct Softsign<double>;
extern template struct Tanh<float>;
extern template struct Tanh<double>;
extern template class LeakyReLU<float>;
extern template class LeakyReLU<double>;
extern template class ELU<float>;
extern template class ELU<double>;
extern template class CELU<float>;
extern template class CELU<double>;
extern template class Hardtanh<float>;
extern template class Hardtanh<double>;
extern template class Softplus<float>;
extern template class Softplus<double>;
extern template class GELU<float>;
extern template class GELU<double>;
extern template class Softmax<float>;
extern template class Softmax<double>;
extern template class LogSoftmax<float>;
extern template class LogSoftmax<double>;
extern template class PReLU<float>;
extern template class PReLU<double>;

}    // namespace xtape::nn
