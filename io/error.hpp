// The exception of everything that reads or writes files.
#pragma once

#include <xtape/core/error.hpp>

namespace xtape::io {

// A file that is missing, damaged, or not what it should be.
struct Error : xtape::Error {
    using xtape::Error::Error;
};

}    // namespace xtape::io
