#pragma once

namespace xtape::detail {

// Ends the program, with a sentence on stderr and exit code 1, where the CPU lacks an instruction set that the library was
// compiled for. Runs by itself before the first constructor of the program.
void require_cpu_features();

}  // namespace xtape::detail
