// Clipping of gradients, between backward() and the optimizer's step.
#pragma once

#include <xtape/core/non_finite.hpp>
#include <xtape/core/parameters.hpp>

namespace xtape::nn {

struct ClipOptions {
    double norm = 2;                            // p of the norm; infinity is allowed
    NonFinite non_finite = NonFinite::raise;    // let_through scales by 0 or NaN, as PyTorch does
};

// Multiplies all gradients by min(1, max_norm / (norm + 1e-6)), norm being the p-norm of all their elements together,
// and returns that norm. Neither overflows nor loses small numbers, whatever p. Parameters without a gradient do not
// count. Throws std::invalid_argument for max_norm < 0 or p <= 0, AnomalyError when an element, or the norm itself, is
// not finite, and leaves all gradients as they were then.
template <class T>
double clip_grad_norm(const Parameters<T>& parameters, double max_norm, ClipOptions options = {});

// Limits every element of every gradient to -limit ... limit; NaN stays. Throws std::invalid_argument for limit < 0.
template <class T>
void clip_grad_value(const Parameters<T>& parameters, double limit);

}    // namespace xtape::nn
