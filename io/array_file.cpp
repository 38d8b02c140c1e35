#include <xtape/io/array_file.hpp>
#include <xtape/io/detail/hdf5/document.hpp>
#include <xtape/io/detail/hdf5/tree.hpp>
#include <xtape/io/detail/hdf5/write.hpp>

#include <hdf5.h>

#include <algorithm>
#include <type_traits>
#include <utility>

namespace xtape::io {
namespace {

State::Value to_value(const std::variant<std::int64_t, double, std::string>& value) {
    return std::visit([](const auto& v) -> State::Value { return v; }, value);
}

Attributes to_public(const std::vector<hdf5::Attribute>& found) {
    Attributes attributes;
    for (const auto& [name, value] : found) {
        if (!value) continue;
        if (const auto* integer = std::get_if<std::int64_t>(&*value)) attributes[name] = *integer;
        if (const auto* number = std::get_if<double>(&*value)) attributes[name] = *number;
        if (const auto* text = std::get_if<std::string>(&*value)) attributes[name] = *text;
    }
    return attributes;
}

// "/a//b" -> "a" and "b".
std::pair<std::string, std::string> group_and_name(const std::string& dataset) {
    std::string clean;
    for (std::size_t begin = 0; begin < dataset.size();) {
        std::size_t end = std::min(dataset.find('/', begin), dataset.size());
        std::string part = dataset.substr(begin, end - begin);
        if (part == "." || part == ".." || part.find('\0') != std::string::npos) {
            clean.clear();
            break;
        }
        if (!part.empty()) clean += (clean.empty() ? "" : "/") + part;
        begin = end + 1;
    }
    if (clean.empty()) throw hdf5::Reason("got the path '" + dataset + "'; wanted names joined by '/'");
    auto slash = clean.rfind('/');
    if (slash == std::string::npos) return {"", clean};
    return {clean.substr(0, slash), clean.substr(slash + 1)};
}

template <class Read>
auto read_dataset(const std::filesystem::path& path, const std::string& dataset, const FileOptions& options,
                  const Read& read) {
    return detail::in_operation("read", path, [&] {
        // One dataset is asked for by name: what it unpacks to is not limited, only held against what is stored.
        hdf5::Document document(path, options);
        return read(hdf5::Dataset(document.file(), hdf5::find_item(document.file(), dataset)));
    });
}

std::uint64_t bytes_of(const State::Value& value) {
    return std::visit(
        [](const auto& v) -> std::uint64_t {
            using V = std::decay_t<decltype(v)>;
            if constexpr (std::is_arithmetic_v<V>)
                return sizeof v;
            else
                return std::uint64_t{v.size()} * sizeof(typename V::value_type);
        },
        value);
}

}    // namespace

TreeItem hdf5::describe_item(hdf5::File& file, const hdf5::Item& item) {
    TreeItem listed{.path = item.path, .type = "group"};
    listed.attributes = to_public(hdf5::attributes_of(file, item));
    listed.is_dataset = !item.is_group;
    if (item.is_group) return listed;
    try {
        hdf5::Dataset dataset(file, item);
        listed.type = dataset.type().name;
        listed.shape = dataset.shape();
        listed.stored_bytes = dataset.stored_bytes();
        listed.is_checked = dataset.is_checked();
    } catch (const hdf5::Reason& reason) {
        listed.type = reason.what();
    }
    return listed;
}

template <class T>
Array<T> read(const std::filesystem::path& path, const std::string& dataset, const FileOptions& options) {
    return read_dataset(path, dataset, options, [](const hdf5::Dataset& found) {
        return std::get<Array<T>>(found.read(State::Value(Array<T>())));
    });
}
template Array<float> read(const std::filesystem::path&, const std::string&, const FileOptions&);
template Array<double> read(const std::filesystem::path&, const std::string&, const FileOptions&);
template Indices read(const std::filesystem::path&, const std::string&, const FileOptions&);

State::Value read_value(const std::filesystem::path& path, const std::string& dataset, const FileOptions& options) {
    return read_dataset(path, dataset, options, [](const hdf5::Dataset& found) { return found.read(found.layout()); });
}

void write_value(const std::filesystem::path& path, const std::string& dataset, const State::Value& value,
                 const FileOptions& options) {
    detail::in_operation("write", path, [&] {
        auto [group, name] = group_and_name(dataset);
        std::string full = group + "/" + name;
        auto make = [&](hdf5::Id file, hdf5::Channel& channel) {
            hdf5::Groups groups(file);
            hdf5::Id parent = groups.at(group);
            if (hdf5::check(H5Lexists(parent, name.c_str(), H5P_DEFAULT), "cannot be looked up") > 0) {
                if (!hdf5::is_dataset(parent, name))
                    throw hdf5::Reason("'" + dataset + "' is a group already; wanted a free name or a dataset's");
                hdf5::check(H5Ldelete(parent, name.c_str(), H5P_DEFAULT), "the old value cannot be removed");
            }
            hdf5::write_dataset(parent, name, value, {}, channel);
        };
        auto is_made = [&](hdf5::File& file) {
            hdf5::Dataset written(file, hdf5::find_item(file, full));
            return identical(written.read(written.layout(&value)), value);
        };
        hdf5::edit_document(path, options, {bytes_of(value), make, is_made});
    });
}

Attributes read_attributes(const std::filesystem::path& path, const std::string& object, const FileOptions& options) {
    return detail::in_operation("read_attributes", path, [&] {
        hdf5::Document document(path, options);
        return to_public(hdf5::attributes_of(document.file(), hdf5::find_item(document.file(), object)));
    });
}

void write_attribute(const std::filesystem::path& path, const std::string& object, const std::string& name,
                     const std::variant<std::int64_t, double, std::string>& value, const FileOptions& options) {
    detail::in_operation("write_attribute", path, [&] {
        if (name.empty()) throw hdf5::Reason("got an attribute without a name");
        State::Value wanted = to_value(value);
        auto make = [&](hdf5::Id file, hdf5::Channel&) {
            hdf5::write_attribute(hdf5::open_object(file, object), name, wanted);
        };
        auto is_made = [&](hdf5::File& file) {
            for (const auto& attribute : hdf5::attributes_of(file, hdf5::find_item(file, object)))
                if (attribute.name == name) return attribute.value && identical(*attribute.value, wanted);
            return false;
        };
        hdf5::edit_document(path, options, {bytes_of(wanted), make, is_made});
    });
}

std::vector<TreeItem> list_tree(const std::filesystem::path& path, const FileOptions& options) {
    return detail::in_operation("list_tree", path, [&] {
        hdf5::Document document(path, options);
        std::vector<TreeItem> tree;
        for (const auto& item : hdf5::list_items(document.file()))
            tree.push_back(hdf5::describe_item(document.file(), item));
        return tree;
    });
}

}    // namespace xtape::io
