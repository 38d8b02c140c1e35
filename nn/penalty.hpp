// Regularisers over named parameters: penalties to be added to a data loss, both of which stay readable.
//
//     auto data_loss = nn::cross_entropy(net(x), labels);
//     auto loss = data_loss + 1e-4 * nn::l2_penalty(net.named_parameters());
#pragma once

#include <xtape/core/parameters.hpp>
#include <xtape/core/variable.hpp>

#include <functional>
#include <string_view>

namespace xtape::nn {

// How strongly a parameter is penalised: its part of the penalty is multiplied by this; 0 leaves it alone.
using Strength = std::function<double(std::string_view name, const Shape& shape)>;

// 1 for weights, 0 for biases and the parameters of normalisations: what has fewer than two axes, or is called "bias".
double weights_only(std::string_view name, const Shape& shape);
// 1 for all.
double everything(std::string_view name, const Shape& shape);

// R = sum of s w^2 over all elements w of all parameters, s their strength; dR/dw = 2 s w. (Half of it times a rate is
// what others call weight decay.) 0 when nothing is penalised.
template <class T>
Variable<T> l2_penalty(const Parameters<T>& parameters, const Strength& strength = weights_only);

// R = sum of s |w|; dR/dw = s sign(w), 0 at 0.
template <class T>
Variable<T> l1_penalty(const Parameters<T>& parameters, const Strength& strength = weights_only);

// R = sum of s (beta w^2 + |w|). Zou and Hastie, "Regularization and variable selection via the elastic net", 2005.
template <class T>
Variable<T> elastic_net_penalty(const Parameters<T>& parameters, double beta, const Strength& strength = weights_only);

// R = sum of s sqrt(n) |w_g| over the groups of n elements that are the rows (axis = 0: all that leads to one output of
// a Linear) or columns (axis = 1) of a weight, |w_g| their Euclidean norm; dR/dw = s sqrt(n) w / |w_g|, 0 where the
// group is 0. A vector is groups of single elements. Yuan and Lin, "Model selection and estimation in regression with
// grouped variables", 2006. Throws ShapeError for an axis that a penalised parameter lacks.
template <class T>
Variable<T> group_lasso_penalty(const Parameters<T>& parameters, int axis = 0, const Strength& strength = weights_only);

}    // namespace xtape::nn
