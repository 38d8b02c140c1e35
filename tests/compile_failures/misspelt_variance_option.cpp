// expect: no matching function for call to 'var
#include <xtape/ops/statistics.hpp>

using namespace xtape;

Variable<double> reduce(const Variable<double>& x) {
#ifndef RIGHT
    return var(x, {.dof = 0});
#else
    return var(x, all_axes, {.ddof = 0});
#endif
}
