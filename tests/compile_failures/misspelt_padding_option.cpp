// expect: no matching function for call to 'pad
#include <xtape/ops/pad.hpp>

using namespace xtape;

Variable<double> widen(const Variable<double>& x) {
#ifndef RIGHT
    return pad(x, {.vallue = 1});
#else
    return pad(pad(x, 2, {.value = 1}), {{1, 0}, {0, 1}}, {.mode = PadMode::edge});
#endif
}
