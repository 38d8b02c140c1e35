// Normalisation layers.
#pragma once

#include <xtape/nn/linear.hpp>
#include <xtape/nn/module.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xtape::nn {

struct BatchNormOptions {
    double eps = 1e-5;
    std::optional<double> momentum = 0.1;    // none: the running statistics are the average of all batches
    bool affine = true;                      // with weight and bias
    bool track_running_stats = true;         // without, evaluation uses the batch's statistics as well
};

// y = (x - m) / sqrt(v + eps) w + b for each channel (axis 1) over the batch and all further axes. In training m and v
// are the batch's mean and biased variance, and the buffers `running_mean` and `running_var` (unbiased) move towards
// them: r = (1 - momentum) r + momentum new; evaluation uses those. Parameters `weight` of ones and `bias` of zeros,
// buffer `num_batches_tracked`. Shapes (N, C, ...) -> the same. Throws ShapeError for others, and in training for a
// single value per channel; std::invalid_argument for options out of range. Ioffe and Szegedy, 2015.
template <class T>
class BatchNorm : public Module<T> {
public:
    explicit BatchNorm(Size channels, BatchNormOptions options = {}) : BatchNorm(nullptr, "", channels, options) {}
    BatchNorm(Module<T>* owner, std::string_view name, Size channels, BatchNormOptions options = {});

    Variable<T> forward(const Variable<T>& x) override;
    std::string describe() const override;
    const BatchNormOptions& options() const { return options_; }

private:
    void track(const Array<T>& mean, const Array<T>& variance, std::size_t count);

    std::size_t channels_;
    BatchNormOptions options_;

public:
    Parameter<T> weight, bias;    // constants, and no parameters, unless affine
    Buffer<T> running_mean, running_var;
    Buffer<T, std::int64_t> num_batches_tracked;
};

struct LayerNormOptions {
    double eps = 1e-5;
    bool affine = true;    // with weight
    bool bias = true;      // and bias
};

// y = (x - m) / sqrt(v + eps) w + b, with m and v the mean and biased variance over the last axes, whose lengths are
// `features`. Parameters `weight` of ones and `bias` of zeros, of that shape. Throws ShapeError for inputs that do not
// end in it, std::invalid_argument for lengths below 1. Ba et al., 2016.
template <class T>
class LayerNorm : public Module<T> {
public:
    explicit LayerNorm(Size features, LayerNormOptions options = {}) : LayerNorm(nullptr, "", features, options) {}
    explicit LayerNorm(const Lengths& features, LayerNormOptions options = {})
        : LayerNorm(nullptr, "", features, options) {}
    LayerNorm(Module<T>* owner, std::string_view name, Size features, LayerNormOptions options = {})
        : LayerNorm(owner, name, Lengths{features}, options) {}
    LayerNorm(Module<T>* owner, std::string_view name, const Lengths& features, LayerNormOptions options = {});

    Variable<T> forward(const Variable<T>& x) override;
    std::string describe() const override;

private:
    Shape features_;
    double eps_;

public:
    Parameter<T> weight, bias;    // constants, and no parameters, unless affine
};

struct RMSNormOptions {
    std::optional<double> eps = {};    // none: the distance between 1 and the next number of T
    bool affine = true;
};

// y = x / sqrt(mean(x^2) + eps) w, the mean over the last axis. Parameter `weight` of ones. Throws ShapeError for
// inputs of another last length. Zhang and Sennrich, 2019.
template <class T>
class RMSNorm : public Module<T> {
public:
    explicit RMSNorm(Size features, RMSNormOptions options = {}) : RMSNorm(nullptr, "", features, options) {}
    RMSNorm(Module<T>* owner, std::string_view name, Size features, RMSNormOptions options = {});

    Variable<T> forward(const Variable<T>& x) override;
    std::string describe() const override;

private:
    std::size_t features_;
    RMSNormOptions options_;

public:
    Parameter<T> weight;    // a constant, and no parameter, unless affine
};

extern template class BatchNorm<float>;
extern template class BatchNorm<double>;
extern template class LayerNorm<float>;
extern template class LayerNorm<double>;
extern template class RMSNorm<float>;
extern template class RMSNorm<double>;

}    // namespace xtape::nn
