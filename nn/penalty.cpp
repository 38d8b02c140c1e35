#include <xtape/core/shape.hpp>
#include <xtape/nn/penalty.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/norm.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/rounding.hpp>

#include <cmath>
#include <vector>

namespace xtape::nn {
namespace {

// The sum of strength times part(parameter).
template <class T, class Part>
Variable<T> add_up(const Parameters<T>& parameters, const Strength& strength, Part part) {
    Variable<T> total;
    for (const auto& [name, parameter] : parameters) {
        double s = strength(name, parameter.shape());
        if (s == 0) continue;
        Variable<T> summand = part(parameter);
        if (s != 1) summand = summand * s;
        total = total.defined() ? total + summand : summand;
    }
    return total.defined() ? total : Variable<T>(Array<T>(Shape{}, T(0)));
}

}    // namespace

double weights_only(std::string_view name, const Shape& shape) {
    std::string_view last = name.substr(name.rfind('.') + 1);
    return shape.size() >= 2 && last != "bias" ? 1 : 0;
}

double everything(std::string_view, const Shape&) { return 1; }

template <class T>
Variable<T> l2_penalty(const Parameters<T>& parameters, const Strength& strength) {
    return add_up(parameters, strength, [](const Variable<T>& w) { return sum(square(w)); });
}

template <class T>
Variable<T> l1_penalty(const Parameters<T>& parameters, const Strength& strength) {
    return add_up(parameters, strength, [](const Variable<T>& w) { return sum(abs(w)); });
}

template <class T>
Variable<T> elastic_net_penalty(const Parameters<T>& parameters, double beta, const Strength& strength) {
    return add_up(parameters, strength, [=](const Variable<T>& w) { return sum(square(w) * beta + abs(w)); });
}

template <class T>
Variable<T> group_lasso_penalty(const Parameters<T>& parameters, int axis, const Strength& strength) {
    return add_up(parameters, strength, [=](const Variable<T>& w) {
        std::size_t kept = normalize_axis("group_lasso_penalty", axis, w.dimension());
        std::vector<std::size_t> others;
        for (std::size_t d = 0; d < w.dimension(); ++d)
            if (d != kept) others.push_back(d);
        if (others.empty()) return sum(abs(w));
        std::size_t groups = w.shape()[kept];
        double size = groups == 0 ? 0 : static_cast<double>(w.size() / groups);
        return sum(norm(w, 2, others)) * std::sqrt(size);
    });
}

template Variable<float> l2_penalty(const Parameters<float>&, const Strength&);
template Variable<double> l2_penalty(const Parameters<double>&, const Strength&);
template Variable<float> l1_penalty(const Parameters<float>&, const Strength&);
template Variable<double> l1_penalty(const Parameters<double>&, const Strength&);
template Variable<float> elastic_net_penalty(const Parameters<float>&, double, const Strength&);
template Variable<double> elastic_net_penalty(const Parameters<double>&, double, const Strength&);
template Variable<float> group_lasso_penalty(const Parameters<float>&, int, const Strength&);
template Variable<double> group_lasso_penalty(const Parameters<double>&, int, const Strength&);

}    // namespace xtape::nn
