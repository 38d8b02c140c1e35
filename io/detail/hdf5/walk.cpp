// Finding one's way in a file: paths, lists, attributes.
#include <xtape/io/detail/hdf5/read.hpp>

#include <hdf5.h>

#include <exception>
#include <set>

namespace xtape::io::hdf5 {
namespace {

constexpr std::size_t deepest = 100;
constexpr std::size_t longest_text = std::size_t{1} << 16;

Handle open_child(Id parent, const std::string& name, const std::string& path) {
    auto called = "'" + path + "' ";
    if (check(H5Lexists(parent, name.c_str(), H5P_DEFAULT), called + "cannot be looked up") == 0)
        throw Reason(called + "is missing");
    H5L_info_t link{};
    check(H5Lget_info(parent, name.c_str(), &link, H5P_DEFAULT), called + "cannot be looked up");
    if (link.type != H5L_TYPE_HARD)
        throw Reason(called + "is a link to another place" +
                     (link.type == H5L_TYPE_EXTERNAL ? " in another file" : "") +
                     ", which is not followed; copy what it points to into the file");
    return Handle(H5Oopen(parent, name.c_str(), H5P_DEFAULT), H5Oclose, called + "is damaged");
}

struct Names {
    std::vector<std::string> names;
    std::exception_ptr error;
};

extern "C" herr_t collect_name(hid_t, const char* name, const H5L_info_t*, void* data) noexcept {
    auto& names = *static_cast<Names*>(data);
    try {
        names.names.emplace_back(name);
        return 0;
    } catch (...) {
        names.error = std::current_exception();
        return -1;
    }
}

std::vector<std::string> links_of(Id group, const std::string& path) {
    Handle list(H5Gget_create_plist(group), H5Pclose, "'" + path + "' is damaged");
    unsigned order = 0;
    check(H5Pget_link_creation_order(list, &order), "'" + path + "' is damaged");
    Names found;
    auto index = (order & H5P_CRT_ORDER_INDEXED) != 0 ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
    herr_t result = H5Literate(group, index, H5_ITER_INC, nullptr, collect_name, &found);
    if (found.error) std::rethrow_exception(found.error);
    check(result, "'" + path + "' is damaged");
    return std::move(found.names);
}

class Walk {
public:
    std::vector<Item> items;

    void enter(Id group, const std::string& path, std::size_t depth) {
        auto called = "'" + (path.empty() ? "/" : path) + "' ";
        if (depth > deepest) throw Reason(called + "lies deeper than " + std::to_string(deepest) + " groups");
        H5O_info_t info{};
        check(H5Oget_info2(group, &info, H5O_INFO_BASIC), called + "is damaged");
        if (!seen_.insert(info.addr).second)
            throw Reason(called + "is a group that is reached twice; wanted a tree without cycles");
        for (const auto& name : links_of(group, path)) {
            std::string child_path = path + "/" + name;
            Handle child = open_child(group, name, child_path);
            H5I_type_t kind = H5Iget_type(child);
            if (kind == H5I_DATATYPE) continue;
            items.push_back({child_path, kind == H5I_GROUP});
            if (kind == H5I_GROUP) enter(child, child_path, depth + 1);
        }
    }

private:
    std::set<haddr_t> seen_;
};

Handle root_of(Id file) { return Handle(H5Gopen2(file, "/", H5P_DEFAULT), H5Gclose, "'/' is damaged"); }

}    // namespace

Handle open_object(Id file, const std::string& path) {
    Handle object = root_of(file);
    std::size_t depth = 0;
    for (std::size_t begin = 0; begin < path.size();) {
        std::size_t end = std::min(path.find('/', begin), path.size());
        if (end > begin) {
            if (H5Iget_type(object) != H5I_GROUP || ++depth > deepest)
                throw Reason("'" + path + "' is missing: '" + path.substr(0, begin) + "' is no group");
            std::string name = path.substr(begin, end - begin);
            if (name == ".") throw Reason("got the path '" + path + "'; wanted names joined by '/'");
            object = open_child(object, name, path.substr(0, end));
        }
        begin = end + 1;
    }
    return object;
}

std::vector<Item> list_items(Id file) {
    Walk walk;
    walk.enter(root_of(file), "", 0);
    return std::move(walk.items);
}

std::vector<std::string> attribute_names(Id object) {
    H5O_info_t info{};
    check(H5Oget_info2(object, &info, H5O_INFO_NUM_ATTRS), "the attributes cannot be counted");
    std::vector<std::string> names;
    for (hsize_t i = 0; i < info.num_attrs; ++i) {
        Handle attribute(H5Aopen_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC, i, H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                         "an attribute is damaged");
        ssize_t length = check(H5Aget_name(attribute, 0, nullptr), "an attribute is damaged");
        std::string name(static_cast<std::size_t>(length) + 1, '\0');
        check(H5Aget_name(attribute, name.size(), name.data()), "an attribute is damaged");
        name.pop_back();
        names.push_back(std::move(name));
    }
    return names;
}

std::optional<State::Value> read_attribute(Id object, const std::string& name) {
    std::string damaged = "the attribute '" + name + "' is damaged";
    if (check(H5Aexists(object, name.c_str()), damaged) == 0) return std::nullopt;
    Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, damaged);
    Handle type(H5Aget_type(attribute), H5Tclose, damaged);
    Handle space(H5Aget_space(attribute), H5Sclose, damaged);
    H5T_class_t kind = H5Tget_class(type);
    if (H5Sget_simple_extent_npoints(space) != 1 || H5Sget_simple_extent_type(space) == H5S_NULL) return std::nullopt;
    if (kind == H5T_INTEGER) {
        std::int64_t value = 0;
        check(H5Aread(attribute, H5T_NATIVE_INT64, &value), damaged);
        return value;
    }
    if (kind == H5T_FLOAT) {
        double value = 0;
        check(H5Aread(attribute, H5T_NATIVE_DOUBLE, &value), damaged);
        return value;
    }
    if (kind != H5T_STRING || H5Tis_variable_str(type) != 0) return std::nullopt;
    std::size_t size = H5Tget_size(type);
    if (size == 0 || size > longest_text || H5Aget_storage_size(attribute) != size) return std::nullopt;
    std::string text(size, '\0');
    check(H5Aread(attribute, type, text.data()), damaged);
    if (H5Tget_strpad(type) != H5T_STR_SPACEPAD) text.erase(text.find_last_not_of('\0') + 1);
    return text;
}

}    // namespace xtape::io::hdf5
