// What reading or changing a file of unknown origin may cost.
#pragma once

#include <cstddef>
#include <cstdint>

namespace xtape::io {

struct Limits {
    double seconds = 1;    // processor time to find one's way in the file, and as much again for every 16 MiB of it
    std::uint64_t bytes = std::uint64_t{1} << 28;    // memory beyond the file's size, for its structure and for texts
                                                     // and states of unknown layout, each
    std::size_t depth = 100;                         // groups within groups
};

// How a file is read or changed.
struct FileOptions {
    bool trusted = false;    // no limits, and HDF5 changes the file in this process: for files that you know
    Limits limits = {};
};

}    // namespace xtape::io
