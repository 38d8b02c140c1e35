// The arrays in which HDF5 1.10 lists chunks: fixed ones, and those of datasets that grow along one axis.
#include <xtape/io/detail/hdf5/parser/chunk_index.hpp>

#include <bit>

namespace xtape::io::hdf5 {
namespace {

constexpr const char* unreadable = "has a damaged list of chunks";

// What both kinds have: elements of one size, in blocks that may be cut into pages with a checksum each.
class ChunkArray {
public:
    ChunkArray(Metadata& metadata, std::uint64_t header, bool is_filtered, const VisitElement& visit)
        : metadata_(metadata), header_(header), is_filtered_(is_filtered), visit_(visit) {}

protected:
    // Signature, version and client of a block; then the header's address.
    std::size_t prefix() const { return 6 + metadata_.address_bytes(); }
    void check_client(Cursor& cursor) const {
        cursor.skip(5);
        if (cursor.number(1) != (is_filtered_ ? 1 : 0)) throw Reason(unreadable);
    }
    void check_owner(Cursor& cursor) const {
        check_client(cursor);
        if (metadata_.address(cursor) != header_) throw Reason(unreadable);
    }
    void set_element(std::uint64_t bytes) {
        std::size_t least = metadata_.address_bytes() + (is_filtered_ ? 5 : 0);
        if (bytes < least || bytes > least + 7 || (!is_filtered_ && bytes != least)) throw Reason(unreadable);
        element_bytes_ = static_cast<std::size_t>(bytes);
    }
    void visit_elements(Cursor& cursor, std::uint64_t first, std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i) visit_(first + i, Cursor(cursor.take(element_bytes_)));
    }
    // `size` bytes of elements, which a hostile number may make too many for any file.
    std::uint64_t bytes_of(std::uint64_t elements) const {
        if (elements > metadata_.file_bytes()) throw Reason(unreadable);
        return elements * element_bytes_;
    }
    void visit_page(std::uint64_t address, std::uint64_t first, std::uint64_t count) {
        Bytes page = metadata_.block(address, bytes_of(count) + 4);
        metadata_.check_sum(page);
        Cursor cursor(page);
        visit_elements(cursor, first, count);
    }
    static bool is_set(std::span<const std::byte> bits, std::uint64_t i) {
        return (std::to_integer<unsigned>(bits[static_cast<std::size_t>(i / 8)]) >> (7 - i % 8) & 1U) != 0;
    }

    Metadata& metadata_;
    std::uint64_t header_;
    bool is_filtered_;
    const VisitElement& visit_;
    std::size_t element_bytes_ = 0;
};

// Spec, section VII.B.
class FixedArray : ChunkArray {
public:
    using ChunkArray::ChunkArray;

    void read() {
        std::size_t size = 8 + metadata_.length_bytes() + metadata_.address_bytes() + 4;
        Bytes header = metadata_.checked_block(header_, size, "FAHD");
        Cursor cursor(header);
        check_client(cursor);
        set_element(cursor.number(1));
        std::uint64_t page_bits = cursor.number(1), count = metadata_.length(cursor);
        std::uint64_t address = metadata_.address(cursor);
        if (address == no_address) return;
        if (page_bits > 32 || count > metadata_.file_bytes()) throw Reason(unreadable);
        std::uint64_t page = std::uint64_t{1} << page_bits;
        if (count <= page) {
            Bytes block = metadata_.checked_block(address, prefix() + bytes_of(count) + 4, "FADB");
            Cursor elements(block);
            check_owner(elements);
            return visit_elements(elements, 0, count);
        }
        std::uint64_t pages = (count + page - 1) / page, block_bytes = prefix() + (pages + 7) / 8 + 4;
        Bytes block = metadata_.checked_block(address, block_bytes, "FADB");
        Cursor start(block);
        check_owner(start);
        auto is_there = start.take((pages + 7) / 8);
        for (std::uint64_t i = 0; i < pages; ++i)
            if (is_set(is_there, i))
                visit_page(address + block_bytes + i * (bytes_of(page) + 4), i * page,
                           std::min(page, count - i * page));
    }
};

// Spec, section VII.C. The index block holds the first elements and the addresses of some data blocks; further data
// blocks, twice as many or twice as large each time, are found through secondary blocks.
class ExtensibleArray : ChunkArray {
public:
    using ChunkArray::ChunkArray;

