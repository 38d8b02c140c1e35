// Modules that own other modules.
#pragma once

#include <xtape/nn/module.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace xtape::nn {

// Owns modules in order, under the names "0", "1", ... or given ones. It has no forward: its owner calls
// them.
//
//     nn::ModuleList<float> heads;
//     for (int i = 0; i < 4; ++i) heads.add<nn::Linear>(64, 16);
//     auto y = heads[2](x);
template <class T>
class ModuleList : public Module<T> {
public:
    using Module<T>::Module;

    // Makes a layer from its constructor's arguments (without owner and name) and returns it: add<nn::Linear>(64, 16),
    // or for a module that is no template add<Block>(...).
    template <template <class> class Layer, class... Arguments>
    Layer<T>& add(Arguments&&... arguments) {
        return add<Layer<T>>(std::forward<Arguments>(arguments)...);
    }
    template <std::derived_from<Module<T>> Layer, class... Arguments>
    Layer& add(Arguments&&... arguments) {
        return add(next_name(), std::make_unique<Layer>(std::forward<Arguments>(arguments)...));
    }
    // Takes over a module that is no part of another. Throws std::invalid_argument as Module's constructor, or when it
    // is null.
    template <std::derived_from<Module<T>> Layer>
    Layer& add(std::string_view name, std::unique_ptr<Layer> layer) {
        Layer* result = layer.get();
        take(name, std::move(layer));
        return *result;
    }
    template <std::derived_from<Module<T>> Layer>
    Layer& add(std::unique_ptr<Layer> layer) {
        return add(next_name(), std::move(layer));
    }

    std::size_t size() const { return parts_.size(); }
    // Throws std::out_of_range.
    Module<T>& operator[](std::size_t i);
    using Module<T>::operator();

private:
    std::string next_name() const { return std::to_string(parts_.size()); }
    void take(std::string_view name, std::unique_ptr<Module<T>> part);

    std::vector<std::unique_ptr<Module<T>>> parts_;
};

// y = f_n(... f_2(f_1(x))): each part is called on the output of the one before it.
template <class T>
class Sequential : public ModuleList<T> {
public:
    using ModuleList<T>::ModuleList;
    Variable<T> forward(const Variable<T>& x) override;
};

// y = x + f(x), f being the sequence of its parts. Throws ShapeError when f changes the shape. He et al., "Deep
// residual learning for image recognition", 2015.
template <class T>
class Residual : public Sequential<T> {
public:
    using Sequential<T>::Sequential;
    Variable<T> forward(const Variable<T>& x) override;
};

extern template class ModuleList<float>;
extern template class ModuleList<double>;
extern template class Sequential<float>;
extern template class Sequential<double>;
extern template class Residual<float>;
extern template class Residual<double>;

}    // namespace xtape::nn
