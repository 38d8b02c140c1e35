// MNIST and the data sets that come in its four files (Fashion-MNIST, KMNIST, ...).
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/io/error.hpp>

#include <cstdint>
#include <filesystem>

namespace xtape::io {

struct ImageSet {
    Array<std::uint8_t> images;    // (n, 28, 28), 0 is the background
    Indices labels;                // (n,), 0 to 9
};

struct Mnist {
    ImageSet train, test;
};

// The files train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte of a
// folder, gzipped (.gz) or not, also spelled `train-images.idx3-ubyte`. When only one of the two sets is there, its
// last fifth is the test set. Throws io::Error naming the folder or file when one is missing, cannot be read, or holds
// something else, and when there are not as many labels as images.
Mnist read_mnist(const std::filesystem::path& folder);

}    // namespace xtape::io
