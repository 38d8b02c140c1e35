#include <xtape/io/checkpoint.hpp>
#include <xtape/io/detail/hdf5/document.hpp>

#include <algorithm>

namespace xtape::io {
namespace {

State read_all(hdf5::Document& document) {
    State state;
    hdf5::File& file = document.file();
    for (const auto& item : hdf5::list_items(file.handle)) {
        if (item.is_group) continue;
        hdf5::Dataset dataset(file, item.path);
        file.take(dataset.bytes() * (8 / std::min<std::uint64_t>(dataset.type().bytes, 8)));
        state.add(hdf5::name_of(item.path), dataset.read(dataset.layout()));
    }
    return state;
}

}    // namespace

State read_state(const std::filesystem::path& path, const ReadOptions& options) {
    return hdf5::in_operation("read_state", path, [&] {
        hdf5::Document document(path, options.verify, options.limit, options.untrusted);
        return read_all(document);
    });
}

State read_state(std::span<const std::byte> bytes, const ReadOptions& options) {
    return hdf5::in_operation("read_state", "memory", [&] {
        hdf5::Document document(bytes, options.verify, options.limit, options.untrusted);
        return read_all(document);
    });
}

std::map<std::string, std::string> read_metadata(const std::filesystem::path& path) {
    return hdf5::in_operation("read_metadata", path, [&] {
        hdf5::Document document(path, true, 0);
        hdf5::Handle root = hdf5::open_object(document.file().handle, "/");
        std::map<std::string, std::string> metadata;
        for (const auto& name : hdf5::attribute_names(root)) {
            auto value = hdf5::read_attribute(root, name);
            if (!value) continue;
            if (const auto* text = std::get_if<std::string>(&*value))
                metadata[name] = *text;
            else if (const auto* integer = std::get_if<std::int64_t>(&*value))
                metadata[name] = std::to_string(*integer);
            else
                metadata[name] = std::to_string(std::get<double>(*value));
        }
        return metadata;
    });
}

}    // namespace xtape::io
