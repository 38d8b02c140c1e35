#include <xtape/io/detail/hdf5/document.hpp>
#include <xtape/io/detail/hdf5/probe.hpp>
#include <xtape/io/detail/hdf5/write.hpp>

#include <hdf5.h>

#include <algorithm>
#include <chrono>
#include <ctime>

#ifndef XTAPE_VERSION
#define XTAPE_VERSION "0.1.0"
#endif

namespace xtape::io::hdf5 {
namespace {

std::string time_in_words() {
    std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[32];
    return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts));
}

void write_frame(Id file, const std::map<std::string, std::string>& metadata) {
    Groups groups(file);
    Id root = groups.at("");
    write_attribute(root, format_attribute, format_version);
    write_attribute(root, version_attribute, std::string(XTAPE_VERSION));
    write_attribute(root, created_attribute, time_in_words());
    for (const auto& [name, text] : metadata) {
        if (name.empty() || name.starts_with("xtape_"))
            throw Reason("got metadata of the name '" + name + "'; wanted one that does not begin with 'xtape_'");
        write_attribute(root, name, text);
    }
}

std::uint64_t sum(std::uint64_t a, std::uint64_t b) { return a + b < a ? ~std::uint64_t{0} : a + b; }

}    // namespace

Handle Document::open(bool untrusted) {
    if (untrusted || !has_checksums(channel_)) probe(channel_);
    return open_file(channel_);
}

Document::Document(const std::filesystem::path& path, bool verify, std::uint64_t limit, bool untrusted)
    : descriptor_(detail::open_to_read(path)),
      channel_(descriptor_),
      file_{channel_, open(untrusted), verify, sum(channel_.size(), limit)} {
    check_version();
}

Document::Document(std::span<const std::byte> bytes, bool verify, std::uint64_t limit, bool untrusted)
    : channel_(bytes), file_{channel_, open(untrusted), verify, sum(channel_.size(), limit)} {
    check_version();
}

void Document::check_version() {
    Handle root = open_object(file_.handle, "/");
    if (check(H5Aexists(root, format_attribute), "'/' is damaged") == 0) return;    // from elsewhere
    auto value = read_attribute(root, format_attribute);
    const auto* version = value ? std::get_if<std::int64_t>(&*value) : nullptr;
    if (version == nullptr || *version < 1) throw Reason("has no valid format version");
    if (*version <= format_version) return;
    auto writer = read_attribute(root, version_attribute);
    const auto* name = writer ? std::get_if<std::string>(&*writer) : nullptr;
    throw Reason("has the format version " + std::to_string(*version) +
                 (name == nullptr ? "" : ", written by xtape " + *name) + "; this xtape " + XTAPE_VERSION +
                 " reads versions up to " + std::to_string(format_version) + ": use a newer one");
}

void write_document(const std::filesystem::path& path, bool durable, std::uint64_t expected_bytes,
                    const std::map<std::string, std::string>& metadata,
                    const std::function<void(Id file, Channel& channel)>& fill) {
    detail::Replacement replacement(path);
    Channel channel(replacement.descriptor());
    channel.reserve(expected_bytes);
    Handle file = create_file(channel);
    write_frame(file, metadata);
    fill(file, channel);
    file.close("cannot be finished");
    if (expected_bytes > 0) channel.truncate(channel.size());    // gives back what was reserved too much
    channel.check();
    replacement.commit(durable);
}

void edit_document(const std::filesystem::path& path, bool durable,
                   const std::function<void(Id file, Channel& channel)>& change) {
    detail::Replacement replacement(path);
    replacement.copy_old_content();
    Channel channel(replacement.descriptor());
    bool is_new = channel.size() == 0;
    if (!has_checksums(channel)) probe(channel);
    Handle file = is_new ? create_file(channel) : edit_file(channel);
    if (is_new) write_frame(file, {});
    change(file, channel);
    file.close("cannot be finished");
    channel.check();
    replacement.commit(durable);
}

std::string name_of(const std::string& path) {
    std::string name = path.substr(path.starts_with('/') ? 1 : 0);
    std::replace(name.begin(), name.end(), '/', '.');
    return name;
}

std::string path_of(const std::string& name) {
    std::string path = name;
    std::replace(path.begin(), path.end(), '.', '/');
    return path;
}

}    // namespace xtape::io::hdf5
