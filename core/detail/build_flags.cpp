#define XTAPE_DEFINES_BUILD_FLAGS
#include "build_flags.hpp"

namespace xtape::detail {
void require_cpu_features();    // of cpu_guard.cpp
}

// Whoever refers to this symbol, every user of our headers, thereby takes the CPU guard along.
void (*const XTAPE_FLAGS_SYMBOL)() = &xtape::detail::require_cpu_features;
