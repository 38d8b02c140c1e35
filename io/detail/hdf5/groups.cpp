#include <xtape/io/detail/hdf5/write.hpp>

#include <hdf5.h>

#include <algorithm>
#include <utility>

namespace xtape::io::hdf5 {

namespace {

Handle open_member(Id group, const std::string& name) {
    auto called = "'" + name + "' ";
    if (check(H5Lexists(group, name.c_str(), H5P_DEFAULT), called + "cannot be looked up") == 0)
        throw Reason(called + "is missing");
    H5L_info_t link{};
    check(H5Lget_info(group, name.c_str(), &link, H5P_DEFAULT), called + "cannot be looked up");
    if (link.type != H5L_TYPE_HARD) throw Reason(called + "is a link to another place, which is not followed");
    return Handle(H5Oopen(group, name.c_str(), H5P_DEFAULT), H5Oclose, called + "is damaged");
}

}    // namespace

Handle open_object(Id file, const std::string& path) {
    Handle object(H5Gopen2(file, "/", H5P_DEFAULT), H5Gclose, "'/' is damaged");
    for (std::size_t begin = 0; begin < path.size();) {
        std::size_t end = std::min(path.find('/', begin), path.size());
        if (end > begin) object = open_member(object, path.substr(begin, end - begin));
        begin = end + 1;
    }
    return object;
}

bool is_dataset(Id group, const std::string& name) { return H5Iget_type(open_member(group, name)) == H5I_DATASET; }

Id Groups::at(const std::string& path) {
    if (path.empty()) {
        if (!open_.contains(""))
            open_.emplace("", Handle(H5Gopen2(file_, "/", H5P_DEFAULT), H5Gclose, "the root group cannot be opened"));
        return open_.at("");
    }
    if (auto found = open_.find(path); found != open_.end()) return found->second;
    auto slash = path.rfind('/');
    Id parent = at(slash == std::string::npos ? "" : path.substr(0, slash));
    std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (check(H5Lexists(parent, name.c_str(), H5P_DEFAULT), "a group cannot be looked up") > 0)
        return open_
            .emplace(path, Handle(H5Gopen2(parent, name.c_str(), H5P_DEFAULT), H5Gclose, "'/" + path + "' is no group"))
            .first->second;
    Handle list(H5Pcreate(H5P_GROUP_CREATE), H5Pclose, "HDF5 gives no property list");
    check(H5Pset_obj_track_times(list, false), "HDF5 does not take a property");
    check(H5Pset_link_creation_order(list, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED),
          "HDF5 does not take a property");
    Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose, "HDF5 gives no property list");
    check(H5Pset_char_encoding(links, H5T_CSET_UTF8), "HDF5 does not take a property");
    Handle group(H5Gcreate2(parent, name.c_str(), links, list, H5P_DEFAULT), H5Gclose,
                 "the group '/" + path + "' cannot be made");
    return open_.emplace(path, std::move(group)).first->second;
}

}    // namespace xtape::io::hdf5
