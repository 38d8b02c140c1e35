// expect: Variables of float and of double do not mix
#include <xtape/ops/selection.hpp>

using namespace xtape;

Variable<float> mix(const Variable<float>& x, const Variable<double>& y) {
#ifndef RIGHT
    return where(x > 0, x, y);
#else
    return where(x > 0, x, Variable<float>(y.value()));
#endif
}
