// Muon.
#pragma once

#include <xtape/optim/optimizer.hpp>

#include <array>
#include <cstdint>

namespace xtape::optim {

// What the learning rate of a matrix of m x n elements is multiplied by: sqrt(max(1, m / n)), as Jordan's original, or
// 0.2 sqrt(max(m, n)), which gives steps the size of AdamW's, so that its learning rates can be kept.
enum class AdjustLR { original, match_rms_adamw };

struct MuonOptions {
    double lr = 1e-3;
    double weight_decay = 0.1;
    double momentum = 0.95;
    bool nesterov = true;
    std::array<double, 3> ns_coefficients{3.4445, -4.7750, 2.0315};    // a, b, c
    double eps = 1e-7;
    std::int64_t ns_steps = 5;
    AdjustLR adjust_lr = AdjustLR::original;
    NonFinite non_finite = NonFinite::let_through;
};

// Steps by an orthogonal matrix near the momentum, for the weight matrices of hidden layers; embeddings, biases and the
// last layer are better left to AdamW. m = momentum m + (1 - momentum) g; x = m, or with nesterov momentum m + (1 -
// momentum) g; x /= max(|x|, eps); ns_steps times x = a x + (b x x^T + c (x x^T)^2) x, which is Newton and Schulz's
// iteration towards U V^T, where x = U S V^T; p *= 1 - lr weight_decay; p -= lr adjustment x. Parameters of other than
// two axes are std::invalid_argument, as are ns_steps of 100 and more. Jordan et al. 2024; Liu et al. 2025. PyTorch
// iterates in bfloat16, we in T.
template <class T>
class Muon : public OptimizerOf<T, MuonOptions> {
public:
    using OptimizerOf<T, MuonOptions>::OptimizerOf;
};

extern template class OptimizerOf<float, MuonOptions>;
extern template class OptimizerOf<double, MuonOptions>;

}    // namespace xtape::optim
