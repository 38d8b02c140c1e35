// The names of temporary files, by which the leavings of dead processes are known.
#pragma once

#include <array>
#include <filesystem>
#include <string_view>

namespace xtape::io::detail {

// A new name: ".xtape-", a number, its check, ".tmp". The check is what tells it from a file of the user's.
std::array<char, 64> new_temporary_name();
bool is_temporary_name(std::string_view name);

// Removes the temporary files whose writers have died. A writer holds a lock (flock) on its file, which the system
// releases when the process ends; where files cannot be locked, nothing is removed.
void remove_dead_temporary_files(const std::filesystem::path& folder);

}    // namespace xtape::io::detail
