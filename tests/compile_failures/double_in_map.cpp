// expect: numbers that carry derivatives
#include <xtape/ops/map.hpp>

using namespace xtape;

Variable<double> squared(const Variable<double>& x) {
#ifndef RIGHT
    return map([](double v) { return v * v; }, x);
#else
    return map([](auto v) { return v * v; }, x);
#endif
}
