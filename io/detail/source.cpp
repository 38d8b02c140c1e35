#include <xtape/io/detail/formats/source.hpp>
#include <xtape/io/detail/hdf5/source.hpp>
#include <xtape/io/detail/replacement.hpp>
#include <xtape/io/detail/source.hpp>
#include <xtape/io/npy.hpp>
#include <xtape/io/safetensors.hpp>

#include <unistd.h>

#include <array>
#include <string_view>

namespace xtape::io::detail {
namespace {

enum class Format { hdf5, npz, npy, safetensors };

// HDF5 is what is left: its reader says what is wrong with a file of no known format.
Format format_of(const std::filesystem::path& path) {
    Descriptor file = open_to_read(path);
    std::array<char, 9> bytes{};
    ssize_t got = pread(file, bytes.data(), bytes.size(), 0);
    std::string_view start(bytes.data(), got < 0 ? 0 : static_cast<std::size_t>(got));
    using namespace std::string_view_literals;
    if (start.starts_with("PK\3\4"sv) || start.starts_with("PK\5\6"sv) || start.starts_with("PK\6\6"sv))
        return Format::npz;
    if (start.starts_with("\x93NUMPY"sv)) return Format::npy;
    if (start.size() == bytes.size() && start[8] == '{') return Format::safetensors;
    return Format::hdf5;
}

}    // namespace

std::unique_ptr<Source> open_source(const std::filesystem::path& path, const LoadOptions& options) {
    switch (format_of(path)) {
        case Format::npz:
            return formats::source_of(read_npz(path, options.trusted ? ~std::uint64_t{0} : options.limits.bytes));
        case Format::safetensors: return formats::source_of(read_safetensors(path));
        case Format::npy: throw Reason("is a single array without a name; wanted named ones: io::read_npy reads it");
        default: return hdf5::open_source(path, options);
    }
}

}    // namespace xtape::io::detail
