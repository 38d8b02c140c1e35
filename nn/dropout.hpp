// Dropout layers: in training they drop at random, with default_generator()'s stream for dropout; in evaluation they
// are the identity.
#pragma once

#include <xtape/nn/module.hpp>

#include <string>
#include <string_view>

namespace xtape::nn {

struct DropoutOptions {
    // false: CS231n's first form, which drops without scaling in training and multiplies by 1 - p in evaluation.
    bool inverted = true;
};

// y = x M / (1 - p) in training, M = 0 with probability p; y = x in evaluation. Any shape. Throws std::invalid_argument
// for p outside [0, 1].
template <class T>
class Dropout : public Module<T> {
public:
    explicit Dropout(double p = 0.5, DropoutOptions options = {}) : Dropout(nullptr, "", p, options) {}
    Dropout(Module<T>* owner, std::string_view name, double p = 0.5, DropoutOptions options = {});
    Variable<T> forward(const Variable<T>& x) override;
    std::string describe() const override;

private:
    double p_;
    bool inverted_;
};

// As Dropout, but whole features (n, c) of inputs (N, C, ...) are dropped. Throws ShapeError for less than two axes.
template <class T>
class FeatureDropout : public Module<T> {
public:
    explicit FeatureDropout(double p = 0.5) : FeatureDropout(nullptr, "", p) {}
    FeatureDropout(Module<T>* owner, std::string_view name, double p = 0.5);
    Variable<T> forward(const Variable<T>& x) override;
    std::string describe() const override;

private:
    double p_;
};

// PyTorch's names for it.
template <class T>
using Dropout1d = FeatureDropout<T>;
template <class T>
using Dropout2d = FeatureDropout<T>;
template <class T>
using Dropout3d = FeatureDropout<T>;

// Dropout for networks of SELU, which keeps mean 0 and variance 1: see alpha_dropout.
template <class T>
class AlphaDropout : public Module<T> {
public:
    explicit AlphaDropout(double p = 0.5) : AlphaDropout(nullptr, "", p) {}
    AlphaDropout(Module<T>* owner, std::string_view name, double p = 0.5);
    Variable<T> forward(const Variable<T>& x) override;
    std::string describe() const override;

private:
    double p_;
};

extern template class Dropout<float>;
extern template class Dropout<double>;
extern template class FeatureDropout<float>;
extern template class FeatureDropout<double>;
extern template class AlphaDropout<float>;
extern template class AlphaDropout<double>;

}    // namespace xtape::nn
