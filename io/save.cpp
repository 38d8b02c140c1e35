#include <xtape/io/checkpoint.hpp>
#include <xtape/io/detail/hdf5/document.hpp>
#include <xtape/io/detail/hdf5/write.hpp>

#include <cstdint>

namespace xtape::io {
namespace {

// At least what the file will need: the elements, their checksums, headers.
std::uint64_t file_bytes(const State& state) {
    std::uint64_t bytes = std::uint64_t{1} << 16;
    for (const auto& entry : state)
        bytes += std::visit(
            [](const auto& v) -> std::uint64_t {
                using V = std::decay_t<decltype(v)>;
                if constexpr (std::is_arithmetic_v<V>)
                    return sizeof v;
                else
                    return std::uint64_t{v.size()} * sizeof(typename V::value_type);
            },
            entry.value);
    return bytes + bytes / 256 + state.size() * 2048;
}

void check_options(const SaveOptions& options) {
    if (options.compression < 0 || options.compression > 9)
        throw std::invalid_argument("[io::save] got .compression = " + std::to_string(options.compression) +
                                    "; wanted 0 to 9");
    if (options.chunk_bytes < 1024 || options.chunk_bytes > (std::size_t{1} << 26))
        throw std::invalid_argument("[io::save] got .chunk_bytes = " + std::to_string(options.chunk_bytes) +
                                    "; wanted 1 KiB to 64 MiB");
}

}    // namespace

void save(const std::filesystem::path& path, const std::vector<Entry>& entries, const SaveOptions& options) {
    check_options(options);
    detail::in_operation("save", path, [&] {
        State all;
        for (const Entry& entry : entries) all.add(entry.name(), entry.state());
        bool plain = options.compression == 0 && !options.float16 && !options.select;
        hdf5::write_document(path, options.durable, plain ? file_bytes(all) : 0, options.metadata,
                             [&](hdf5::Id file, hdf5::Channel& channel) {
                                 hdf5::Groups groups(file);
                                 for (const Entry& entry : entries)
                                     groups.at(hdf5::path_of(entry.name()));    // empty ones, too
                                 for (const auto& [name, value] : all) {
                                     if (options.select && !options.select(name)) continue;
                                     std::string full = hdf5::path_of(name);
                                     auto slash = full.rfind('/');
                                     hdf5::DatasetOptions how{options.compression, options.chunk_bytes,
                                                              options.float16 && options.float16(name)};
                                     try {
                                         hdf5::write_dataset(groups.at(full.substr(0, slash)), full.substr(slash + 1),
                                                             value, how, channel);
                                     } catch (const hdf5::Reason& reason) {
                                         channel.check();    // a full disk is the better reason
                                         throw hdf5::Reason("'/" + full + "' " + reason.what());
                                     }
                                 }
                             });
    });
}

}    // namespace xtape::io
