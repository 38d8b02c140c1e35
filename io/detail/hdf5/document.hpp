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

using detail::Descriptor;

constexpr std::int64_t format_version = 1;
constexpr const char* format_attribute = "xtape_format";
constexpr const char* version_attribute = "xtape_version";
constexpr const char* created_attribute = "xtape_created";

// A file open for reading, its version checked. One without checksums, or untrusted, is read by a child process first.
// Throws Reason.
class Document {
public:
    Document(const std::filesystem::path& path, bool verify, std::uint64_t limit, bool untrusted = false);
    Document(std::span<const std::byte> bytes, bool verify, std::uint64_t limit, bool untrusted = false);

    File& file() { return file_; }

private:
    Handle open(bool untrusted);
    void check_version();

    Descriptor descriptor_;
    Channel channel_;
    File file_;
};

// Makes a file with our attributes and these, lets `fill` write into it, and puts it in the place of `path`. Throws
// Reason, and then the old file is as it was.
void write_document(const std::filesystem::path& path, bool durable, std::uint64_t expected_bytes,
                    const std::map<std::string, std::string>& metadata,
                    const std::function<void(Id file, Channel& channel)>& fill);

// The same with what the old file holds, if there is one.
void edit_document(const std::filesystem::path& path, bool durable,
                   const std::function<void(Id file, Channel& channel)>& change);

// "/model/fc1" -> "model.fc1", and back.
std::string name_of(const std::string& path);
std::string path_of(const std::string& name);

}    // namespace xtape::io::hdf5
