// expect: Variables of float and of double do not mix
#include <xtape/ops/arithmetic.hpp>

using namespace xtape;

void mix(Variable<float> x, const Variable<double>& y) {
#ifndef RIGHT
    x += y;
#else
    x += x + Variable<float>(y.value());
#endif
}
