// LAMB.
#pragma once

#include <xtape/optim/optimizer.hpp>

#include <array>

namespace xtape::optim {

struct LAMBOptions {
    double lr = 1e-3;
    std::array<double, 2> betas{0.9, 0.999};
    double eps = 1e-6;
    double weight_decay = 1e-2;
    bool bias_correction = true;
    bool maximize = false;
    NonFinite non_finite = NonFinite::let_through;
};

// AdamW's step, made as long as the parameter is large: m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
// u = m / (1 - b1^step) / (sqrt(v / (1 - b2^step)) + eps) + weight_decay p; p -= lr |p| / |u| u, with the 2-norms of
// the whole parameter and of u, and 1 in place of their ratio when one of them is 0. For large batches. You et al.
// 2020, algorithm 2 (phi the identity).
template <class T>
class LAMB : public OptimizerOf<T, LAMBOptions> {
public:
    using OptimizerOf<T, LAMBOptions>::OptimizerOf;
};

extern template class OptimizerOf<float, LAMBOptions>;
extern template class OptimizerOf<double, LAMBOptions>;

}    // namespace xtape::optim
