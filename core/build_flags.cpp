#define XTAPE_DEFINES_BUILD_FLAGS
#include "build_flags.hpp"

#include "cpu_guard.hpp"

// Whoever refers to this symbol, every user of our headers, thereby takes the CPU guard along.
void (*const XTAPE_FLAGS_SYMBOL)() = &xtape::detail::require_cpu_features;
