// expect: a Variable holds float or double
#include <xtape/core/variable.hpp>

using namespace xtape;

std::size_t count() {
#ifndef RIGHT
    return Variable<int>().size();
#else
    return Variable<float>().size();
#endif
}
