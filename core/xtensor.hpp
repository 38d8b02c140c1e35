// The xtensor headers that the library's own headers need, wherever this version of xtensor keeps them
// (0.26 moved its headers into folders).
#pragma once

#include <xtape/core/detail/build_flags.hpp>

#if __has_include(<xtensor/containers/xarray.hpp>)
#include <xtensor/containers/xarray.hpp>
#else
#include <xtensor/xarray.hpp>
#endif
