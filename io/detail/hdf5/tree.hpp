// What a file's tree is made of, as users see it.
#pragma once

#include <xtape/io/array_file.hpp>
#include <xtape/io/detail/hdf5/read.hpp>

namespace xtape::io::hdf5 {

// Of a dataset that cannot be read, the reason stands in the type's place. Throws Reason when the attributes cannot be
// read.
TreeItem describe_item(File& file, const Item& item);

}    // namespace xtape::io::hdf5
