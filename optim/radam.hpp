// RAdam.
#pragma once

#include <xtape/optim/optimizer.hpp>

#include <array>

namespace xtape::optim {

struct RAdamOptions {
    double lr = 1e-3;
    std::array<double, 2> betas{0.9, 0.999};
    double eps = 1e-8;
    double weight_decay = 0;
    bool decoupled_weight_decay = false;
    bool maximize = false;
    NonFinite non_finite = NonFinite::let_through;
};

// Adam that waits for its second moment: with n = 2 / (1 - b2) - 1 and r = n - 2 t b2^t / (1 - b2^t),
// p -= lr m / (1 - b1^t) while r <= 5, and then
// p -= lr m / (1 - b1^t) sqrt(1 - b2^t) / (sqrt(v) + eps) sqrt((r - 4)(r - 2) n / ((n - 4)(n - 2) r)). The decoupled
// weight decay is AdamW's. Liu et al. 2020.
template <class T>
class RAdam : public OptimizerOf<T, RAdamOptions> {
public:
    using OptimizerOf<T, RAdamOptions>::OptimizerOf;
};

extern template class OptimizerOf<float, RAdamOptions>;
extern template class OptimizerOf<double, RAdamOptions>;

}    // namespace xtape::optim
