// expect: no matching function for call to 'sum
#include <xtape/ops/reduce.hpp>

using namespace xtape;

Variable<double> reduce(const Variable<double>& x) {
#ifndef RIGHT
    return sum(x, {.keep_dms = true});
#else
    return sum(x, {0, -1}, {.keep_dims = true});
#endif
}
