// expect: no matching function for call to 'avg_pool2d
#include <xtape/ops/pooling.hpp>

using namespace xtape;

Variable<double> shrink(const Variable<double>& x) {
#ifndef RIGHT
    return avg_pool2d(x, {.ceil_mod = true});
#else
    return avg_pool2d(avg_pool2d(x, {2, 3}), 2, {.ceil_mode = true});
#endif
}
