// expect: write select.condition, a, b.
#include <xtape/ops/map.hpp>

using namespace xtape;

Variable<float> absolute(const Variable<float>& x) {
#ifndef RIGHT
    return map([](auto v) { return v > 0 ? v : -v; }, x);
#else
    return map([](auto v) { return select(v > 0, v, -v); }, x);
#endif
}
