#include <xtape/io/checkpoint.hpp>
#include <xtape/io/detail/hdf5/document.hpp>

#include <algorithm>

namespace xtape::io {
namespace {

State read_all(hdf5::Document& document) {
    State state;
    hdf5::File& file = document.file();
    for (const auto& item : hdf5::list_items(file)) {
        if (item.is_group) continue;
        hdf5::Dataset dataset(file, item);
        file.take(dataset.bytes() * (8 / std::min<std::uint64_t>(dataset.type().bytes, 8)));
        state.add(hdf5::name_of(item.path), dataset.read(dataset.layout()));
    }
    return state;
}

}    // namespace

State read_state(const std::filesystem::path& path, const ReadOptions& options) {
    return detail::in_operation("read_state", path, [&] {
        hdf5::Document document(path, {options.trusted, options.limits}, options.verify);
        return read_all(document);
    });
}

State read_state(std::span<const std::byte> bytes, const ReadOptions& options) {
    return detail::in_operation("read_state", "memory", [&] {
        hdf5::Document document(bytes, {options.trusted, options.limits}, options.verify);
        return read_all(document);
    });
}

std::map<std::string, std::string> read_metadata(const std::filesystem::path& path, const FileOptions& options) {
    return detail::in_operation("read_metadata", path, [&] {
        hdf5::Document document(path, options);
        std::map<std::string, std::string> metadata;
        for (const auto& [name, value] : hdf5::attributes_of(document.file(), hdf5::find_item(document.file(), "/"))) {
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
