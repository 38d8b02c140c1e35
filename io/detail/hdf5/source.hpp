// An HDF5 file as a source of values.
#pragma once

#include <xtape/io/detail/source.hpp>

#include <filesystem>
#include <memory>

namespace xtape::io::hdf5 {

std::unique_ptr<detail::Source> open_source(const std::filesystem::path& path, const LoadOptions& options);

}    // namespace xtape::io::hdf5
