// expect: Variables of float and of double do not mix
#include <xtape/ops/selection.hpp>

using namespace xtape;

Variable<float> mix(const Variable<float>& x, const Variable<double>& y) {
#ifndef RIGHT
    return Variable<float>(xt::cast<float>(x < y));
#else
    return Variable<float>(xt::cast<float>(x < Variable<float>(y.value())));
#endif
}
