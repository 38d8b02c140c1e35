#include <xtape/core/error.hpp>
#include <xtape/nn/clip.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace xtape::nn {
namespace {

constexpr std::size_t block = 1024;    // elements whose powers are added up in T before they join the total

// The sum of |g|^p, or the largest |g| for infinite p.
template <class T>
double power_sum(const Array<T>& gradient, double p) {
    const T* g = gradient.storage().data();
    double total = 0;
    for (std::size_t begin = 0; begin < gradient.size(); begin += block) {
        std::size_t end = std::min(gradient.size(), begin + block);
        double part = 0;
        if (std::isinf(p)) {
            for (std::size_t i = begin; i < end; ++i) {
                double size = std::abs(static_cast<double>(g[i]));
                if (!(size <= total)) total = size;    // NaN as well
            }
            if (std::isnan(total)) return total;
        } else if (p == 2) {
            double parts[8] = {};
            std::size_t i = begin;
            for (; i + 8 <= end; i += 8)
                for (std::size_t k = 0; k < 8; ++k)
                    parts[k] += static_cast<double>(g[i + k]) * static_cast<double>(g[i + k]);
            for (; i < end; ++i) part += static_cast<double>(g[i]) * static_cast<double>(g[i]);
            for (double one : parts) part += one;
        } else {
            for (std::size_t i = begin; i < end; ++i) part += std::pow(std::abs(static_cast<double>(g[i])), p);
        }
        total += part;
    }
    return total;
}

}    // namespace

template <class T>
double clip_grad_norm(const Parameters<T>& parameters, double max_norm, ClipOptions options) {
    double p = options.norm;
    if (!(max_norm >= 0))
        throw std::invalid_argument("[clip_grad_norm] got max_norm = " + std::to_string(max_norm) +
                                    "; wanted 0 or more");
    if (!(p > 0)) throw std::invalid_argument("[clip_grad_norm] got norm = " + std::to_string(p) + "; wanted above 0");
    double total = 0;
    for (const auto& [name, parameter] : parameters) {
        if (!parameter.has_grad()) continue;
        double part = power_sum(parameter.grad(), p);
        if (!std::isfinite(part) && options.non_finite == NonFiniteNorm::error)
            throw AnomalyError("[clip_grad_norm] the gradient of " + name + " of the shape " +
                               to_string(parameter.shape()) +
                               " is not finite; wanted numbers: look at the loss, or "
                               "skip such steps by non_finite");
        total = !std::isinf(p) ? total + part : (part > total || std::isnan(part)) ? part : total;
    }
    double norm = std::isinf(p) ? total : p == 2 ? std::sqrt(total) : std::pow(total, 1 / p);
    if (!std::isfinite(norm) && options.non_finite != NonFiniteNorm::scale) {
        if (options.non_finite == NonFiniteNorm::error)
            throw AnomalyError("[clip_grad_norm] the norm of all gradients is not finite");
        return norm;
    }
    double scale = max_norm / (norm + 1e-6);
    if (scale >= 1) return norm;
    for (const auto& named : parameters) {
        Variable<T> parameter = named.parameter;
        if (!parameter.has_grad()) continue;
        Array<T>& gradient = parameter.mutable_grad();
        T* g = gradient.storage().data();
        auto factor = static_cast<T>(scale);
        for (std::size_t i = 0; i < gradient.size(); ++i) g[i] *= factor;
    }
    return norm;
}

template <class T>
void clip_grad_value(const Parameters<T>& parameters, double limit) {
    if (!(limit >= 0))
        throw std::invalid_argument("[clip_grad_value] got limit = " + std::to_string(limit) + "; wanted 0 or more");
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
