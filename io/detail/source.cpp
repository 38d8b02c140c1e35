#include <xtape/io/detail/hdf5/source.hpp>
#include <xtape/io/detail/source.hpp>

namespace xtape::io::detail {

std::unique_ptr<Source> open_source(const std::filesystem::path& path, const LoadOptions& options) {
    return hdf5::open_source(path, options);
}

}    // namespace xtape::io::detail
