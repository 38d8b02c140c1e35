// Losses between predictions and targets that are numbers. Both have the same shape (no broadcasting); throw ShapeError
// otherwise and for an empty batch, std::invalid_argument naming the index where a target is NaN. d = x - t.
#pragma once

#include <xtape/core/variable.hpp>
#include <xtape/nn/reduction.hpp>

namespace xtape::nn {

// d^2; 2 d.
template <class T>
Variable<T> mse_loss(const Variable<T>& x, const Variable<T>& target, Reduction reduction = Reduction::mean);

// |d|; sign(d), 0 at 0.
template <class T>
Variable<T> l1_loss(const Variable<T>& x, const Variable<T>& target, Reduction reduction = Reduction::mean);

struct HuberOptions {
    double delta = 1;
    Reduction reduction = Reduction::mean;
};
// d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2); d clamped to +-delta. Throws std::invalid_argument for
// delta <= 0.
template <class T>
Variable<T> huber_loss(const Variable<T>& x, const Variable<T>& target, HuberOptions options = {});

struct SmoothL1Options {
    double beta = 1;
    Reduction reduction = Reduction::mean;
};
// d^2 / (2 beta) where |d| < beta, else |d| - beta / 2; beta = 0 is l1_loss. Throws std::invalid_argument for beta < 0.
// Girshick, "Fast R-CNN", 2015.
template <class T>
Variable<T> smooth_l1_loss(const Variable<T>& x, const Variable<T>& target, SmoothL1Options options = {});

struct PoissonNllOptions {
    bool log_input = true;    // x is the logarithm of the rate
    bool full = false;        // adds Stirling's t log t - t + log(2 pi t) / 2 where t > 1
    double eps = 1e-8;        // added to x before its logarithm
    Reduction reduction = Reduction::mean;
};
// exp(x) - t x, or x - t log(x + eps).
template <class T>
Variable<T> poisson_nll_loss(const Variable<T>& x, const Variable<T>& target, PoissonNllOptions options = {});

struct GaussianNllOptions {
    bool full = false;    // adds log(2 pi) / 2
    double eps = 1e-6;    // the least variance
    Reduction reduction = Reduction::mean;
};
// (log v + d^2 / v) / 2, v = max(variance, eps); the variance broadcasts to x. Throws std::invalid_argument for eps <=
// 0 and naming the index of a negative variance.
template <class T>
Variable<T> gaussian_nll_loss(const Variable<T>& x, const Variable<T>& target, const Variable<T>& variance,
                              GaussianNllOptions options = {});

struct KlDivOptions {
    bool log_target = false;    // the target is a logarithm as well
    bool batch_mean = false;    // divides the sum by the length of the first axis: the mathematical definition
    Reduction reduction = Reduction::mean;
};
// t (log t - x), 0 where t = 0, for x the logarithm of a distribution; -t. Throws std::invalid_argument naming the
// index of a negative target.
template <class T>
Variable<T> kl_div_loss(const Variable<T>& x, const Variable<T>& target, KlDivOptions options = {});

}    // namespace xtape::nn
