// expect: no matching function for call to 'cross_entropy
#include <xtape/nn/classification_loss.hpp>

using namespace xtape;

Variable<double> loss(const Variable<double>& x) {
#ifndef RIGHT
    return nn::cross_entropy(x, {.ignored_index = 1});
#else
    return nn::cross_entropy(x, {1, 0}, {.label_smoothing = 0.1});
#endif
}
