// Files of NumPy and of safetensors as sources of values.
#pragma once

#include <xtape/io/detail/source.hpp>

#include <memory>

namespace xtape::io::formats {

// The whole of such a file, read.
std::unique_ptr<detail::Source> source_of(State state);

}    // namespace xtape::io::formats
