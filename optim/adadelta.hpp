// Adadelta.
#pragma once

#include <xtape/optim/optimizer.hpp>

namespace xtape::optim {

struct AdadeltaOptions {
    double lr = 1;
    double rho = 0.9;
    double eps = 1e-6;
    double weight_decay = 0;
    bool maximize = false;
    NonFinite non_finite = NonFinite::let_through;
};

// g = gradient + weight_decay p; s = rho s + (1 - rho) g^2; d = sqrt(a + eps) / sqrt(s + eps) g; a = rho a + (1 - rho)
// d^2; p -= lr d, where s is square_avg and a acc_delta in the state. Zeiler 2012.
template <class T>
class Adadelta : public OptimizerOf<T, AdadeltaOptions> {
public:
    using OptimizerOf<T, AdadeltaOptions>::OptimizerOf;
};

extern template class OptimizerOf<float, AdadeltaOptions>;
extern template class OptimizerOf<double, AdadeltaOptions>;

}    // namespace xtape::optim
