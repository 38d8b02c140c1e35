// SpectralNorm<T>: a layer whose weight is divided by its largest singular value.
#pragma once

#include <xtape/nn/module.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace xtape::nn {

struct SpectralNormOptions {
    std::string weight = "weight";    // the layer's parameter
    int power_iterations = 1;         // in each forward in training
    std::size_t dim = 0;              // the weight's axis of outputs: 1 for ConvTranspose
    double eps = 1e-12;
};

// Calls a layer with w / s in place of its weight w, where s = u^T W v is the largest singular value of w as a matrix W
// of rows for the outputs. The unit vectors u and v, buffers `weight_u` and `weight_v`, are followed by the power
// method in training, and are constants for the derivative. The layer is the part `layer`, and keeps its parameters;
// PyTorch calls its weight `weight_orig`. Throws std::invalid_argument when the layer is null, has an owner, or has no
// such parameter, and for options out of range. Miyato et al., "Spectral normalization for generative adversarial
// networks", 2018.
//
//     nn::SpectralNorm<float> conv{this, "conv", std::make_unique<nn::Conv2d<float>>(3, 64, 3)};
template <class T>
class SpectralNorm : public Module<T> {
public:
    explicit SpectralNorm(std::unique_ptr<Module<T>> layer, SpectralNormOptions options = {})
        : SpectralNorm(nullptr, "", std::move(layer), std::move(options)) {}
    SpectralNorm(Module<T>* owner, std::string_view name, std::unique_ptr<Module<T>> layer,
                 SpectralNormOptions options = {});

    Variable<T> forward(const Variable<T>& x) override;
    Module<T>& layer() { return *layer_; }
    // w / s.
    Variable<T> weight() const;

private:
    std::size_t find_weight() const;
    Variable<T> matrix(const Variable<T>& w) const;
    void iterate(int times);

    std::unique_ptr<Module<T>> layer_;
    SpectralNormOptions options_;
    std::size_t place_;    // of the weight among the layer's parameters

public:
    Buffer<T> weight_u, weight_v;
};

extern template class SpectralNorm<float>;
extern template class SpectralNorm<double>;

}    // namespace xtape::nn
