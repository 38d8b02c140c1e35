// Smooth activation functions.
#pragma once

#include <xtape/core/variable.hpp>

#include <optional>

namespace xtape {

// y = 1 / (1 + e^-x); dy/dx = sigmoid(x) sigmoid(-x).
template <class T>
Variable<T> sigmoid(const Variable<T>& x);
// y = ln(x / (1 - x)), the inverse of sigmoid, NaN outside [0, 1]; dy/dx = 1 / (x (1 - x)). With eps, x is first
// clamped to [eps, 1 - eps].
template <class T>
Variable<T> logit(const Variable<T>& x, std::optional<double> eps = {});
// y = ln sigmoid(x), without overflow; dy/dx = sigmoid(-x).
template <class T>
Variable<T> log_sigmoid(const Variable<T>& x);
// y = ln(1 + e^(beta x)) / beta, x itself where beta x > threshold; dy/dx = sigmoid(beta x), 1 where beta x >
// threshold. Throws std::invalid_argument for beta = 0.
template <class T>
Variable<T> softplus(const Variable<T>& x, double beta = 1, double threshold = 20);

enum class GeluApproximation { none, tanh };

// y = x P(x), where P(x) = (1 + erf(x / sqrt 2)) / 2 is the normal distribution's; dy/dx = P(x) + x P'(x).
// Approximated: P(x) = (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. (Hendrycks and Gimpel, arXiv:1606.08415)
template <class T>
Variable<T> gelu(const Variable<T>& x, GeluApproximation approximation = GeluApproximation::none);
// y = x s with s = sigmoid(x); dy/dx = s (1 + x (1 - s)). Also known as swish.
template <class T>
Variable<T> silu(const Variable<T>& x);
// y = x t with t = tanh(ln(1 + e^x)); dy/dx = t + x sigmoid(x) (1 - t^2). (Misra, arXiv:1908.08681)
template <class T>
Variable<T> mish(const Variable<T>& x);
// y = x / (1 + |x|); dy/dx = 1 / (1 + |x|)^2.
template <class T>
Variable<T> softsign(const Variable<T>& x);

}    // namespace xtape
