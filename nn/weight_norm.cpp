#include <xtape/nn/weight_norm.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/norm.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>
#include <vector>

namespace xtape::nn {

template <class T>
WeightNorm<T>::WeightNorm(Module<T>* owner, std::string_view name, std::unique_ptr<Module<T>> layer,
                          std::string_view weight)
    : Module<T>(owner, name),
      layer_(std::move(layer)),
      weight_(take(layer_.get(), weight)),
      weight_g(this, std::string(weight) + "_g", lengths(weight_.value())),
      weight_v(this, std::string(weight) + "_v", share(weight_.value())) {
    this->adopt(*layer_, "layer");
    weight_.bind(weight_.detach());
}

// Finds the layer's parameter, and removes it from the layer's members.
template <class T>
Parameter<T>& WeightNorm<T>::take(Module<T>* layer, std::string_view weight) {
    if (layer == nullptr) throw std::invalid_argument("[WeightNorm] got a null layer; wanted a layer");
    if (layer->owner_ != nullptr)
        throw std::invalid_argument("[WeightNorm] got a layer that has an owner; wanted one without");
    auto& members = layer->members_;
    auto found = std::find_if(members.begin(), members.end(), [&](Member<T>* member) {
        return member->member_name() == weight && member->variable() != nullptr;
    });
    if (found == members.end())
        throw std::invalid_argument("[WeightNorm] got the layer " + layer->describe() + ", which has no parameter '" +
                                    std::string(weight) + "'");
    auto& parameter = static_cast<Parameter<T>&>(**found);
    parameter.leave_owner();
    return parameter;
}

template <class T>
Array<T> WeightNorm<T>::lengths(const Array<T>& w) {
    Shape shape(w.dimension(), 1);
    if (w.dimension() > 0) shape[0] = w.shape()[0];
    Array<T> result(shape, T(0));
    std::size_t rows = result.size(), length = rows == 0 ? 0 : w.size() / rows;
    for (std::size_t r = 0; r < rows; ++r) {
        double total = 0;
        for (std::size_t i = 0; i < length; ++i) total += std::pow(static_cast<double>(w.storage()[r * length + i]), 2);
        result.storage()[r] = static_cast<T>(std::sqrt(total));
    }
    return result;
}

template <class T>
Variable<T> WeightNorm<T>::weight() const {
    std::vector<std::size_t> axes;
    for (std::size_t d = 1; d < weight_v.dimension(); ++d) axes.push_back(d);
    return weight_v * (weight_g / norm(weight_v, 2, axes, {.keep_dims = true}));
}

template <class T>
Variable<T> WeightNorm<T>::forward(const Variable<T>& x) {
    weight_.bind(weight());
    try {
        Variable<T> y = (*layer_)(x);
        weight_.bind(weight_.detach());    // holds no graph
        return y;
    } catch (...) {
        weight_.bind(weight_.detach());
        throw;
    }
}

template class WeightNorm<float>;
template class WeightNorm<double>;

}    // namespace xtape::nn
