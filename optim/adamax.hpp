// Adamax.
#pragma once

#include <xtape/optim/optimizer.hpp>

#include <array>

namespace xtape::optim {

struct AdamaxOptions {
    double lr = 2e-3;
    std::array<double, 2> betas{0.9, 0.999};
    double eps = 1e-8;
    double weight_decay = 0;
    bool maximize = false;
    NonFinite non_finite = NonFinite::let_through;
};

// g = gradient + weight_decay p; m = b1 m + (1 - b1) g; u = max(b2 u, |g| + eps); p -= lr / (1 - b1^step) m / u, where
// m and u are exp_avg and exp_inf in the state. Kingma and Ba 2015, section 7.
template <class T>
class Adamax : public OptimizerOf<T, AdamaxOptions> {
public:
    using OptimizerOf<T, AdamaxOptions>::OptimizerOf;
};

extern template class OptimizerOf<float, AdamaxOptions>;
extern template class OptimizerOf<double, AdamaxOptions>;

}    // namespace xtape::optim
