// What xtensor costs alone, which xtape.hpp includes.
#include <xtensor/xarray.hpp>
