// expect: labels and indices are integers
#include <xtape/ops/index.hpp>

using namespace xtape;

Variable<double> pick(const Variable<double>& x) {
#ifndef RIGHT
    return take(x, Array<float>{1.5F});
#else
    return take(x, {1, 2U});
#endif
}
