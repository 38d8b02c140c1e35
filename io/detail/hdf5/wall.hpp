// HDF5 can crash, hang, or damage its own memory over bytes that somebody made to do harm. So it changes files of
// unknown origin in a child process, which has limits and nothing that could be hurt.
#pragma once

#include <xtape/io/detail/hdf5/library.hpp>
#include <xtape/io/limits.hpp>

#include <cstdint>
#include <functional>

namespace xtape::io::hdf5 {

// Runs `body` in a child process, whose files are this one's. `file_bytes` is what it has to deal with: the file and
// what it adds, both of which the limits grow with. The caller holds a Session, and `body` takes none. Throws the
// Reason that `body` throws, and Reason when the child dies, goes beyond a limit, or cannot be made.
void behind_wall(const Limits& limits, std::uint64_t file_bytes, const std::function<void()>& body);

}    // namespace xtape::io::hdf5
