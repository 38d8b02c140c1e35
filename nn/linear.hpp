// Affine layers.
#pragma once

#include <xtape/nn/module.hpp>
#include <xtape/ops/axes.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace xtape::nn {

using Size = xtape::detail::Integer;    // any integer, signed or not

struct LinearOptions {
    bool bias = true;
};

// y = x W^T + b. Parameters `weight` (out, in) and `bias` (out,), both U(-1/sqrt(in), 1/sqrt(in)) as PyTorch's (Kaiming
// uniform with slope sqrt 5). Shapes (..., in) -> (..., out). Throws std::invalid_argument for sizes below 1; forward
// throws ShapeError.
template <class T>
class Linear : public Module<T> {
public:
    Linear(Size in, Size out, LinearOptions options = {}) : Linear(nullptr, "", in, out, options) {}
    Linear(Module<T>* owner, std::string_view name, Size in, Size out, LinearOptions options = {});

    Variable<T> forward(const Variable<T>& x) override;
    std::string describe() const override;

private:
    std::size_t in_, out_;

public:
    Parameter<T> weight;
    Parameter<T> bias;    // not defined() without bias
};

template <class T>
struct DropConnectOptions {
    bool bias = true;
    bool drop_bias = false;    // drop biases as well
    // y = activation(x W^T + b); none is the identity.
    std::function<Variable<T>(const Variable<T>&)> activation = {};
    // In evaluation: 0 uses the mean weights; more is the number of samples that moment matching averages over.
    int gaussian_samples = 0;
};

// y = activation(x (M * W)^T + b): a linear layer whose weights are dropped with probability p in training, by a fresh
// mask M each forward; what is kept is divided by 1 - p, so that W is the mean weight and evaluation uses it as it is.
// With gaussian_samples, evaluation averages the activation over draws from the normal distribution that has the mean
// x W^T + b and the variance p / (1 - p) x^2 (W^2)^T of the masked sum. Wan et al., "Regularization of neural networks
// using DropConnect", 2013 (one mask per forward pass instead of one per example). Parameters, shapes and errors as
// Linear's, and std::invalid_argument for p outside [0, 1).
template <class T>
class DropConnect : public Module<T> {
public:
    DropConnect(Size in, Size out, double p = 0.5, DropConnectOptions<T> options = {})
        : DropConnect(nullptr, "", in, out, p, std::move(options)) {}
    DropConnect(Module<T>* owner, std::string_view name, Size in, Size out, double p = 0.5,
                DropConnectOptions<T> options = {});

    Variable<T> forward(const Variable<T>& x) override;
    std::string describe() const override;

private:
    Variable<T> moment_matched(const Variable<T>& x);

    std::size_t in_, out_;
    double p_;
    DropConnectOptions<T> options_;

public:
    Parameter<T> weight;
    Parameter<T> bias;    // not defined() without bias
};

// y = max over k of (x W_k^T + b_k): `pieces` affine maps, of which each output takes the largest; ties share the
// gradient. Goodfellow et al., "Maxout networks", 2013. Its part `linear` has out * pieces outputs, those of one output
// side by side. Shapes (..., in) -> (..., out). Throws as Linear.
template <class T>
class Maxout : public Module<T> {
public:
    Maxout(Size in, Size out, Size pieces, LinearOptions options = {})
        : Maxout(nullptr, "", in, out, pieces, options) {}
    Maxout(Module<T>* owner, std::string_view name, Size in, Size out, Size pieces, LinearOptions options = {});

    Variable<T> forward(const Variable<T>& x) override;
    std::string describe() const override;

private:
    std::size_t out_, pieces_;

public:
    Linear<T> linear;
};

extern template class Linear<float>;
extern template class Linear<double>;
extern template class DropConnect<float>;
extern template class DropConnect<double>;
extern template class Maxout<float>;
extern template class Maxout<double>;

}    // namespace xtape::nn
