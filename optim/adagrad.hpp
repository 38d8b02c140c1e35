// Adagrad.
#pragma once

#include <xtape/optim/optimizer.hpp>

namespace xtape::optim {

struct AdagradOptions {
    double lr = 1e-2;
    double lr_decay = 0;
    double weight_decay = 0;
    double initial_accumulator_value = 0;
    double eps = 1e-10;
    bool maximize = false;
    NonFinite non_finite = NonFinite::let_through;
};

// g = gradient + weight_decay p; sum += g^2; p -= lr / (1 + (step - 1) lr_decay) g / (sqrt(sum) + eps), where sum is at
// first initial_accumulator_value and step counts from 1. Duchi, Hazan and Singer 2011.
template <class T>
class Adagrad : public OptimizerOf<T, AdagradOptions> {
public:
    using OptimizerOf<T, AdagradOptions>::OptimizerOf;
};

extern template class OptimizerOf<float, AdagradOptions>;
extern template class OptimizerOf<double, AdagradOptions>;

}    // namespace xtape::optim
