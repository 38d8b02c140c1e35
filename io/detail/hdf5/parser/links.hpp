// The members of a group.
#pragma once

#include <xtape/io/detail/hdf5/parser/object_header.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace xtape::io::hdf5 {

struct Link {
    enum class Kind { hard, soft, external };
    std::string name;
    Kind kind = Kind::hard;
    std::uint64_t address = no_address;    // of a hard link
    std::uint64_t order = 0;               // the order of creation, where the group remembers it
};

// In the order of creation where the group has an index of it, else by name. Throws Reason, also for names that no path
// can hold.
std::vector<Link> links_of(Metadata& metadata, const ObjectHeader& group);

}    // namespace xtape::io::hdf5
