#include <xtape/core/detail/number.hpp>
#include <xtape/core/mode.hpp>
#include <xtape/nn/group_normalization.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/normalization.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/shape.hpp>

#include <utility>

namespace xtape::nn {

template <class T>
GroupNorm<T>::GroupNorm(Module<T>* owner, std::string_view name, Size groups, Size channels, GroupNormOptions options)
    : Module<T>(owner, name),
      groups_(this->checked_size("GroupNorm", "groups", groups.number)),
      channels_(this->checked_size("GroupNorm", "channels", channels.number)),
      eps_(options.eps),
      weight(options.affine ? this : nullptr, "weight", Array<T>(Shape{channels_}, T(1))),
      bias(options.affine ? this : nullptr, "bias", Array<T>(Shape{channels_}, T(0))) {
    if (channels_ % groups_ != 0)
        this->refuse_option("GroupNorm", "groups = " + std::to_string(groups_) + "; wanted a number that divides " +
                                             std::to_string(channels_) + " channels");
    if (!(eps_ >= 0)) this->refuse_option("GroupNorm", "eps = " + xtape::detail::to_text(eps_) + "; wanted 0 or more");
    if (!options.affine) {
        weight.requires_grad(false);
        bias.requires_grad(false);
    }
}

template <class T>
Variable<T> GroupNorm<T>::forward(const Variable<T>& x) {
    if (x.dimension() < 2 || x.shape()[1] != channels_)
        this->refuse_shape(x.shape(), "(N, " + std::to_string(channels_) + ", ...)");
    return group_norm(x, groups_, weight, bias, eps_);
}

template <class T>
std::string GroupNorm<T>::describe() const {
    return "GroupNorm(" + std::to_string(groups_) + " of " + std::to_string(channels_) + ")";
}

template <class T>
InstanceNorm<T>::InstanceNorm(Module<T>* owner, std::string_view name, Size channels, InstanceNormOptions options)
    : Module<T>(owner, name),
      channels_(this->checked_size("InstanceNorm", "channels", channels.number)),
      options_(options),
      weight(options.affine ? this : nullptr, "weight", Array<T>(Shape{channels_}, T(1))),
      bias(options.affine ? this : nullptr, "bias", Array<T>(Shape{channels_}, T(0))),
      running_mean(options.track_running_stats ? this : nullptr, "running_mean", Array<T>(Shape{channels_}, T(0))),
      running_var(options.track_running_stats ? this : nullptr, "running_var", Array<T>(Shape{channels_}, T(1))),
      num_batches_tracked(options.track_running_stats ? this : nullptr, "num_batches_tracked", 0) {
    using xtape::detail::to_text;
    if (!(options.eps >= 0))
        this->refuse_option("InstanceNorm", "eps = " + to_text(options.eps) + "; wanted 0 or more");
    if (!(options.momentum >= 0 && options.momentum <= 1))
        this->refuse_option("InstanceNorm", "momentum = " + to_text(options.momentum) + "; wanted 0 to 1");
    if (!options.affine) {
        weight.requires_grad(false);
        bias.requires_grad(false);
    }
}

template <class T>
Variable<T> InstanceNorm<T>::forward(const Variable<T>& x) {
    if (x.dimension() < 3 || x.shape()[1] != channels_)
        this->refuse_shape(x.shape(), "(N, " + std::to_string(channels_) + ", places...)");
    if (!this->is_training() && options_.track_running_stats)
        return batch_norm_with(x, running_mean.value(), running_var.value(), weight, bias, options_.eps);
    if (this->is_training() && x.size() == x.shape()[0] * channels_ && x.size() > 0)
        this->refuse_shape(x.shape(), "more than one place in training, to have a variance");
    Variable<T> y = instance_norm(x, weight, bias, options_.eps);
    if (options_.track_running_stats && x.size() > 0) track(x);
    return y;
}

template <class T>
void InstanceNorm<T>::track(const Variable<T>& x) {
    NoGrad no_grad;
    const std::size_t places = x.size() / x.shape()[0] / channels_;
    const Variable<T> rows = reshape(x.detach(), Shape{x.shape()[0], channels_, places});
    const Variable<T> means = mean(rows, -1, {.keep_dims = true});
    const auto count = static_cast<double>(places);
    const Variable<T> variances = mean(square(rows - means), -1) * (count / (count - 1));
    auto move = [&](Buffer<T>& running, const Variable<T>& now) {
        const Variable<T> old(share(running.value()));
        running.set_value(share((old * (1 - options_.momentum) + now * options_.momentum).value()));
    };
    move(running_mean, mean(reshape(means, Shape{x.shape()[0], channels_}), 0));
    move(running_var, mean(variances, 0));
    num_batches_tracked.set_value(num_batches_tracked.value() + 1);
}

template <class T>
std::string InstanceNorm<T>::describe() const {
    return "InstanceNorm(" + std::to_string(channels_) + ")";
}

template class GroupNorm<float>;
template class GroupNorm<double>;
template class InstanceNorm<float>;
template class InstanceNorm<double>;

}    // namespace xtape::nn
