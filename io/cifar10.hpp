// CIFAR-10 in its binary version: https://www.cs.toronto.edu/~kriz/cifar.html.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/io/error.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace xtape::io {

struct ColourImages {
    Array<std::uint8_t> images;    // (n, 3, 32, 32): red, green, blue
    Indices labels;                // (n,), 0 to 9
};

struct Cifar10 {
    ColourImages train, test;
    std::vector<std::string> class_names;    // of batches.meta.txt, if it is there: airplane, automobile, ...
};

// One file of records: a label and 3072 bytes each; gzipped or not. Throws io::Error when there is no such file, its
// length is not that of whole records, or a label is above 9 (naming the record, counted from 1).
ColourImages read_cifar10_file(const std::filesystem::path& path);

// The files data_batch_1.bin to data_batch_5.bin and test_batch.bin of a folder. Throws io::Error.
Cifar10 read_cifar10(const std::filesystem::path& folder);

}    // namespace xtape::io
