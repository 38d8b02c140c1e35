// Stochastic gradient descent.
#pragma once

#include <xtape/optim/optimizer.hpp>

namespace xtape::optim {

struct SGDOptions {
    double lr = 1e-3;
    double momentum = 0;
    double dampening = 0;
    double weight_decay = 0;
    bool nesterov = false;
    bool maximize = false;
    NonFinite non_finite = NonFinite::let_through;
};

// g = gradient + weight_decay p (maximize: g = -gradient + ...); b = momentum b + (1 - dampening) g, at first b = g;
// p -= lr b, with Nesterov p -= lr (g + momentum b).
//
// While lr is constant, v = -lr b is the velocity of Sutskever et al. 2013 and CS231n: v = momentum v - lr g; p += v.
// And Nesterov's p is their look-ahead point p' + momentum v, whose p' moves by v with the gradient taken at the
// look-ahead. Nesterov without momentum, or with dampening, is std::invalid_argument.
template <class T>
class SGD : public OptimizerOf<T, SGDOptions> {
public:
    using OptimizerOf<T, SGDOptions>::OptimizerOf;
};

extern template class OptimizerOf<float, SGDOptions>;
extern template class OptimizerOf<double, SGDOptions>;

}    // namespace xtape::optim
