// Normalisation of each example by itself, over groups of channels.
#pragma once

#include <xtape/nn/linear.hpp>
#include <xtape/nn/module.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace xtape::nn {

struct GroupNormOptions {
    double eps = 1e-5;
    bool affine = true;    // with weight and bias
};

// y = (x - m) / sqrt(v + eps) w + b: see group_norm. Parameters `weight` of ones and `bias` of zeros, of the shape
// (channels,). Shapes (N, C, ...) -> the same. Throws std::invalid_argument for sizes below 1 and groups that do not
// divide the channels; forward throws ShapeError.
template <class T>
class GroupNorm : public Module<T> {
public:
    GroupNorm(Size groups, Size channels, GroupNormOptions options = {})
        : GroupNorm(nullptr, "", groups, channels, options) {}
    GroupNorm(Module<T>* owner, std::string_view name, Size groups, Size channels, GroupNormOptions options = {});

    Variable<T> forward(const Variable<T>& x) override;
    std::string describe() const override;

private:
    std::size_t groups_, channels_;
    double eps_;

public:
    Parameter<T> weight, bias;    // constants, and no parameters, unless affine
};

struct InstanceNormOptions {
    double eps = 1e-5;
    double momentum = 0.1;
    bool affine = false;
    bool track_running_stats = false;    // evaluation uses the running averages of the examples' statistics
};

// The same with each channel a group: see instance_norm. With running statistics it has BatchNorm's buffers, which
// training moves towards the means over the batch. Shapes (N, C, ...) with an axis of places or more -> the same.
// Throws std::invalid_argument for options out of range; forward throws ShapeError, and in training for a single place.
template <class T>
class InstanceNorm : public Module<T> {
public:
    explicit InstanceNorm(Size channels, InstanceNormOptions options = {})
        : InstanceNorm(nullptr, "", channels, options) {}
    InstanceNorm(Module<T>* owner, std::string_view name, Size channels, InstanceNormOptions options = {});

    Variable<T> forward(const Variable<T>& x) override;
    std::string describe() const override;

private:
    void track(const Variable<T>& x);

    std::size_t channels_;
    InstanceNormOptions options_;

public:
    Parameter<T> weight, bias;    // constants, and no parameters, unless affine
    Buffer<T> running_mean, running_var;
    Buffer<T, std::int64_t> num_batches_tracked;
};

// PyTorch's names.
template <class T>
using InstanceNorm1d = InstanceNorm<T>;
template <class T>
using InstanceNorm2d = InstanceNorm<T>;
template <class T>
using InstanceNorm3d = InstanceNorm<T>;

extern template class GroupNorm<float>;
extern template class GroupNorm<double>;
extern template class InstanceNorm<float>;
extern template class InstanceNorm<double>;

}    // namespace xtape::nn
