#include <xtape/io/detail/hdf5/parser/btree.hpp>
#include <xtape/io/detail/hdf5/parser/heaps.hpp>
#include <xtape/io/detail/hdf5/parser/links.hpp>

#include <algorithm>

namespace xtape::io::hdf5 {
namespace {

class Links {
public:
    explicit Links(Metadata& metadata) : metadata_(metadata) {}

    std::vector<Link> found;

    void add(Link link) {
        if (link.name.empty() || link.name == "." || link.name.find('/') != std::string::npos ||
            link.name.find('\0') != std::string::npos)
            throw Reason("is damaged: it has a member whose name no path can hold");
        metadata_.charge(sizeof link + link.name.size());
        found.push_back(std::move(link));
    }

    // Spec, section IV.A.2.g.
    void add_message(Cursor cursor) {
        if (cursor.number(1) != 1) throw Reason("is damaged: it has an unreadable link");
        std::uint64_t flags = cursor.number(1), kind = (flags & 8U) != 0 ? cursor.number(1) : 0;
        Link link;
        if ((flags & 4U) != 0) link.order = cursor.number(8);
        if ((flags & 0x10U) != 0) cursor.skip(1);
        auto name = cursor.take(cursor.number(std::size_t{1} << (flags & 3U)));
        link.name.assign(reinterpret_cast<const char*>(name.data()), name.size());
        link.kind = kind == 0 ? Link::Kind::hard : kind == 1 ? Link::Kind::soft : Link::Kind::external;
        if (kind == 0) link.address = metadata_.address(cursor);
        add(std::move(link));
    }

    // Spec, section III.C.
    void add_symbols(std::uint64_t address, const LocalHeap& heap) {
        Bytes start = metadata_.signed_block(address, 8, "SNOD");
        Cursor prefix(start);
        prefix.skip(6);
        std::uint64_t count = prefix.number(2), entry_bytes = 2 * metadata_.address_bytes() + 24;
        Bytes node = metadata_.block(address + 8, count * entry_bytes);
        Cursor entries(node);
        for (std::uint64_t i = 0; i < count; ++i) {
            Cursor entry(entries.take(entry_bytes));
            Link link;
            link.name = heap.name(entry.number(metadata_.address_bytes()));
            link.address = metadata_.address(entry);
            constexpr std::uint64_t is_soft = 2;
            if (entry.number(4) == is_soft) link.kind = Link::Kind::soft;
            add(std::move(link));
        }
    }

private:
    Metadata& metadata_;
};

}    // namespace

std::vector<Link> links_of(Metadata& metadata, const ObjectHeader& group) {
    Links links(metadata);
    bool has_order = false;
    if (const auto* table = group.find(message::symbol_table)) {
        Cursor cursor(table->content);
        std::uint64_t tree = metadata.address(cursor);
        LocalHeap heap(metadata, metadata.address(cursor));
        Visited visited;
        for_each_child(metadata, tree, 0, metadata.length_bytes(), [&](Cursor, std::uint64_t child) {
            visited.enter(child, "is damaged: it has a list of members");
            links.add_symbols(child, heap);
        });
    }
    if (const auto* info = group.find(message::link_info)) {    // Spec, section IV.A.2.c
        Cursor cursor(info->content);
        cursor.skip(1);
        std::uint64_t flags = cursor.number(1);
        has_order = (flags & 2U) != 0;
        if ((flags & 1U) != 0) cursor.skip(8);
        std::uint64_t heap_address = metadata.address(cursor), tree = metadata.address(cursor);
        if (heap_address != no_address) {
            FractalHeap heap(metadata, heap_address);
            constexpr unsigned by_name = 5;
            for_each_record(metadata, tree, by_name, [&](Cursor record) {
                record.skip(4);
                links.add_message(Cursor(heap.object(record)));
            });
        }
    }
    for (const auto& found : group.messages())
        if (found.type == message::link) links.add_message(Cursor(found.content));
    std::sort(links.found.begin(), links.found.end(), [&](const Link& a, const Link& b) {
        return has_order && a.order != b.order ? a.order < b.order : a.name < b.name;
    });
    return std::move(links.found);
}

}    // namespace xtape::io::hdf5
