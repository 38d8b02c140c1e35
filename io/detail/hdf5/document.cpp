#include <xtape/io/detail/hdf5/document.hpp>
#include <xtape/io/detail/hdf5/wall.hpp>
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

std::uint64_t budget(const Channel& channel, const FileOptions& options) {
    constexpr std::uint64_t unlimited = ~std::uint64_t{0};
    std::uint64_t bytes = options.limits.bytes;
    return options.trusted || bytes > unlimited - channel.size() ? unlimited : bytes + channel.size();
}

}    // namespace

Document::Document(const std::filesystem::path& path, const FileOptions& options, bool verify)
    : descriptor_(detail::open_to_read(path)),
      channel_(descriptor_),
      file_{channel_, Metadata(channel_, options), verify, budget(channel_, options)} {
    check_version();
}

Document::Document(std::span<const std::byte> bytes, const FileOptions& options, bool verify)
    : channel_(bytes), file_{channel_, Metadata(channel_, options), verify, budget(channel_, options)} {
    check_version();
}

void Document::check_version() {
    std::int64_t version = 1;    // of files from elsewhere
    std::string writer;
    for (const auto& [name, value] : attributes_of(file_, find_item(file_, "/"))) {
        if (name == format_attribute) {
            const auto* number = value ? std::get_if<std::int64_t>(&*value) : nullptr;
            if (number == nullptr || *number < 1) throw Reason("has no valid format version");
            version = *number;
        }
        if (name != version_attribute || !value) continue;
        if (const auto* text = std::get_if<std::string>(&*value)) writer = *text;
    }
    if (version <= format_version) return;
    throw Reason("has the format version " + std::to_string(version) +
                 (writer.empty() ? "" : ", written by xtape " + writer) + "; this xtape " + XTAPE_VERSION +
                 " reads versions up to " + std::to_string(format_version) + ": use a newer one");
}

void write_document(const std::filesystem::path& path, bool durable, std::uint64_t expected_bytes,
                    const std::map<std::string, std::string>& metadata,
                    const std::function<void(Id file, Channel& channel)>& fill) {
    Session session;
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

void edit_document(const std::filesystem::path& path, const FileOptions& options, const Change& change) {
    Session session;
    detail::Replacement replacement(path);
    replacement.copy_old_content();
    std::uint64_t old_bytes = Channel(replacement.descriptor()).size();
    bool is_new = old_bytes == 0;
    auto make = [&] {
        Channel channel(replacement.descriptor());
        Handle file = is_new ? create_file(channel) : edit_file(channel);
        if (is_new) write_frame(file, {});
        change.make(file, channel);
        file.close("cannot be finished");
        channel.check();
    };
    if (is_new || options.trusted)
        make();
    else
        behind_wall(options.limits, old_bytes + change.bytes, make);

    Channel changed(replacement.descriptor());
    File file{changed, Metadata(changed, options), true, budget(changed, options)};
    if (!change.is_made(file)) throw Reason("does not hold what was written into it");
    replacement.commit(true);
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
