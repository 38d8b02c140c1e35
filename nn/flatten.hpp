// Layers that compute nothing: Flatten and Identity.
#pragma once

#include <xtape/nn/module.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace xtape::nn {

// y = x with the axes `first` to `last` merged into one; by default all but the first.
template <class T>
class Flatten : public Module<T> {
public:
    explicit Flatten(std::ptrdiff_t first = 1, std::ptrdiff_t last = -1) : Flatten(nullptr, "", first, last) {}
    Flatten(Module<T>* owner, std::string_view name, std::ptrdiff_t first = 1, std::ptrdiff_t last = -1)
        : Module<T>(owner, name), first_(first), last_(last) {}
    Variable<T> forward(const Variable<T>& x) override;

private:
    std::ptrdiff_t first_, last_;
};

// y = x.
template <class T>
class Identity : public Module<T> {
public:
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override { return x; }
};

extern template class Flatten<float>;
extern template class Flatten<double>;
extern template class Identity<float>;
extern template class Identity<double>;

}    // namespace xtape::nn
