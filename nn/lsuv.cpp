// Layer-sequential unit variance.
#include <xtape/core/detail/number.hpp>
#include <xtape/core/mode.hpp>
#include <xtape/nn/init.hpp>
#include <xtape/nn/module.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace xtape::nn::init {
namespace {

template <class T>
double variance(const Array<T>& values) {
    auto n = static_cast<double>(values.size());
    double mean = 0, squares = 0;
    for (std::size_t i = 0; i < values.size(); ++i) mean += static_cast<double>(values.storage()[i]) / n;
    for (std::size_t i = 0; i < values.size(); ++i)
        squares += std::pow(static_cast<double>(values.storage()[i]) - mean, 2) / n;
    return squares;
}

// The matrix of weights that a layer itself has, if it has one.
template <class T>
Variable<T> weights_of(Module<T>& layer) {
    Variable<T> result;
    for (auto& [name, parameter] : layer.named_parameters())
        if (name == "weight" && parameter.dimension() >= 2) result = parameter;
    return result;
}

}    // namespace

template <class T>
std::size_t lsuv(Module<T>& model, const Variable<T>& data, Lsuv options) {
    if (!(options.tolerance > 0) || options.max_iterations < 1)
        throw std::invalid_argument("[lsuv] got tolerance = " + xtape::detail::to_text(options.tolerance) +
                                    ", max_iterations = " + std::to_string(options.max_iterations) +
                                    "; wanted tolerance > 0, max_iterations >= 1");
    NoGrad unrecorded;
    ModeGuard<T> evaluation(model, false);
    std::vector<Module<T>*> layers;    // in the order in which they run
    {
        OutputWatch<T> watch([&](Module<T>& layer, const Variable<T>&) {
            bool seen = std::find(layers.begin(), layers.end(), &layer) != layers.end();
            if (!seen && weights_of(layer).defined()) layers.push_back(&layer);
        });
        model(data);
    }
    for (Module<T>* layer : layers) {
        Variable<T> w = weights_of(*layer);
        orthogonal(w);
    }
    for (Module<T>* layer : layers) {
        Variable<T> w = weights_of(*layer);
        for (int i = 0; i < options.max_iterations; ++i) {
            double now = 0;
            {
                OutputWatch<T> watch([&](Module<T>& seen, const Variable<T>& y) {
                    if (&seen == layer) now = variance(y.value());
                });
                model(data);
            }
            if (!(now > 0) || std::abs(now - 1) < options.tolerance) break;
            auto scale = static_cast<T>(1 / std::sqrt(now));
            w.update([&](Array<T>& value) {
                for (T& element : value.storage()) element *= scale;
            });
        }
    }
    return layers.size();
}

template std::size_t lsuv(Module<float>&, const Variable<float>&, Lsuv);
template std::size_t lsuv(Module<double>&, const Variable<double>&, Lsuv);

}    // namespace xtape::nn::init
