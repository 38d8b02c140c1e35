// expect: no matching function for call to 'backward
#include <xtape/core/backward.hpp>

void sweep(const xtape::Variable<double>& y) {
#ifndef RIGHT
    xtape::backward(y, {.retain_grahp = false});
#else
    xtape::backward(y, {.retain_graph = false});
    xtape::backward(y, xtape::Array<double>{1.0, 2.0}, {.retain_graph = false});
    xtape::backward(y, xt::ones<double>({2}));
#endif
}
