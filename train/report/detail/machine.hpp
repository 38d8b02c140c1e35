// What a run was made with: library, compiler, machine, time.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace xtape::train::detail {

// Rows of a table: "xtape", "compiler", "processor", "threads", "written".
std::vector<std::pair<std::string, std::string>> machine();

}    // namespace xtape::train::detail
