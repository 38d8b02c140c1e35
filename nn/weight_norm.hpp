// WeightNorm<T>: a layer whose weight is split into length and direction.
#pragma once

#include <xtape/nn/module.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace xtape::nn {

// Calls a layer whose weight w is computed from the parameters `weight_g` and `weight_v`: w = g v / |v|, |v| being the
// norm of each slice along the first axis (each output's weights). The layer keeps its other parameters, as the part
// `layer`; its weight is no parameter any more, and holds what the last forward computed. At first it computes what the
// layer did. Throws std::invalid_argument when the layer is null, has an owner, or has no such parameter. Salimans and
// Kingma, "Weight normalization", 2016.
//
//     nn::WeightNorm<float> fc1{this, "fc1", std::make_unique<nn::Linear<float>>(784, 128)};
template <class T>
class WeightNorm : public Module<T> {
public:
    explicit WeightNorm(std::unique_ptr<Module<T>> layer, std::string_view weight = "weight")
        : WeightNorm(nullptr, "", std::move(layer), weight) {}
    WeightNorm(Module<T>* owner, std::string_view name, std::unique_ptr<Module<T>> layer,
               std::string_view weight = "weight");

    Variable<T> forward(const Variable<T>& x) override;
    Module<T>& layer() { return *layer_; }
    // g v / |v|.
    Variable<T> weight() const;

private:
    static Parameter<T>& take(Module<T>* layer, std::string_view weight);
    static Array<T> lengths(const Array<T>& w);

    std::unique_ptr<Module<T>> layer_;
    Parameter<T>& weight_;    // the layer's

public:
    Parameter<T> weight_g, weight_v;
};

extern template class WeightNorm<float>;
extern template class WeightNorm<double>;

}    // namespace xtape::nn
