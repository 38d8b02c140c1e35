// Data sets from files.
#pragma once

#include <xtape/io/csv.hpp>
#include <xtape/train/data/dataset.hpp>
#include <xtape/train/data/split.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace xtape::train {

// MNIST and its kin: flat inputs (n, 784) from 0 to 1, shown as 28 x 28; what the files call training and test is
// `train` and `test`. Throws as io::read_mnist.
template <class T>
Split<T> read_mnist(const std::filesystem::path& folder);

// CIFAR-10: inputs (n, 3, 32, 32) from 0 to 1. Throws as io::read_cifar10.
template <class T>
Split<T> read_cifar10(const std::filesystem::path& folder);

struct TableOptions {
    std::vector<std::string> inputs = {};    // columns; none: all but the target
    std::string target = {};                 // a column of numbers: targets (n, 1); of texts: labels; none: neither
    bool target_is_class = false;            // integers from 0 are labels, too
    io::CsvOptions csv = {};
};

// A CSV file: inputs (n, columns); texts are the places of their categories (see OneHot). Throws as io::read_csv, and
// io::Error for a column that is not there, or a class that is no integer from 0.
template <class T>
Dataset<T> read_csv(const std::filesystem::path& path, const TableOptions& options);
template <class T>
Dataset<T> from_table(const io::CsvTable& table, const TableOptions& options);

}    // namespace xtape::train
