// Bringing values to mean 0 and variance 1: over a batch, or over the features of each example.
#pragma once

#include <xtape/core/variable.hpp>

#include <cstddef>

namespace xtape {

// Of a batch: each channel's mean and biased variance over `count` values.
template <class T>
struct BatchStatistics {
    Array<T> mean, variance;
    std::size_t count = 0;
};

// y = (x - m) / sqrt(v + eps) w + b, with m and v each channel's mean and biased variance over the batch and all
// further axes. With n = (x - m) / sqrt(v + eps): dx = w / sqrt(v + eps) (g - mean(g) - n mean(g n)), dw = sum(g n), db
// = sum(g). Writes m and v to `statistics`, if given. Shapes (N, C, ...), (C,), (C,) -> (N, C, ...). Throws ShapeError
// for others, and for a single value per channel. Ioffe and Szegedy, "Batch normalization", 2015.
template <class T>
Variable<T> batch_norm(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias, double eps = 1e-5,
                       BatchStatistics<T>* statistics = nullptr);

// The same with a given mean and variance of each channel, which are constants: what evaluation does.
template <class T>
Variable<T> batch_norm_with(const Variable<T>& x, const Array<T>& mean, const Array<T>& variance,
                            const Variable<T>& weight, const Variable<T>& bias, double eps = 1e-5);

// y = (x - m) / sqrt(v + eps) w + b, with m and v the mean and biased variance over the last axes, as many as w has.
// With n = (x - m) / sqrt(v + eps): dx = (g w - mean(g w) - n mean(g w n)) / sqrt(v + eps), dw = sum(g n),
// db = sum(g). Shapes (..., D), (D), (D) -> (..., D). Throws ShapeError for others. Ba et al., "Layer normalization",
// 2016.
template <class T>
Variable<T> layer_norm(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias, double eps = 1e-5);

// y = (x - m) / sqrt(v + eps) w + b, with m and v the mean and biased variance of each example over each of `groups`
// equal parts of the channels and all further axes; derivatives as layer_norm's. Shapes (N, C, ...), (C,), (C,) -> (N,
// C, ...). Throws ShapeError for others, and for groups that do not divide C. Wu and He, "Group normalization", 2018.
template <class T>
Variable<T> group_norm(const Variable<T>& x, std::size_t groups, const Variable<T>& weight, const Variable<T>& bias,
                       double eps = 1e-5);

// The same with each channel a group. Ulyanov et al., "Instance normalization", 2016.
template <class T>
Variable<T> instance_norm(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias, double eps = 1e-5);

// y = x / sqrt(mean(x^2) + eps) w, the mean over the last axes, as many as w has. Without eps it is the smallest
// distance between 1 and the next number of T, as PyTorch's. Shapes (..., D), (D) -> (..., D). Throws ShapeError for
// others. Zhang and Sennrich, "Root mean square layer normalization", 2019.
template <class T>
Variable<T> rms_norm(const Variable<T>& x, const Variable<T>& weight);
template <class T>
Variable<T> rms_norm(const Variable<T>& x, const Variable<T>& weight, double eps);

}    // namespace xtape
