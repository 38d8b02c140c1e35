#include <xtape/core/detail/number.hpp>
#include <xtape/core/error.hpp>
#include <xtape/nn/clip.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

namespace xtape::nn {
namespace {

// NaN if an element is.
template <class T>
double largest_absolute(const Array<T>& gradient) {
    T largest = 0;
    bool nan = false;
    for (T g : gradient.storage()) {
        T size = std::abs(g);
        largest = size > largest ? size : largest;
        nan |= size != size;
    }
    return nan ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(largest);
}

// The sum of (|g| / unit)^p.
template <class T>
double power_sum(const Array<T>& gradient, double p, double unit) {
    const T* g = gradient.storage().data();
    const std::size_t count = gradient.size();
    double parts[8] = {};
    std::size_t i = 0;
    if (p == 2) {
        for (; i + 8 <= count; i += 8)
            for (std::size_t k = 0; k < 8; ++k) {
                double x = static_cast<double>(g[i + k]) / unit;
                parts[k] += x * x;
            }
    }
    for (; i < count; ++i) parts[0] += std::pow(std::abs(static_cast<double>(g[i])) / unit, p);
    double total = 0;
    for (double part : parts) total += part;
    return total;
}

}    // namespace

template <class T>
double clip_grad_norm(const Parameters<T>& parameters, double max_norm, ClipOptions options) {
    const double p = options.norm;
    if (!(max_norm >= 0))
        throw std::invalid_argument("[clip_grad_norm] got max_norm = " + xtape::detail::to_text(max_norm) +
                                    "; wanted 0 or more");
    if (!(p > 0))
        throw std::invalid_argument("[clip_grad_norm] got norm = " + xtape::detail::to_text(p) + "; wanted above 0");

    double largest = 0;
    for (const auto& [name, parameter] : parameters) {
        if (!parameter.has_grad()) continue;
        const double here = largest_absolute(parameter.grad());
        if (!std::isfinite(here) && options.non_finite == NonFinite::raise)
            throw AnomalyError("[clip_grad_norm] got a gradient of '" + name + "' of the shape " +
                               to_string(parameter.shape()) +
                               " with an element that is not finite; wanted numbers: look at the loss, or skip such "
                               "steps with non_finite");
        if (here > largest || std::isnan(here)) largest = here;
        if (std::isnan(largest)) break;
    }

    double norm = largest;
    if (std::isfinite(largest) && largest > 0 && std::isfinite(p)) {
        // Powers are taken of |g| / largest, which are within a double's range; squares usually need no help.
        const double unit = p == 2 && largest > 1e-120 && largest < 1e120 ? 1 : largest;
        double total = 0;
        for (const auto& named : parameters)
            if (named.parameter.has_grad()) total += power_sum(named.parameter.grad(), p, unit);
        norm = unit * (p == 2 ? std::sqrt(total) : std::pow(total, 1 / p));
    }
    if (!std::isfinite(norm) && options.non_finite != NonFinite::let_through) {
        if (options.non_finite == NonFinite::raise)
            throw AnomalyError("[clip_grad_norm] got finite gradients whose norm is beyond the largest double");
        return norm;
    }
    const double scale = max_norm / (norm + 1e-6);
    if (scale >= 1) return norm;
    for (const auto& named : parameters) {
        Variable<T> parameter = named.parameter;
        if (!parameter.has_grad()) continue;
        for (T& g : parameter.mutable_grad().storage()) g = static_cast<T>(static_cast<double>(g) * scale);
    }
    return norm;
}

template <class T>
void clip_grad_value(const Parameters<T>& parameters, double limit) {
    if (!(limit >= 0))
        throw std::invalid_argument("[clip_grad_value] got limit = " + xtape::detail::to_text(limit) +
                                    "; wanted 0 or more");
    auto bound = static_cast<T>(limit);
    for (const auto& named : parameters) {
        Variable<T> parameter = named.parameter;
        if (!parameter.has_grad()) continue;
        Array<T>& gradient = parameter.mutable_grad();
        T* g = gradient.storage().data();
        for (std::size_t i = 0; i < gradient.size(); ++i) g[i] = g[i] > bound ? bound : g[i] < -bound ? -bound : g[i];
    }
}

template double clip_grad_norm(const Parameters<float>&, double, ClipOptions);
template double clip_grad_norm(const Parameters<double>&, double, ClipOptions);
template void clip_grad_value(const Parameters<float>&, double);
template void clip_grad_value(const Parameters<double>&, double);

}    // namespace xtape::nn
