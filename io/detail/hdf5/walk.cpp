// Finding one's way in a file: paths and lists.
#include <xtape/io/detail/hdf5/parser/links.hpp>
#include <xtape/io/detail/hdf5/read.hpp>

#include <algorithm>
#include <set>

namespace xtape::io::hdf5 {
namespace {

std::string called(const std::string& path) { return "'" + (path.empty() ? "/" : path) + "' "; }

// Runs `action`, whose Reasons begin with a verb, and gives them their subject.
template <class Action>
auto about(const std::string& path, const Action& action) {
    try {
        return action();
    } catch (const Reason& reason) {
        throw Reason(called(path) + reason.what());
    }
}

std::uint64_t target_of(const Link& link, const std::string& path) {
    if (link.kind == Link::Kind::hard) return link.address;
    throw Reason(called(path) + "is a link to another place" +
                 (link.kind == Link::Kind::external ? " in another file" : "") +
                 ", which is not followed; copy what it points to into the file");
}

class Walk {
public:
    explicit Walk(File& file) : file_(file) {}

    std::vector<Item> items;

    void enter(const ObjectHeader& group, const std::string& path, std::size_t depth) {
        Metadata& metadata = file_.metadata;
        if (depth > metadata.deepest())
            throw Reason(called(path) + "lies deeper than " + std::to_string(metadata.deepest()) + " groups");
        if (!seen_.insert(group.address()).second)
            throw Reason(called(path) + "is a group that is reached twice; wanted a tree without cycles");
        for (const Link& link : about(path, [&] { return links_of(metadata, group); })) {
            std::string child_path = path + "/" + link.name;
            std::uint64_t address = target_of(link, child_path);
            ObjectHeader child = about(child_path, [&] { return ObjectHeader(metadata, address); });
            if (!child.is_group() && !child.is_dataset()) continue;    // a named type
            metadata.charge(sizeof(Item) + child_path.size());
            items.push_back({child_path, child.is_group(), address});
            if (child.is_group()) enter(child, child_path, depth + 1);
        }
    }

private:
    File& file_;
    std::set<std::uint64_t> seen_;
};

ObjectHeader root_of(File& file) {
    return about("", [&] {
        ObjectHeader root(file.metadata, file.metadata.root());
        if (!root.is_group()) throw Reason("is damaged: it is no group");
        return root;
    });
}

}    // namespace

Item find_item(File& file, const std::string& path) {
    Metadata::Work work(file.metadata);
    ObjectHeader object = root_of(file);
    for (std::size_t begin = 0; begin < path.size();) {
        std::size_t end = std::min(path.find('/', begin), path.size());
        if (end > begin) {
            std::string name = path.substr(begin, end - begin), so_far = path.substr(0, end);
            if (name == ".") throw Reason("got the path '" + path + "'; wanted names joined by '/'");
            if (!object.is_group())
                throw Reason("'" + path + "' is missing: '" + path.substr(0, begin) + "' is no group");
            auto links = about(path.substr(0, begin), [&] { return links_of(file.metadata, object); });
            auto found = std::find_if(links.begin(), links.end(), [&](const Link& link) { return link.name == name; });
            if (found == links.end()) throw Reason(called(so_far) + "is missing");
            std::uint64_t address = target_of(*found, so_far);
            object = about(so_far, [&] { return ObjectHeader(file.metadata, address); });
        }
        begin = end + 1;
    }
    return {path, object.is_group(), object.address()};
}

std::vector<Item> list_items(File& file) {
    Metadata::Work work(file.metadata);
    Walk walk(file);
    walk.enter(root_of(file), "", 0);
    return std::move(walk.items);
}

std::vector<Attribute> attributes_of(File& file, const Item& item) {
    Metadata::Work work(file.metadata);
    return about(item.path, [&] { return attributes_of(file.metadata, ObjectHeader(file.metadata, item.address)); });
}

}    // namespace xtape::io::hdf5
