// What stands at an object's address: messages that say what it is.
#pragma once

#include <xtape/io/detail/hdf5/parser/metadata.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace xtape::io::hdf5 {

// Spec, section IV.A.2.
namespace message {
constexpr unsigned dataspace = 0x01, link_info = 0x02, datatype = 0x03, link = 0x06, external_files = 0x07,
                   layout = 0x08, group_info = 0x0a, filters = 0x0b, attribute = 0x0c, continuation = 0x10,
                   symbol_table = 0x11, attribute_info = 0x15;
}

class ObjectHeader {
public:
    struct Message {
        unsigned type;
        unsigned flags;
        std::span<const std::byte> content;
    };

    ObjectHeader(Metadata& metadata, std::uint64_t address);
    ObjectHeader(ObjectHeader&&) = default;
    ObjectHeader& operator=(ObjectHeader&&) = default;

    std::uint64_t address() const { return address_; }
    bool has_checksum() const { return has_checksum_; }
    const std::vector<Message>& messages() const { return messages_; }
    const Message* find(unsigned type) const;
    // The content of the only message of a type, also where it is kept in another object (a named type).
    std::optional<Bytes> content(Metadata& metadata, unsigned type) const;

    bool is_group() const { return find(message::symbol_table) != nullptr || find(message::link_info) != nullptr; }
    bool is_dataset() const { return find(message::datatype) != nullptr && find(message::dataspace) != nullptr; }

private:
    using Pieces = std::vector<std::pair<std::uint64_t, std::uint64_t>>;    // addresses and sizes still to be read
    void read_old(Metadata& metadata);
    void read_new(Metadata& metadata);
    void add_messages(Metadata& metadata, Bytes bytes, std::size_t skipped, bool is_old, bool has_order,
                      Pieces& pieces);

    std::uint64_t address_;
    bool has_checksum_ = false;
    std::vector<Bytes> blocks_;    // what the messages' contents are parts of
    std::vector<Message> messages_;
};

// The content of a message that is shared: it says where another object keeps it.
Bytes shared_content(Metadata& metadata, Cursor reference, unsigned type);

}    // namespace xtape::io::hdf5
