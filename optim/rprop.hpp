// Rprop.
#pragma once

#include <xtape/optim/optimizer.hpp>

#include <array>

namespace xtape::optim {

struct RpropOptions {
    double lr = 1e-2;    // the first size of each element's step
    std::array<double, 2> etas{0.5, 1.2};
    std::array<double, 2> step_sizes{1e-6, 50};
    bool maximize = false;
    NonFinite non_finite = NonFinite::let_through;
};

// Each element has its own step size: it grows by etas[1] while the gradient's sign stays, shrinks by etas[0] when it
// changes, within step_sizes; p -= size sign(g), but not in the step in which the sign has changed. Later changes of lr
// have no effect. For gradients of the whole data set. Riedmiller and Braun 1993.
template <class T>
class Rprop : public OptimizerOf<T, RpropOptions> {
public:
    using OptimizerOf<T, RpropOptions>::OptimizerOf;
};

extern template class OptimizerOf<float, RpropOptions>;
extern template class OptimizerOf<double, RpropOptions>;

}    // namespace xtape::optim
