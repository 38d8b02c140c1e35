// The frame of a checkpoint: opening with its version, and what every file of ours says of itself.
#pragma once

#include <xtape/io/detail/hdf5/read.hpp>
#include <xtape/io/detail/replacement.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

namespace xtape::io::hdf5 {

constexpr std::int64_t format_version = 1;
constexpr const char* format_attribute = "xtape_format";
constexpr const char* version_attribute = "xtape_version";
constexpr const char* created_attribute = "xtape_created";

// A file open for reading, its version checked. HDF5 has no part in it. Throws Reason.
class Document {
public:
    explicit Document(const std::filesystem::path& path, const FileOptions& options = {}, bool verify = true);
    explicit Document(std::span<const std::byte> bytes, const FileOptions& options = {}, bool verify = true);

    File& file() { return file_; }

private:
    void check_version();

    detail::Descriptor descriptor_;
    Channel channel_;
    File file_;
};

// Makes a file with our attributes and these, lets `fill` write into it, and puts it in the place of `path`. Throws
// Reason, and then the old file is as it was.
void write_document(const std::filesystem::path& path, bool durable, std::uint64_t expected_bytes,
                    const std::map<std::string, std::string>& metadata,
                    const std::function<void(Id file, Channel& channel)>& fill);

// A change of a file: what HDF5 does, behind a wall unless the file is new or trusted, and how to see that it is done.
struct Change {
    std::uint64_t bytes = 0;    // that it adds
    std::function<void(Id file, Channel& channel)> make;
    std::function<bool(File& file)> is_made;
};

// Puts a changed copy of the file, or a new file, in the place of `path`. Throws Reason, and then the old file is as it
// was.
void edit_document(const std::filesystem::path& path, const FileOptions& options, const Change& change);

// "/model/fc1" -> "model.fc1", and back.
std::string name_of(const std::string& path);
std::string path_of(const std::string& name);

}    // namespace xtape::io::hdf5
