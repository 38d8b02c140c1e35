#include <xtape/core/detail/number.hpp>
#include <xtape/nn/detail/loss.hpp>
#include <xtape/nn/regression_loss.hpp>
#include <xtape/ops/detail/pair_losses.hpp>
#include <xtape/ops/exponential.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/rounding.hpp>
#include <xtape/ops/selection.hpp>

#include <numbers>

namespace xtape::nn {
namespace {

template <class T>
void check(const char* name, const Variable<T>& x, const Variable<T>& target) {
    require_same(name, x.shape(), target.shape());
    require_numbers(name, target);
}

template <class T>
void require_not_negative(const char* name, const char* what, const Variable<T>& x) {
    const Array<T>& values = x.value();
    for (std::size_t i = 0; i < values.size(); ++i)
        if (values.storage()[i] < 0)
            refuse_loss(name, std::string("a negative ") + what + ", " + xtape::detail::to_text(values.storage()[i]) +
                                  ", at index " + place_of(i, values.shape()) + "; wanted 0 or more");
}

}    // namespace

template <class T>
Variable<T> mse_loss(const Variable<T>& x, const Variable<T>& target, Reduction reduction) {
    check("mse_loss", x, target);
    return reduced("mse_loss", xtape::detail::squared_difference(x, target), reduction);
}

template <class T>
Variable<T> l1_loss(const Variable<T>& x, const Variable<T>& target, Reduction reduction) {
    check("l1_loss", x, target);
    return reduced("l1_loss", abs(x - target), reduction);
}

template <class T>
Variable<T> huber_loss(const Variable<T>& x, const Variable<T>& target, HuberOptions options) {
    check("huber_loss", x, target);
    if (!(options.delta > 0))
        refuse_loss("huber_loss", "delta = " + xtape::detail::to_text(options.delta) + "; wanted above 0");
    return reduced("huber_loss", xtape::detail::huber(x, target, options.delta), options.reduction);
}

template <class T>
Variable<T> smooth_l1_loss(const Variable<T>& x, const Variable<T>& target, SmoothL1Options options) {
    check("smooth_l1_loss", x, target);
    if (!(options.beta >= 0))
        refuse_loss("smooth_l1_loss", "beta = " + xtape::detail::to_text(options.beta) + "; wanted 0 or more");
    Variable<T> losses =
        options.beta == 0 ? abs(x - target) : xtape::detail::huber(x, target, options.beta) / options.beta;
    return reduced("smooth_l1_loss", losses, options.reduction);
}

template <class T>
Variable<T> poisson_nll_loss(const Variable<T>& x, const Variable<T>& target, PoissonNllOptions options) {
    check("poisson_nll_loss", x, target);
    Variable<T> losses = options.log_input ? exp(x) - target * x : x - target * log(x + options.eps);
    if (options.full) {
        Mask large = target > 1;
        Variable<T> t = where(large, target, 1.0);
        losses = losses + where(large, t * log(t) - t + 0.5 * log(2 * std::numbers::pi * t), 0.0);
    }
    return reduced("poisson_nll_loss", losses, options.reduction);
}

template <class T>
Variable<T> gaussian_nll_loss(const Variable<T>& x, const Variable<T>& target, const Variable<T>& variance,
                              GaussianNllOptions options) {
    check("gaussian_nll_loss", x, target);
    if (!(options.eps > 0))
        refuse_loss("gaussian_nll_loss", "eps = " + xtape::detail::to_text(options.eps) + "; wanted above 0");
    if (!broadcasts_to(variance.shape(), x.shape()))
        throw ShapeError("[gaussian_nll_loss] got a variance of the shape " + to_string(variance.shape()) +
                         "; wanted one that broadcasts to " + to_string(x.shape()));
    require_not_negative("gaussian_nll_loss", "variance", variance);
    Variable<T> v = maximum(variance, options.eps);
    Variable<T> losses = 0.5 * (log(v) + xtape::detail::squared_difference(x, target) / v);
    if (options.full) losses = losses + 0.5 * std::log(2 * std::numbers::pi);
    return reduced("gaussian_nll_loss", losses, options.reduction);
}

template <class T>
Variable<T> kl_div_loss(const Variable<T>& x, const Variable<T>& target, KlDivOptions options) {
    check("kl_div_loss", x, target);
    Variable<T> losses;
    if (options.log_target) {
        losses = exp(target) * (target - x);
    } else {
        require_not_negative("kl_div_loss", "target", target);
        losses = target * (log(where(target > 0, target, 1.0)) - x);
    }
    if (!options.batch_mean) return reduced("kl_div_loss", losses, options.reduction);
    require_examples("kl_div_loss", losses.shape());
    return sum(losses) / (x.dimension() == 0 ? 1.0 : static_cast<double>(x.shape()[0]));
}

#define XTAPE_INSTANTIATE(T)                                                                           \
    template Variable<T> mse_loss(const Variable<T>&, const Variable<T>&, Reduction);                  \
    template Variable<T> l1_loss(const Variable<T>&, const Variable<T>&, Reduction);                   \
    template Variable<T> huber_loss(const Variable<T>&, const Variable<T>&, HuberOptions);             \
    template Variable<T> smooth_l1_loss(const Variable<T>&, const Variable<T>&, SmoothL1Options);      \
    template Variable<T> poisson_nll_loss(const Variable<T>&, const Variable<T>&, PoissonNllOptions);  \
    template Variable<T> gaussian_nll_loss(const Variable<T>&, const Variable<T>&, const Variable<T>&, \
                                           GaussianNllOptions);                                        \
    template Variable<T> kl_div_loss(const Variable<T>&, const Variable<T>&, KlDivOptions);
XTAPE_INSTANTIATE(float)
XTAPE_INSTANTIATE(double)
#undef XTAPE_INSTANTIATE

}    // namespace xtape::nn
