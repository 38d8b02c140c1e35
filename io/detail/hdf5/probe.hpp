// HDF5 itself can crash over bytes that no checksum has vouched for. A child process may do so in our place.
#pragma once

#include <xtape/io/detail/hdf5/channel.hpp>

#include <functional>

namespace xtape::io::hdf5 {

// Whether a child process that runs `body` comes to its end (by return or exception) within a minute. Without fork(),
// true.
bool survives(const std::function<void()>& body);

// Whether all of the file's metadata carry checksums: those of HDF5 1.10's format do, if its superblock says so.
bool has_checksums(Channel& channel);

// Reads everything in the file in a child process. Throws Reason when that process dies.
void probe(Channel& channel);

}    // namespace xtape::io::hdf5
