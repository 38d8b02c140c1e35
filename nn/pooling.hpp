// Pooling layers, with PyTorch's names and defaults: they have no parameters. Shapes (N, C, places...) with `rank` axes
// of places. Constructors throw std::invalid_argument for sizes and options out of range, forward throws ShapeError.
#pragma once

#include <xtape/nn/module.hpp>
#include <xtape/ops/pooling.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace xtape::nn {

// See max_pool2d; for the indices that unpooling wants, call max_pool2d_with_indices.
template <class T, std::size_t rank>
class MaxPool : public Module<T> {
public:
    explicit MaxPool(PerAxis kernel, xtape::MaxPoolOptions options = {})
        : MaxPool(nullptr, "", std::move(kernel), std::move(options)) {}
    MaxPool(Module<T>* owner, std::string_view name, PerAxis kernel, xtape::MaxPoolOptions options = {});
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override;
    std::string describe() const override;

private:
    PerAxis kernel_;
    xtape::MaxPoolOptions options_;
};
template <class T>
using MaxPool1d = MaxPool<T, 1>;
template <class T>
using MaxPool2d = MaxPool<T, 2>;
template <class T>
using MaxPool3d = MaxPool<T, 3>;

// See avg_pool2d.
template <class T, std::size_t rank>
class AvgPool : public Module<T> {
public:
    explicit AvgPool(PerAxis kernel, xtape::AvgPoolOptions options = {})
        : AvgPool(nullptr, "", std::move(kernel), std::move(options)) {}
    AvgPool(Module<T>* owner, std::string_view name, PerAxis kernel, xtape::AvgPoolOptions options = {});
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override;
    std::string describe() const override;

private:
    PerAxis kernel_;
    xtape::AvgPoolOptions options_;
};
template <class T>
using AvgPool1d = AvgPool<T, 1>;
template <class T>
using AvgPool2d = AvgPool<T, 2>;
template <class T>
using AvgPool3d = AvgPool<T, 3>;

// See lp_pool2d.
template <class T, std::size_t rank>
class LpPool : public Module<T> {
public:
    LpPool(double p, PerAxis kernel, xtape::LpPoolOptions options = {})
        : LpPool(nullptr, "", p, std::move(kernel), std::move(options)) {}
    LpPool(Module<T>* owner, std::string_view name, double p, PerAxis kernel, xtape::LpPoolOptions options = {});
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override;
    std::string describe() const override;

private:
    double p_;
    PerAxis kernel_;
    xtape::LpPoolOptions options_;
};
template <class T>
using LpPool1d = LpPool<T, 1>;
template <class T>
using LpPool2d = LpPool<T, 2>;
template <class T>
using LpPool3d = LpPool<T, 3>;

// See adaptive_avg_pool2d; size 1 is global pooling.
template <class T, std::size_t rank>
class AdaptiveAvgPool : public Module<T> {
public:
    explicit AdaptiveAvgPool(PerAxis size) : AdaptiveAvgPool(nullptr, "", std::move(size)) {}
    AdaptiveAvgPool(Module<T>* owner, std::string_view name, PerAxis size);
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override;
    std::string describe() const override;

private:
    PerAxis size_;
};
template <class T>
using AdaptiveAvgPool1d = AdaptiveAvgPool<T, 1>;
template <class T>
using AdaptiveAvgPool2d = AdaptiveAvgPool<T, 2>;
template <class T>
using AdaptiveAvgPool3d = AdaptiveAvgPool<T, 3>;

// See adaptive_max_pool2d; size 1 is global pooling.
template <class T, std::size_t rank>
class AdaptiveMaxPool : public Module<T> {
public:
    explicit AdaptiveMaxPool(PerAxis size) : AdaptiveMaxPool(nullptr, "", std::move(size)) {}
    AdaptiveMaxPool(Module<T>* owner, std::string_view name, PerAxis size);
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override;
    std::string describe() const override;

private:
    PerAxis size_;
};
template <class T>
using AdaptiveMaxPool1d = AdaptiveMaxPool<T, 1>;
template <class T>
using AdaptiveMaxPool2d = AdaptiveMaxPool<T, 2>;
template <class T>
using AdaptiveMaxPool3d = AdaptiveMaxPool<T, 3>;

// Called with a variable and the indices of a max_pool: see max_unpool2d.
template <class T, std::size_t rank>
class MaxUnpool : public Module<T, Variable<T>(const Variable<T>&, const Indices&)> {
public:
    explicit MaxUnpool(PerAxis kernel, xtape::MaxUnpoolOptions options = {})
        : MaxUnpool(nullptr, "", std::move(kernel), std::move(options)) {}
    MaxUnpool(Module<T>* owner, std::string_view name, PerAxis kernel, xtape::MaxUnpoolOptions options = {});
    Variable<T> forward(const Variable<T>& x, const Indices& indices) override;
    std::string kind() const override;
    std::string describe() const override;

private:
    PerAxis kernel_;
    xtape::MaxUnpoolOptions options_;
};
template <class T>
using MaxUnpool1d = MaxUnpool<T, 1>;
template <class T>
using MaxUnpool2d = MaxUnpool<T, 2>;
template <class T>
using MaxUnpool3d = MaxUnpool<T, 3>;

extern template class MaxPool<float, 1>;
extern template class MaxPool<float, 2>;
extern template class MaxPool<float, 3>;
extern template class MaxPool<double, 1>;
extern template class MaxPool<double, 2>;
extern template class MaxPool<double, 3>;
extern template class AvgPool<float, 1>;
extern template class AvgPool<float, 2>;
extern template class AvgPool<float, 3>;
extern template class AvgPool<double, 1>;
extern template class AvgPool<double, 2>;
extern template class AvgPool<double, 3>;
extern template class LpPool<float, 1>;
extern template class LpPool<float, 2>;
extern template class LpPool<float, 3>;
extern template class LpPool<double, 1>;
extern template class LpPool<double, 2>;
extern template class LpPool<double, 3>;
extern template class AdaptiveAvgPool<float, 1>;
extern template class AdaptiveAvgPool<float, 2>;
extern template class AdaptiveAvgPool<float, 3>;
extern template class AdaptiveAvgPool<double, 1>;
extern template class AdaptiveAvgPool<double, 2>;
extern template class AdaptiveAvgPool<double, 3>;
extern template class AdaptiveMaxPool<float, 1>;
extern template class AdaptiveMaxPool<float, 2>;
extern template class AdaptiveMaxPool<float, 3>;
extern template class AdaptiveMaxPool<double, 1>;
extern template class AdaptiveMaxPool<double, 2>;
extern template class AdaptiveMaxPool<double, 3>;
extern template class MaxUnpool<float, 1>;
extern template class MaxUnpool<float, 2>;
extern template class MaxUnpool<float, 3>;
extern template class MaxUnpool<double, 1>;
extern template class MaxUnpool<double, 2>;
extern template class MaxUnpool<double, 3>;

}    // namespace xtape::nn
