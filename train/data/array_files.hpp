// Data sets from the arrays of HDF5 and NumPy files.
#pragma once

#include <xtape/io/row_reader.hpp>
#include <xtape/train/data/dataset.hpp>

#include <filesystem>
#include <string>

namespace xtape::train {

// Where the arrays are. All have as many rows as there are examples.
struct ArrayNames {
    std::string inputs = "inputs";
    std::string labels = {};     // integers from 0, (n,); none: no labels
    std::string targets = {};    // numbers, (n, ...); none: no targets
    DatasetOptions dataset = {};
};

// Datasets of an HDF5 file ("/train/images"), whose inputs and targets are read row block by row block when they are
// needed, and verified where they have checksums: they need not fit into memory. Labels are read at once. Numbers are
// converted to T. Shuffled batches of a file larger than `options.cache_bytes` read a block for nearly every example:
// store examples in an order that needs no shuffling, or in chunks of few. Throws io::Error, and as the constructors of
// Dataset.
template <class T>
Dataset<T> read_hdf5(const std::filesystem::path& path, const ArrayNames& names = {},
                     const io::RowReaderOptions& options = {.convert = true});

// Arrays of a .npz file, in memory, their numbers converted to T. Throws io::Error, and as the constructors of Dataset.
template <class T>
Dataset<T> read_npz(const std::filesystem::path& path, const ArrayNames& names = {});

// The array of a .npy file as inputs, and that of another as labels (integers) or targets; an empty path: neither.
template <class T>
Dataset<T> read_npy(const std::filesystem::path& inputs, const std::filesystem::path& answers = {},
                    const DatasetOptions& options = {});

}    // namespace xtape::train
