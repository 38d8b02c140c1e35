// Adam and AdamW.
#pragma once

#include <xtape/optim/optimizer.hpp>

#include <array>

namespace xtape::optim {

struct AdamOptions {
    double lr = 1e-3;
    std::array<double, 2> betas{0.9, 0.999};
    double eps = 1e-8;
    double weight_decay = 0;
    bool amsgrad = false;
    bool bias_correction = true;
    bool maximize = false;
    NonFinite non_finite = NonFinite::let_through;
};

struct AdamWOptions {
    double lr = 1e-3;
    std::array<double, 2> betas{0.9, 0.999};
    double eps = 1e-8;
    double weight_decay = 1e-2;
    bool amsgrad = false;
    bool bias_correction = true;
    bool maximize = false;
    NonFinite non_finite = NonFinite::let_through;
};

// g = gradient + weight_decay p; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
// p -= lr / (1 - b1^step) m / (sqrt(v) / sqrt(1 - b2^step) + eps), where step counts from 1 and m, v are exp_avg and
// exp_avg_sq in the state. Amsgrad: the largest v so far in place of v. Without bias_correction, CS231n's first
// form: p -= lr m / (sqrt(v) + eps). Kingma and Ba 2015; Reddi, Kale and Kumar 2018.
template <class T>
class Adam : public OptimizerOf<T, AdamOptions> {
public:
    using OptimizerOf<T, AdamOptions>::OptimizerOf;
};

// Adam whose weight decay does not pass through the moments: p *= 1 - lr weight_decay before the step. Loshchilov and
// Hutter 2019.
template <class T>
class AdamW : public OptimizerOf<T, AdamWOptions> {
public:
    using OptimizerOf<T, AdamWOptions>::OptimizerOf;
};

extern template class OptimizerOf<float, AdamOptions>;
extern template class OptimizerOf<double, AdamOptions>;
extern template class OptimizerOf<float, AdamWOptions>;
extern template class OptimizerOf<double, AdamWOptions>;

}    // namespace xtape::optim
