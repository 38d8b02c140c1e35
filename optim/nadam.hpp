// NAdam.
#pragma once

#include <xtape/optim/optimizer.hpp>

#include <array>

namespace xtape::optim {

struct NAdamOptions {
    double lr = 2e-3;
    std::array<double, 2> betas{0.9, 0.999};
    double eps = 1e-8;
    double weight_decay = 0;
    double momentum_decay = 4e-3;
    bool decoupled_weight_decay = false;
    bool maximize = false;
    NonFinite non_finite = NonFinite::let_through;
};

// Adam with Nesterov's momentum: mu(t) = b1 (1 - 0.96^(t momentum_decay) / 2), M(t) = mu(1) ... mu(t); m and v as
// Adam's; p -= lr ((1 - mu(t)) / (1 - M(t)) g + mu(t + 1) / (1 - M(t + 1)) m) / (sqrt(v / (1 - b2^t)) + eps). The
// decoupled weight decay is AdamW's. Dozat 2016.
template <class T>
class NAdam : public OptimizerOf<T, NAdamOptions> {
public:
    using OptimizerOf<T, NAdamOptions>::OptimizerOf;
};

extern template class OptimizerOf<float, NAdamOptions>;
extern template class OptimizerOf<double, NAdamOptions>;

}    // namespace xtape::optim
