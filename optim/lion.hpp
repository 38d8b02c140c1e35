// Lion.
#pragma once

#include <xtape/optim/optimizer.hpp>

#include <array>

namespace xtape::optim {

struct LionOptions {
    double lr = 1e-4;
    std::array<double, 2> betas{0.9, 0.99};
    double weight_decay = 0;
    bool maximize = false;
    NonFinite non_finite = NonFinite::let_through;
};

// p *= 1 - lr weight_decay; p -= lr sign(b1 m + (1 - b1) g); m = b2 m + (1 - b2) g, where m is exp_avg in the state.
// Chen et al. 2023.
template <class T>
class Lion : public OptimizerOf<T, LionOptions> {
public:
    using OptimizerOf<T, LionOptions>::OptimizerOf;
};

extern template class OptimizerOf<float, LionOptions>;
extern template class OptimizerOf<double, LionOptions>;

}    // namespace xtape::optim
