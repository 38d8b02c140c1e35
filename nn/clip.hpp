// Clipping of gradients, between backward() and the optimizer's step.
#pragma once

#include <xtape/core/parameters.hpp>

namespace xtape::nn {

// What clip_grad_norm does when the total norm is not finite: throw AnomalyError naming a parameter, leave all
// gradients as they are, or scale as PyTorch does (by 0 or NaN).
enum class NonFiniteNorm { error, skip, scale };

struct ClipOptions {
    double norm = 2;    // p of the norm; infinity is allowed
    NonFiniteNorm non_finite = NonFiniteNorm::error;
};

// Multiplies all gradients by min(1, max_norm / (norm + 1e-6)), norm being the p-norm of all their elements together,
// and returns that norm. Parameters without a gradient do not count. Throws std::invalid_argument for max_norm < 0 or
// p <= 0.
template <class T>
double clip_grad_norm(const Parameters<T>& parameters, double max_norm, ClipOptions options = {});

// Limits every element of every gradient to -limit ... limit; NaN stays. Throws std::invalid_argument for limit < 0.
template <class T>
void clip_grad_value(const Parameters<T>& parameters, double limit);

}    // namespace xtape::nn
