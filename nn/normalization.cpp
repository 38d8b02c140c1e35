#include <xtape/core/detail/number.hpp>
#include <xtape/nn/normalization.hpp>
#include <xtape/ops/detail/batch_parts.hpp>
#include <xtape/ops/normalization.hpp>

#include <algorithm>

namespace xtape::nn {
namespace {

Shape checked_shape(const Lengths& lengths) {
    Shape shape;
    for (std::ptrdiff_t length : lengths.list()) {
        if (length < 1)
            throw std::invalid_argument("[LayerNorm] got the length " + std::to_string(length) + "; wanted 1 or more");
        shape.push_back(static_cast<std::size_t>(length));
    }
    if (shape.empty()) throw std::invalid_argument("[LayerNorm] got no lengths; wanted those of the last axes");
    return shape;
}

}    // namespace

template <class T>
BatchNorm<T>::BatchNorm(Module<T>* owner, std::string_view name, Size channels, BatchNormOptions options)
    : Module<T>(owner, name),
      channels_(this->checked_size("BatchNorm", "channels", channels.number)),
      options_(options),
      weight(options.affine ? this : nullptr, "weight", Array<T>(Shape{channels_}, T(1))),
      bias(options.affine ? this : nullptr, "bias", Array<T>(Shape{channels_}, T(0))),
      running_mean(options.track_running_stats ? this : nullptr, "running_mean", Array<T>(Shape{channels_}, T(0))),
      running_var(options.track_running_stats ? this : nullptr, "running_var", Array<T>(Shape{channels_}, T(1))),
      num_batches_tracked(options.track_running_stats ? this : nullptr, "num_batches_tracked", 0) {
    if (!(options.eps >= 0))
        this->refuse_option("BatchNorm", "eps = " + xtape::detail::to_text(options.eps) + "; wanted 0 or more");
    if (options.momentum && !(*options.momentum >= 0 && *options.momentum <= 1))
        this->refuse_option("BatchNorm", "momentum = " + xtape::detail::to_text(*options.momentum) + "; wanted 0 to 1");
    if (!options.affine) {
        weight.requires_grad(false);
        bias.requires_grad(false);
    }
}

template <class T>
Variable<T> BatchNorm<T>::forward(const Variable<T>& x) {
    if (x.dimension() < 2 || x.shape()[1] != channels_)
        this->refuse_shape(x.shape(), "(N, " + std::to_string(channels_) + ", ...)");
    if (!this->is_training() && options_.track_running_stats)
        return batch_norm_with(x, running_mean.value(), running_var.value(), weight, bias, options_.eps);
    const auto part = xtape::detail::batch_part;
    if (x.size() / channels_ < 2 && !part)
        this->refuse_shape(x.shape(), "more than one value for each channel in training, to have a variance");
    if (!options_.track_running_stats) return batch_norm(x, weight, bias, options_.eps);
    BatchStatistics<T> statistics;
    Variable<T> y = batch_norm(x, weight, bias, options_.eps, &statistics);
    if (!part || part->leads()) track(statistics.mean, statistics.variance, statistics.count);
    return y;
}

template <class T>
void BatchNorm<T>::track(const Array<T>& mean, const Array<T>& variance, std::size_t count) {
    std::int64_t batches = num_batches_tracked.value() + 1;
    double step = options_.momentum ? *options_.momentum : 1 / static_cast<double>(batches);
    double unbiased = static_cast<double>(count) / (static_cast<double>(count) - 1);
    auto move = [&](Buffer<T>& running, const Array<T>& target, double factor) {
        Array<T> next = empty_array<T>(target.shape());
        T* out = next.storage().data();
        const T *old = running.value().storage().data(), *now = target.storage().data();
        auto keep = static_cast<T>(1 - step), add = static_cast<T>(step * factor);
        for (std::size_t c = 0; c < channels_; ++c) out[c] = keep * old[c] + add * now[c];
        running.set_value(std::move(next));
    };
    move(running_mean, mean, 1);
    move(running_var, variance, unbiased);
    num_batches_tracked.set_value(batches);
}

template <class T>
std::string BatchNorm<T>::describe() const {
    return "BatchNorm(" + std::to_string(channels_) + ")";
}

template <class T>
LayerNorm<T>::LayerNorm(Module<T>* owner, std::string_view name, const Lengths& features, LayerNormOptions options)
    : Module<T>(owner, name),
      features_(checked_shape(features)),
      eps_(options.eps),
      weight(options.affine ? this : nullptr, "weight", Array<T>(features_, T(1))),
      bias(options.affine && options.bias ? this : nullptr, "bias", Array<T>(features_, T(0))) {
    if (!(eps_ >= 0)) this->refuse_option("LayerNorm", "eps = " + xtape::detail::to_text(eps_) + "; wanted 0 or more");
    if (!options.affine) weight.requires_grad(false);
    if (!options.affine || !options.bias) bias.requires_grad(false);
}

template <class T>
Variable<T> LayerNorm<T>::forward(const Variable<T>& x) {
    const Shape& shape = x.shape();
    if (shape.size() < features_.size() || !std::equal(features_.rbegin(), features_.rend(), shape.rbegin()))
        this->refuse_shape(shape, "one that ends in " + to_string(features_));
    return layer_norm(x, weight, bias, eps_);
}

template <class T>
std::string LayerNorm<T>::describe() const {
    return "LayerNorm" + to_string(features_);
}

template <class T>
RMSNorm<T>::RMSNorm(Module<T>* owner, std::string_view name, Size features, RMSNormOptions options)
    : Module<T>(owner, name),
      features_(this->checked_size("RMSNorm", "features", features.number)),
      options_(options),
      weight(options.affine ? this : nullptr, "weight", Array<T>(Shape{features_}, T(1))) {
    if (options.eps && !(*options.eps >= 0))
        this->refuse_option("RMSNorm", "eps = " + xtape::detail::to_text(*options.eps) + "; wanted 0 or more");
    if (!options.affine) weight.requires_grad(false);
}

template <class T>
Variable<T> RMSNorm<T>::forward(const Variable<T>& x) {
    if (x.dimension() == 0 || x.shape().back() != features_)
        this->refuse_shape(x.shape(), "(..., " + std::to_string(features_) + ")");
    return options_.eps ? rms_norm(x, weight, *options_.eps) : rms_norm(x, weight);
}

template <class T>
std::string RMSNorm<T>::describe() const {
    return "RMSNorm(" + std::to_string(features_) + ")";
}

template class BatchNorm<float>;
template class BatchNorm<double>;
template class LayerNorm<float>;
template class LayerNorm<double>;
template class RMSNorm<float>;
template class RMSNorm<double>;

}    // namespace xtape::nn
