// What `xtape-inspect` does, as functions: look into a checkpoint, verify it, compare two.
#pragma once

#include <xtape/core/state.hpp>

#include <cstddef>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

namespace xtape::io {

// Of the finite elements; all zero when there are none.
struct Statistics {
    double min = 0, max = 0, mean = 0;
    std::size_t count = 0, non_finite = 0;    // of all elements
};
Statistics statistics(const State::Value& value);

// Prints a file's metadata and tree, with each value's shape, type and statistics, and verifies all checksums. False
// when something is damaged or cannot be read, which is then printed. Throws io::Error when there is no readable file.
bool inspect(const std::filesystem::path& path, std::ostream& out);

// Prints how two files' values differ. True when they are the same bits. Throws io::Error.
bool print_differences(const std::filesystem::path& a, const std::filesystem::path& b, std::ostream& out);

// The command: returns its exit code, 0 when all is well, 1 when something is wrong or differs, 2 for a wrong call.
int inspect_command(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& errors);

}    // namespace xtape::io
