// RMSprop.
#pragma once

#include <xtape/optim/optimizer.hpp>

namespace xtape::optim {

struct RMSpropOptions {
    double lr = 1e-2;
    double alpha = 0.99;
    double eps = 1e-8;
    double weight_decay = 0;
    double momentum = 0;
    bool centered = false;
    bool maximize = false;
    NonFinite non_finite = NonFinite::let_through;
};

// g = gradient + weight_decay p; s = alpha s + (1 - alpha) g^2; p -= lr g / (sqrt(s) + eps). Centered: sqrt(s - a^2) in
// place of sqrt(s), where a = alpha a + (1 - alpha) g. With momentum: b = momentum b + g / (sqrt(s) + eps); p -= lr b.
// Hinton, Neural Networks for Machine Learning, lecture 6; centered: Graves 2013. CS231n's decay_rate is alpha.
template <class T>
class RMSprop : public OptimizerOf<T, RMSpropOptions> {
public:
    using OptimizerOf<T, RMSpropOptions>::OptimizerOf;
};

extern template class OptimizerOf<float, RMSpropOptions>;
extern template class OptimizerOf<double, RMSpropOptions>;

}    // namespace xtape::optim
