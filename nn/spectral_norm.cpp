#include <xtape/core/mode.hpp>
#include <xtape/core/random.hpp>
#include <xtape/nn/functional_call.hpp>
#include <xtape/nn/spectral_norm.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/matmul.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/shape.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace xtape::nn {
namespace {

template <class T>
Array<T> unit(const Array<T>& x, double eps) {
    double squares = 0;
    for (T element : x.storage()) squares += static_cast<double>(element) * static_cast<double>(element);
    Array<T> result = x;
    for (T& element : result.storage()) element /= static_cast<T>(std::max(std::sqrt(squares), eps));
    return result;
}

}    // namespace

template <class T>
SpectralNorm<T>::SpectralNorm(Module<T>* owner, std::string_view name, std::unique_ptr<Module<T>> layer,
                              SpectralNormOptions options)
    : Module<T>(owner, name),
      layer_(std::move(layer)),
      options_(std::move(options)),
      place_(find_weight()),
      weight_u(this, "weight_u", Array<T>()),
      weight_v(this, "weight_v", Array<T>()) {
    this->checked_size("SpectralNorm", "power_iterations", options_.power_iterations, 0);
    const Variable<T> w = matrix(*layer_->parameter_places()[place_]);
    auto& stream = default_generator().initialisation();
    weight_u.set_value(unit(stream.template normal<T>({w.shape()[0]}), options_.eps));
    weight_v.set_value(unit(stream.template normal<T>({w.shape()[1]}), options_.eps));
    iterate(15);
    this->adopt(*layer_, "layer");
}

template <class T>
std::size_t SpectralNorm<T>::find_weight() const {
    if (layer_ == nullptr) throw std::invalid_argument("[SpectralNorm] got a null layer; wanted a layer");
    std::size_t place = 0;
    for (const auto& [name, parameter] : layer_->named_parameters()) {
        if (name == options_.weight) {
            if (parameter.dimension() <= std::max<std::size_t>(1, options_.dim) || parameter.size() == 0)
                throw std::invalid_argument("[SpectralNorm] got a weight of the shape " + to_string(parameter.shape()) +
                                            "; wanted elements, two axes or more, and axis " +
                                            std::to_string(options_.dim));
            return place;
        }
        ++place;
    }
    throw std::invalid_argument("[SpectralNorm] got the layer " + layer_->describe() + ", which has no parameter '" +
                                options_.weight + "'");
}

template <class T>
Variable<T> SpectralNorm<T>::matrix(const Variable<T>& w) const {
    const Variable<T> turned = swap_axes(w, 0, static_cast<std::ptrdiff_t>(options_.dim));
    return reshape(turned, {static_cast<std::ptrdiff_t>(turned.shape()[0]), -1});
}

template <class T>
void SpectralNorm<T>::iterate(int times) {
    NoGrad no_grad;
    const Variable<T> w = matrix(*layer_->parameter_places()[place_]);
    for (int i = 0; i < times; ++i) {
        weight_v.set_value(unit(matmul(Variable<T>(share(weight_u.value())), w).value(), options_.eps));
        weight_u.set_value(unit(matmul(w, Variable<T>(share(weight_v.value()))).value(), options_.eps));
    }
}

template <class T>
Variable<T> SpectralNorm<T>::weight() const {
    const Variable<T>& w = *layer_->parameter_places()[place_];
    const Variable<T> u(share(weight_u.value())), v(share(weight_v.value()));
    return w / sum(u * matmul(matrix(w), v));
}

template <class T>
Variable<T> SpectralNorm<T>::forward(const Variable<T>& x) {
    if (this->is_training()) iterate(options_.power_iterations);
    Variables<T> parameters;
    for (const auto* parameter : layer_->parameter_places()) parameters.push_back(*parameter);
    parameters[place_] = weight();
    return functional_call(*layer_, parameters, x);
}

template class SpectralNorm<float>;
template class SpectralNorm<double>;

}    // namespace xtape::nn
