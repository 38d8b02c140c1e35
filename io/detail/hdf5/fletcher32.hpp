// The checksum of HDF5's fletcher32 filter, at the speed of memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace xtape::io::hdf5 {

// Fletcher's checksum over big-endian 16-bit words, as H5_checksum_fletcher32 computes it: an odd last byte is the high
// byte of a word. Source: J. Fletcher, "An arithmetic checksum for serial transmissions", 1982; HDF5's H5checksum.c.
std::uint32_t fletcher32(const void* data, std::size_t size);

}    // namespace xtape::io::hdf5
