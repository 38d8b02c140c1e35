// IDX, the format of MNIST and its kin: a magic number, the lengths of the dimensions, then the elements.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/io/error.hpp>

#include <cstdint>
#include <filesystem>

namespace xtape::io {

// The elements of an IDX file of unsigned bytes, gzipped or not, in the shape that its header gives. Throws io::Error
// when there is no such file, when it holds something else or is damaged, and when it is longer or shorter than its
// header says. Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
Array<std::uint8_t> read_idx(const std::filesystem::path& path);

}    // namespace xtape::io
