// Ends a program in a sentence where the CPU lacks an instruction set that the library was compiled for, before it dies
// of an illegal instruction.
//
// Compiled for the oldest CPU, and kept free of library templates: the linker merges those with copies from other
// files, which may hold the very instructions that are missing.
#include <stdio.h>
#include <stdlib.h>

#include "cpu_features.hpp"

namespace xtape::detail {

// Runs by itself, before every other constructor of the program.
[[gnu::constructor(101)]] void require_cpu_features();

void require_cpu_features() {
    bool complete = true;
    [[maybe_unused]] auto require = [&complete](const char* name, bool present) {
        if (present) return;
        fprintf(stderr, complete ? "xtape: this program was built for a CPU with %s" : ", %s", name);
        complete = false;
    };
#if defined(__x86_64__) || defined(__i386__)
    __builtin_cpu_init();
#define XTAPE_REQUIRE(name) require(name, __builtin_cpu_supports(name));
    XTAPE_CPU_FEATURES(XTAPE_REQUIRE)
#undef XTAPE_REQUIRE
#endif
#ifdef XTAPE_PRETEND_TO_LACK
    require(XTAPE_PRETEND_TO_LACK, false);
#endif
    if (complete) return;
    fputs(", which this machine lacks; build xtape and the program again on it, or with -DXTAPE_ARCH=x86-64.\n",
          stderr);
    _Exit(1);
}

}    // namespace xtape::detail
