#include <xtape/io/array_file.hpp>
#include <xtape/io/detail/hdf5/document.hpp>
#include <xtape/io/detail/hdf5/write.hpp>

#include <hdf5.h>

#include <algorithm>
#include <utility>

namespace xtape::io {
namespace {

State::Value to_value(const std::variant<std::int64_t, double, std::string>& value) {
    return std::visit([](const auto& v) -> State::Value { return v; }, value);
}

Attributes attributes_of(hdf5::Id object) {
    Attributes attributes;
    for (const auto& name : hdf5::attribute_names(object)) {
        auto value = hdf5::read_attribute(object, name);
        if (!value) continue;
        if (auto* integer = std::get_if<std::int64_t>(&*value)) attributes[name] = *integer;
        if (auto* number = std::get_if<double>(&*value)) attributes[name] = *number;
        if (auto* text = std::get_if<std::string>(&*value)) attributes[name] = *text;
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
auto read_dataset(const std::filesystem::path& path, const std::string& dataset, const Read& read) {
    return hdf5::in_operation("read", path, [&] {
        // One dataset is asked for by name: what it unpacks to is not limited, only held against what is stored.
        hdf5::Document document(path, true, 0);
        return read(hdf5::Dataset(document.file(), dataset));
    });
}

}    // namespace

template <class T>
Array<T> read(const std::filesystem::path& path, const std::string& dataset) {
    return read_dataset(path, dataset, [](const hdf5::Dataset& found) {
        return std::get<Array<T>>(found.read(State::Value(Array<T>())));
    });
}
template Array<float> read(const std::filesystem::path&, const std::string&);
template Array<double> read(const std::filesystem::path&, const std::string&);
template Indices read(const std::filesystem::path&, const std::string&);

State::Value read_value(const std::filesystem::path& path, const std::string& dataset) {
    return read_dataset(path, dataset, [](const hdf5::Dataset& found) { return found.read(found.layout()); });
}

void write_value(const std::filesystem::path& path, const std::string& dataset, const State::Value& value) {
    hdf5::in_operation("write", path, [&] {
        auto [group, name] = group_and_name(dataset);
        hdf5::edit_document(path, true, [&](hdf5::Id file, hdf5::Channel& channel) {
            hdf5::Groups groups(file);
            hdf5::Id parent = groups.at(group);
            if (hdf5::check(H5Lexists(parent, name.c_str(), H5P_DEFAULT), "cannot be looked up") > 0) {
                if (H5Iget_type(hdf5::open_object(file, "/" + group + "/" + name)) != H5I_DATASET)
                    throw hdf5::Reason("'" + dataset + "' is a group already; wanted a free name or a dataset's");
                hdf5::check(H5Ldelete(parent, name.c_str(), H5P_DEFAULT), "the old value cannot be removed");
            }
            hdf5::write_dataset(parent, name, value, {}, channel);
        });
    });
}

Attributes read_attributes(const std::filesystem::path& path, const std::string& object) {
    return hdf5::in_operation("read_attributes", path, [&] {
        hdf5::Document document(path, true, 0);
        return attributes_of(hdf5::open_object(document.file().handle, object));
    });
}

void write_attribute(const std::filesystem::path& path, const std::string& object, const std::string& name,
                     const std::variant<std::int64_t, double, std::string>& value) {
    hdf5::in_operation("write_attribute", path, [&] {
        if (name.empty()) throw hdf5::Reason("got an attribute without a name");
        hdf5::edit_document(path, true, [&](hdf5::Id file, hdf5::Channel&) {
            hdf5::write_attribute(hdf5::open_object(file, object), name, to_value(value));
        });
    });
}

std::vector<TreeItem> list_tree(const std::filesystem::path& path) {
    return hdf5::in_operation("list_tree", path, [&] {
        hdf5::Document document(path, true, 0);
        hdf5::File& file = document.file();
        std::vector<TreeItem> tree;
        for (const auto& item : hdf5::list_items(file.handle)) {
            TreeItem listed{.path = item.path, .type = "group"};
            listed.attributes = attributes_of(hdf5::open_object(file.handle, item.path));
            listed.is_dataset = !item.is_group;
            if (!item.is_group) try {
                    hdf5::Dataset dataset(file, item.path);
                    listed.type = dataset.type().name;
                    listed.shape = dataset.shape();
                    listed.stored_bytes = dataset.stored_bytes();
                    listed.is_checked = dataset.is_checked();
                } catch (const hdf5::Reason& reason) {
                    listed.type = reason.what();
                }
            tree.push_back(std::move(listed));
        }
        return tree;
    });
}

}    // namespace xtape::io
