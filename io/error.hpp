// The exceptions of everything that reads or writes files.
#pragma once

#include <xtape/core/error.hpp>

namespace xtape::io {

// A file that is missing, damaged, or not what it should be; or that could not be written. Unless it is a
// DurabilityError, nothing has changed: the file and the things that were to be loaded are as they were.
struct Error : xtape::Error {
    using xtape::Error::Error;
};

// The file has been replaced and is whole, but could not be flushed to the disk: after a power cut the old file may be
// there again. Nothing else that writes a file throws after the file has changed.
struct DurabilityError : Error {
    using Error::Error;
};

}    // namespace xtape::io
