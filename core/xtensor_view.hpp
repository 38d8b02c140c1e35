// xt::view, range and all, for programs that include the umbrella; no header of the library needs it.
#pragma once

#include <xtape/core/xtensor.hpp>

#if __has_include(<xtensor/views/xview.hpp>)
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xview.hpp>
#endif