    void read() {
        std::size_t size = 12 + 6 * metadata_.length_bytes() + metadata_.address_bytes() + 4;
        Bytes header = metadata_.checked_block(header_, size, "EAHD");
        Cursor cursor(header);
        check_client(cursor);
        set_element(cursor.number(1));
        std::uint64_t index_bits = cursor.number(1), own = cursor.number(1), least = cursor.number(1),
                      least_pointers = cursor.number(1), page_bits = cursor.number(1);
        cursor.skip(6 * metadata_.length_bytes());
        std::uint64_t address = metadata_.address(cursor);
        if (address == no_address) return;
        if (index_bits == 0 || index_bits > 64 || page_bits > 32 || !std::has_single_bit(least) ||
            !std::has_single_bit(least_pointers) || least_pointers < 2)
            throw Reason(unreadable);
        index_bytes_ = static_cast<std::size_t>((index_bits + 7) / 8);
        page_ = std::uint64_t{1} << page_bits;
        auto log2_of = [](std::uint64_t number) { return static_cast<std::uint64_t>(std::bit_width(number)) - 1; };
        std::uint64_t groups = 1 + index_bits - std::min(index_bits, log2_of(least));
        std::uint64_t direct_groups = 2 * log2_of(least_pointers), direct_blocks = 2 * (least_pointers - 1);
        std::uint64_t secondary = groups - std::min(groups, direct_groups);

        std::uint64_t pointers = direct_blocks + secondary;
        Bytes block = metadata_.checked_block(
            address, prefix() + bytes_of(own) + pointers * metadata_.address_bytes() + 4, "EAIB");
        Cursor index(block);
        check_owner(index);
        visit_elements(index, 0, own);
        first_ = own;
        for (std::uint64_t group = 0; group < groups; ++group) {
            std::uint64_t blocks = std::uint64_t{1} << (group / 2);
            std::uint64_t elements = (std::uint64_t{1} << ((group + 1) / 2)) * least;
            if (group < direct_groups)
                for (std::uint64_t i = 0; i < blocks; ++i) read_block(metadata_.address(index), elements, {}, 0);
            else
                read_secondary(metadata_.address(index), blocks, elements);
        }
    }

private:
    void read_secondary(std::uint64_t address, std::uint64_t blocks, std::uint64_t elements) {
        if (address == no_address) {
            first_ += blocks * elements;
            return;
        }
        std::uint64_t pages = elements > page_ ? elements / page_ : 0, bits_bytes = blocks * ((pages + 7) / 8);
        if (blocks > metadata_.file_bytes() || pages > metadata_.file_bytes()) throw Reason(unreadable);
        std::uint64_t size = prefix() + index_bytes_ + bits_bytes + blocks * metadata_.address_bytes() + 4;
        Bytes block = metadata_.checked_block(address, size, "EASB");
        Cursor cursor(block);
        check_owner(cursor);
        cursor.skip(index_bytes_);
        auto is_there = cursor.take(bits_bytes);
        for (std::uint64_t i = 0; i < blocks; ++i) read_block(metadata_.address(cursor), elements, is_there, i * pages);
    }

    void read_block(std::uint64_t address, std::uint64_t elements, std::span<const std::byte> is_there,
                    std::uint64_t first_page) {
        std::uint64_t first = first_;
        first_ += elements;
        if (address == no_address) return;
        std::size_t start = prefix() + index_bytes_;
        if (elements <= page_) {
            Bytes block = metadata_.checked_block(address, start + bytes_of(elements) + 4, "EADB");
            Cursor cursor(block);
            check_owner(cursor);
            cursor.skip(index_bytes_);
            return visit_elements(cursor, first, elements);
        }
        if (is_there.empty()) throw Reason(unreadable);
        Bytes block = metadata_.checked_block(address, start + 4, "EADB");
        Cursor cursor(block);
        check_owner(cursor);
        for (std::uint64_t i = 0; i < elements / page_; ++i)
            if (is_set(is_there, first_page + i))
                visit_page(address + start + 4 + i * (bytes_of(page_) + 4), first + i * page_, page_);
    }

    std::size_t index_bytes_ = 0;
    std::uint64_t page_ = 1, first_ = 0;
};

}    // namespace

void for_each_in_fixed_array(Metadata& metadata, std::uint64_t header, bool is_filtered, const VisitElement& visit) {
    FixedArray(metadata, header, is_filtered, visit).read();
}

void for_each_in_extensible_array(Metadata& metadata, std::uint64_t header, bool is_filtered,
                                  const VisitElement& visit) {
    ExtensibleArray(metadata, header, is_filtered, visit).read();
}

}    // namespace xtape::io::hdf5
