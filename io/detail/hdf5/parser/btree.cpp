#include <xtape/io/detail/hdf5/parser/btree.hpp>

#include <bit>

namespace xtape::io::hdf5 {
namespace {

constexpr const char* reached_twice = "is damaged: it has an index";

// Spec, section III.A.1.
class OldTree {
public:
    OldTree(Metadata& metadata, unsigned type, std::size_t key_bytes, const VisitChild& visit)
        : metadata_(metadata), type_(type), key_bytes_(key_bytes), visit_(visit) {}

    // `level` of the root is whatever it says; below, one less each time.
    void enter(std::uint64_t address, int level) {
        visited_.enter(address, reached_twice);
        std::size_t prefix = 8 + 2 * metadata_.address_bytes();
        Bytes start = metadata_.signed_block(address, prefix, "TREE");
        Cursor cursor(start);
        cursor.skip(4);
        std::uint64_t type = cursor.number(1);
        auto own_level = static_cast<int>(cursor.number(1));
        std::uint64_t count = cursor.number(2);
        constexpr int deepest = 64;    // more than any file fills, and few enough for the stack
        if (type != type_ || (level >= 0 && own_level != level) || own_level > deepest)
            throw Reason("is damaged: it has an index of another kind");
        Bytes node = metadata_.block(
            address, prefix + count * (key_bytes_ + metadata_.address_bytes()) + (count > 0 ? key_bytes_ : 0));
        Cursor entries(node);
        entries.skip(prefix);
        for (std::uint64_t i = 0; i < count; ++i) {
            Cursor key(entries.take(key_bytes_));
            std::uint64_t child = metadata_.address(entries);
            if (own_level == 0)
                visit_(key, child);
            else
                enter(child, own_level - 1);
        }
    }

private:
    Metadata& metadata_;
    unsigned type_;
    std::size_t key_bytes_;
    const VisitChild& visit_;
    Visited visited_;
};

std::size_t bytes_for(std::uint64_t number) {    // that hold numbers up to this one
    return number == 0 ? 1 : static_cast<std::size_t>(std::bit_width(number) - 1) / 8 + 1;
}

// Spec, section III.A.2.
class NewTree {
public:
    NewTree(Metadata& metadata, std::uint64_t header, unsigned type, const VisitRecord& visit)
        : metadata_(metadata), type_(type), visit_(visit) {
        std::size_t size = 16 + metadata.address_bytes() + 2 + metadata.length_bytes() + 4;
        Bytes bytes = metadata.checked_block(header, size, "BTHD");
        Cursor cursor(bytes);
        cursor.skip(5);
        if (cursor.number(1) != type_) throw Reason("is damaged: it has an index of another kind");
        node_bytes_ = cursor.number(4);
        record_bytes_ = static_cast<std::size_t>(cursor.number(2));
        depth_ = static_cast<std::size_t>(cursor.number(2));
        cursor.skip(2);
        root_ = metadata.address(cursor);
        root_count_ = cursor.number(2);
        left_ = metadata.length(cursor);
        constexpr std::size_t deepest = 32;
        if (depth_ > deepest || record_bytes_ == 0 || node_bytes_ < overhead + record_bytes_ ||
            left_ > metadata.file_bytes())
            throw Reason("is damaged: it has an unreadable index");
        find_widths();
    }

    void enter() {
        if (root_ == no_address || root_count_ == 0) return;
        enter(root_, root_count_, depth_);
    }

private:
    static constexpr std::uint64_t overhead = 10;    // signature, version, type, checksum

    // How many bytes a parent needs for the numbers of a child's records and of all records below it.
    void find_widths() {
        std::uint64_t most = (node_bytes_ - overhead) / record_bytes_, all = most;
        count_bytes_ = bytes_for(most);
        all_bytes_.assign(depth_ + 1, 0);
        for (std::size_t depth = 1; depth <= depth_; ++depth) {
            std::size_t pointer = pointer_bytes(depth);
            if (node_bytes_ < overhead + pointer) throw Reason("is damaged: it has an unreadable index");
            std::uint64_t records = (node_bytes_ - overhead - pointer) / (record_bytes_ + pointer);
            constexpr std::uint64_t plenty = std::uint64_t{1} << 62;
            all = all > plenty / (records + 1) ? plenty : (records + 1) * all + records;
            all_bytes_[depth] = bytes_for(all);
        }
    }
    std::size_t pointer_bytes(std::size_t depth) const {
        return metadata_.address_bytes() + count_bytes_ + all_bytes_[depth - 1];
    }

    void enter(std::uint64_t address, std::uint64_t count, std::size_t depth) {
        visited_.enter(address, reached_twice);
        if (count > left_) throw Reason("is damaged: it has more records than it says");
        left_ -= count;
        std::uint64_t size = overhead + count * record_bytes_ + (depth > 0 ? (count + 1) * pointer_bytes(depth) : 0);
        Bytes node = metadata_.checked_block(address, size, depth > 0 ? "BTIN" : "BTLF");
        Cursor records(node);
        records.skip(5);
        if (records.number(1) != type_) throw Reason("is damaged: it has an index of another kind");
        if (depth == 0) {
            for (std::uint64_t i = 0; i < count; ++i) visit_(Cursor(records.take(record_bytes_)));
            return;
        }
        Cursor children(records);
        children.skip(count * record_bytes_);
        for (std::uint64_t i = 0; i <= count; ++i) {
            std::uint64_t child = metadata_.address(children), child_count = children.number(count_bytes_);
            if (depth > 1) children.skip(all_bytes_[depth - 1]);
            enter(child, child_count, depth - 1);
            if (i < count) visit_(Cursor(records.take(record_bytes_)));
        }
    }

    Metadata& metadata_;
    unsigned type_;
    const VisitRecord& visit_;
    std::uint64_t node_bytes_ = 0, root_ = 0, root_count_ = 0, left_ = 0;
    std::size_t record_bytes_ = 0, depth_ = 0, count_bytes_ = 0;
    std::vector<std::size_t> all_bytes_;
    Visited visited_;
};

}    // namespace

void for_each_child(Metadata& metadata, std::uint64_t root, unsigned type, std::size_t key_bytes,
                    const VisitChild& visit) {
    OldTree(metadata, type, key_bytes, visit).enter(root, -1);
}

void for_each_record(Metadata& metadata, std::uint64_t header, unsigned type, const VisitRecord& visit) {
    NewTree(metadata, header, type, visit).enter();
}

}    // namespace xtape::io::hdf5
