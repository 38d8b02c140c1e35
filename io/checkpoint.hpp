// Saving and loading everything stateful, in HDF5 files that survive crashes: see docs/checkpoint-format.md.
#pragma once

#include <xtape/core/stateful.hpp>
#include <xtape/io/error.hpp>
#include <xtape/io/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xtape::io {

using xtape::Entry;
using xtape::Stateful;

using NameFilter = std::function<bool(std::string_view name)>;    // of a name such as "model.fc1.weight"

struct SaveOptions {
    bool durable = true;    // flushed to the disk before save returns; without, a power cut may leave a damaged file
    int compression = 0;    // gzip's level, 1 to 9; 0 is plain
    std::size_t chunk_bytes = std::size_t{1} << 20;
    NameFilter select = {};                              // saves only these values
    NameFilter float16 = {};                             // stores these floating-point arrays in 16 bits
    std::map<std::string, std::string> metadata = {};    // attributes of the file
};

// Writes all entries to one file, which takes the old one's place only when it is complete. Throws io::Error with the
// path and the reason, and then the old file is as it was; if it is a DurabilityError, the new file is there and whole,
// but its name could not be flushed to the disk. A symbolic link stays, and what it points to is replaced or made;
// owner, group and permissions are kept as far as the process may set them.
void save(const std::filesystem::path& path, const std::vector<Entry>& entries, const SaveOptions& options = {});

struct LoadOptions {
    bool strict = true;      // refuse a file that has more, less or something else than the entries
    bool verify = true;      // verify checksums
    bool trusted = false;    // without limits: for files that you know
    Limits limits = {};
    std::function<std::string(std::string_view name)> rename =
        {};                  // from the file's name to the entries'; "" drops it
    bool convert = false;    // float arrays from double ones and the other way round; throws for
                             // a number beyond float
    bool keras = false;      // takes Keras's names and transposed kernels: see keras.hpp
};

// How a file differs from what was to be loaded: names, with both types and shapes.
using LoadReport = StateMismatch;

// Loads all entries from a file: a checkpoint, a .npz or a .safetensors file, told by its content. In the last two the
// dotted names say what belongs to which entry (.rename puts "model." before PyTorch's), and a number is an array
// without axes. Groups of the file that no entry names are left alone. Throws io::Error when the file cannot be read,
// is damaged, comes from a newer version, or, if strict, differs from the entries (all differences are listed, and what
// it has where a name is missing); throws what a load_state throws. After a throw every entry is as it was. If not
// strict, what fits is loaded and the rest reported.
LoadReport load(const std::filesystem::path& path, const std::vector<Entry>& entries, const LoadOptions& options = {});

struct ReadOptions {
    bool verify = true;
    bool trusted = false;    // without limits: for files that you know
    Limits limits = {};
};

// All values of a checkpoint, or of any other HDF5 file of numbers and texts, from a path or from memory. Throws
// io::Error.
State read_state(const std::filesystem::path& path, const ReadOptions& options = {});
State read_state(std::span<const std::byte> bytes, const ReadOptions& options = {});

// The file's own attributes: the user's metadata, and "xtape_format", "xtape_version", "xtape_created". Throws
// io::Error.
std::map<std::string, std::string> read_metadata(const std::filesystem::path& path, const FileOptions& options = {});

}    // namespace xtape::io
