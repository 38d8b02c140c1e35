// The activations as modules, for Sequential: each calls the operation of its name, where formula and derivative stand.
#pragma once

#include <xtape/nn/module.hpp>
#include <xtape/ops/activation.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace xtape::nn {

template <class T>
class ReLU : public Module<T> {
public:
    ReLU() = default;
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override { return "ReLU"; }
};

template <class T>
class ReLU6 : public Module<T> {
public:
    ReLU6() = default;
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override { return "ReLU6"; }
};

template <class T>
class SELU : public Module<T> {
public:
    SELU() = default;
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override { return "SELU"; }
};

template <class T>
class Hardsigmoid : public Module<T> {
public:
    Hardsigmoid() = default;
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override { return "Hardsigmoid"; }
};

template <class T>
class Hardswish : public Module<T> {
public:
    Hardswish() = default;
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override { return "Hardswish"; }
};

template <class T>
class Sigmoid : public Module<T> {
public:
    Sigmoid() = default;
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override { return "Sigmoid"; }
};

template <class T>
class LogSigmoid : public Module<T> {
public:
    LogSigmoid() = default;
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override { return "LogSigmoid"; }
};

template <class T>
class SiLU : public Module<T> {
public:
    SiLU() = default;
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override { return "SiLU"; }
};

template <class T>
class Mish : public Module<T> {
public:
    Mish() = default;
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override { return "Mish"; }
};

template <class T>
class Softsign : public Module<T> {
public:
    Softsign() = default;
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override { return "Softsign"; }
};

template <class T>
class Tanh : public Module<T> {
public:
    Tanh() = default;
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override { return "Tanh"; }
};

template <class T>
class LeakyReLU : public Module<T> {
public:
    explicit LeakyReLU(double negative_slope = 0.01) : LeakyReLU(nullptr, "", negative_slope) {}
    LeakyReLU(Module<T>* owner, std::string_view name, double negative_slope = 0.01)
        : Module<T>(owner, name), negative_slope_(negative_slope) {}
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override { return "LeakyReLU"; }

private:
    double negative_slope_;
};

template <class T>
class ELU : public Module<T> {
public:
    explicit ELU(double alpha = 1) : ELU(nullptr, "", alpha) {}
    ELU(Module<T>* owner, std::string_view name, double alpha = 1) : Module<T>(owner, name), alpha_(alpha) {}
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override { return "ELU"; }

private:
    double alpha_;
};

template <class T>
class CELU : public Module<T> {
public:
    explicit CELU(double alpha = 1) : CELU(nullptr, "", alpha) {}
    CELU(Module<T>* owner, std::string_view name, double alpha = 1) : Module<T>(owner, name), alpha_(alpha) {}
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override { return "CELU"; }

private:
    double alpha_;
};

template <class T>
class Hardtanh : public Module<T> {
public:
    explicit Hardtanh(double lower = -1, double upper = 1) : Hardtanh(nullptr, "", lower, upper) {}
    Hardtanh(Module<T>* owner, std::string_view name, double lower = -1, double upper = 1)
        : Module<T>(owner, name), lower_(lower), upper_(upper) {}
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override { return "Hardtanh"; }

private:
    double lower_;
    double upper_;
};

template <class T>
class Softplus : public Module<T> {
public:
    explicit Softplus(double beta = 1, double threshold = 20) : Softplus(nullptr, "", beta, threshold) {}
    Softplus(Module<T>* owner, std::string_view name, double beta = 1, double threshold = 20)
        : Module<T>(owner, name), beta_(beta), threshold_(threshold) {}
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override { return "Softplus"; }

private:
    double beta_;
    double threshold_;
};

template <class T>
class GELU : public Module<T> {
public:
    explicit GELU(GeluApproximation approximation = GeluApproximation::none) : GELU(nullptr, "", approximation) {}
    GELU(Module<T>* owner, std::string_view name, GeluApproximation approximation = GeluApproximation::none)
        : Module<T>(owner, name), approximation_(approximation) {}
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override { return "GELU"; }

private:
    GeluApproximation approximation_;
};

template <class T>
class Softmax : public Module<T> {
public:
    explicit Softmax(std::ptrdiff_t axis = -1) : Softmax(nullptr, "", axis) {}
    Softmax(Module<T>* owner, std::string_view name, std::ptrdiff_t axis = -1) : Module<T>(owner, name), axis_(axis) {}
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override { return "Softmax"; }

private:
    std::ptrdiff_t axis_;
};

template <class T>
class LogSoftmax : public Module<T> {
public:
    explicit LogSoftmax(std::ptrdiff_t axis = -1) : LogSoftmax(nullptr, "", axis) {}
    LogSoftmax(Module<T>* owner, std::string_view name, std::ptrdiff_t axis = -1)
        : Module<T>(owner, name), axis_(axis) {}
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override { return "LogSoftmax"; }

private:
    std::ptrdiff_t axis_;
};

// y = x where x > 0, else a x, with the parameter `weight`, a, of one element or one a channel (axis 1). Throws
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
    std::string kind() const override { return "PReLU"; }

    Parameter<T> weight;
};

extern template class ReLU<float>;
extern template class ReLU<double>;
extern template class ReLU6<float>;
extern template class ReLU6<double>;
extern template class SELU<float>;
extern template class SELU<double>;
extern template class Hardsigmoid<float>;
extern template class Hardsigmoid<double>;
extern template class Hardswish<float>;
extern template class Hardswish<double>;
extern template class Sigmoid<float>;
extern template class Sigmoid<double>;
extern template class LogSigmoid<float>;
extern template class LogSigmoid<double>;
extern template class SiLU<float>;
extern template class SiLU<double>;
extern template class Mish<float>;
extern template class Mish<double>;
extern template class Softsign<float>;
extern template class Softsign<double>;
extern template class Tanh<float>;
extern template class Tanh<double>;
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
