// What the user asks for on the command line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>

namespace digits {

struct Options {
    std::optional<std::filesystem::path> data;    // a folder with MNIST's files; none: digits drawn by the program
    std::size_t epochs = 15;
    std::size_t batch = 64;
    double lr = 1e-3;
    std::uint64_t seed = 0;
    std::size_t threads = 0;    // 0: all that the machine has
    std::size_t hidden = 256;
    std::size_t shards = 0;    // of each batch: any number of ranks then gives the same bits; 0: one for each rank
    std::optional<std::filesystem::path> checkpoint;    // a file that is written after every epoch
    bool resume = false;                                // go on from it, if it is there
    bool help = false;
};

// A command line that is not understood; the text is one sentence for the user.
struct UsageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Reads the arguments after the program's name, `--name value` or `--name=value`. Throws UsageError for an unknown
// option, a missing value, and a value that is no number or out of range.
Options parse_options(std::span<const char* const> arguments);

// The text of `--help`.
std::string usage();

}    // namespace digits
