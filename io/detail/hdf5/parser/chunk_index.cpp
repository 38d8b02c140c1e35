#include <xtape/io/detail/hdf5/parser/btree.hpp>
#include <xtape/io/detail/hdf5/parser/chunk_index.hpp>

#include <algorithm>
#include <limits>

namespace xtape::io::hdf5 {
namespace {

constexpr std::uint64_t for_ever = ~std::uint64_t{0};
constexpr const char* unreadable = "has a damaged list of chunks";

// a * b, or the largest number there is.
std::uint64_t product(std::uint64_t a, std::uint64_t b) { return b != 0 && a > for_ever / b ? for_ever : a * b; }

class ChunkList {
public:
    ChunkList(Metadata& metadata, const ChunkGrid& grid) : metadata_(metadata), grid_(grid) {
        for (std::size_t axis = 0; axis < rank(); ++axis) {
            auto pieces = [&](std::uint64_t length) {
                return length == for_ever ? length : length / chunk(axis) + (length % chunk(axis) != 0 ? 1 : 0);
            };
            now_.push_back(pieces(grid.space.shape[axis]));
            most_.push_back(pieces(grid.space.most[axis]));
        }
        // Arrays of chunks count as far as the dataset may grow, and along the axis that grows for ever last of all.
        order_.resize(rank());
        for (std::size_t axis = 0; axis < rank(); ++axis) order_[axis] = axis;
        auto endless = std::find(most_.begin(), most_.end(), for_ever);
        if (endless != most_.end()) {
            auto axis = order_.begin() + (endless - most_.begin());
            std::rotate(order_.begin(), axis, axis + 1);
        }
    }

    std::vector<StoredChunk> read() {
        const Placement& placement = grid_.placement;
        if (placement.address == no_address) return {};
        switch (placement.index) {
            case Placement::Index::old_tree: read_old_tree(); break;
            case Placement::Index::single: read_single(); break;
            case Placement::Index::implicit: read_implicit(); break;
            case Placement::Index::fixed_array:
                for_each_in_fixed_array(metadata_, placement.address, grid_.is_filtered,
                                        [&](std::uint64_t index, Cursor element) { add_element(index, element); });
                break;
            case Placement::Index::extensible_array:
                for_each_in_extensible_array(metadata_, placement.address, grid_.is_filtered,
                                             [&](std::uint64_t index, Cursor element) { add_element(index, element); });
                break;
            case Placement::Index::new_tree: read_new_tree(); break;
        }
        auto by_number = [](const StoredChunk& a, const StoredChunk& b) { return a.number < b.number; };
        std::sort(chunks_.begin(), chunks_.end(), by_number);
        auto same = [](const StoredChunk& a, const StoredChunk& b) { return a.number == b.number; };
        if (std::adjacent_find(chunks_.begin(), chunks_.end(), same) != chunks_.end()) throw Reason(unreadable);
        return std::move(chunks_);
    }

private:
    std::size_t rank() const { return grid_.space.shape.size(); }
    std::uint64_t chunk(std::size_t axis) const { return grid_.placement.chunk[axis]; }

    // The chunk whose place among the chunks is given along each axis. Those outside of the shape are left out.
    void add(const std::vector<std::uint64_t>& place, std::uint64_t address, std::uint64_t size, unsigned skipped) {
        if (address == no_address) return;
        StoredChunk found;
        bool is_partial = false;
        for (std::size_t axis = 0; axis < rank(); ++axis) {
            if (place[axis] >= now_[axis]) return;
            std::uint64_t wanted = product(found.number, now_[axis]);
            if (wanted > for_ever - place[axis]) throw Reason(unreadable);
            found.number = wanted + place[axis];
            is_partial |= grid_.space.shape[axis] - place[axis] * chunk(axis) < chunk(axis);
        }
        if (size == 0) throw Reason(unreadable);
        found.position = metadata_.position(address, size);
        found.size = size;
        found.skipped = grid_.placement.plain_edges && is_partial ? ~0U : skipped;
        metadata_.charge(sizeof found);
        chunks_.push_back(found);
    }

    std::vector<std::uint64_t> place_of(std::uint64_t index) const {
        std::vector<std::uint64_t> place(rank());
        for (std::size_t i = rank(); i-- > 1;) {
            std::uint64_t length = std::max<std::uint64_t>(most_[order_[i]], 1);
            place[order_[i]] = index % length;
            index /= length;
        }
        place[order_[0]] = index;
        return place;
    }

    // An element of an array of chunks.
    void add_element(std::uint64_t index, Cursor element) {
        std::uint64_t address = metadata_.address(element), size = grid_.chunk_bytes;
        unsigned skipped = 0;
        if (grid_.is_filtered) {
            size = element.number(element.left() - 4);
            skipped = static_cast<unsigned>(element.number(4));
        }
        add(place_of(index), address, size, skipped);
    }

    void read_single() {
        const Placement& placement = grid_.placement;
        std::uint64_t size = placement.single_size == 0 ? grid_.chunk_bytes : placement.single_size;
        add(std::vector<std::uint64_t>(rank(), 0), placement.address, size,
            static_cast<unsigned>(placement.single_skipped));
    }

    void read_implicit() {
        std::uint64_t count = 1;
        for (std::uint64_t length : most_) count = product(count, length);
        metadata_.position(grid_.placement.address, product(count, grid_.chunk_bytes));
        for (std::uint64_t i = 0; i < count; ++i)
            add(place_of(i), grid_.placement.address + i * grid_.chunk_bytes, grid_.chunk_bytes, 0);
    }

    // Spec, section III.A.1, "Node type 1".
    void read_old_tree() {
        std::size_t key_bytes = 8 + 8 * (rank() + 1);
        for_each_child(metadata_, grid_.placement.address, 1, key_bytes, [&](Cursor key, std::uint64_t child) {
            std::uint64_t size = key.number(4);
            auto skipped = static_cast<unsigned>(key.number(4));
            std::vector<std::uint64_t> place;
            for (std::size_t axis = 0; axis < rank(); ++axis) {
                std::uint64_t first = key.number(8);
                if (first % chunk(axis) != 0) throw Reason(unreadable);
                place.push_back(first / chunk(axis));
            }
            add(place, child, size, skipped);
        });
    }

    // Spec, section III.A.2, record types 10 and 11.
    void read_new_tree() {
        unsigned type = grid_.is_filtered ? 11 : 10;
        for_each_record(metadata_, grid_.placement.address, type, [&](Cursor record) {
            std::uint64_t address = metadata_.address(record), size = grid_.chunk_bytes;
            unsigned skipped = 0;
            if (grid_.is_filtered) {
                std::size_t rest = 4 + 8 * rank();
                if (record.left() <= rest || record.left() - rest > 8) throw Reason(unreadable);
                size = record.number(record.left() - rest);
                skipped = static_cast<unsigned>(record.number(4));
            }
            std::vector<std::uint64_t> place;
            for (std::size_t axis = 0; axis < rank(); ++axis) place.push_back(record.number(8));
            add(place, address, size, skipped);
        });
    }

    Metadata& metadata_;
    const ChunkGrid& grid_;
    std::vector<std::uint64_t> now_, most_;    // the chunks along each axis, now and at most
    std::vector<std::size_t> order_;           // of the axes, the slowest first
    std::vector<StoredChunk> chunks_;
};

}    // namespace

std::vector<StoredChunk> stored_chunks(Metadata& metadata, const ChunkGrid& grid) {
    return ChunkList(metadata, grid).read();
}

}    // namespace xtape::io::hdf5
