// RowReader<T>: rows of an array in an HDF5 file that does not fit into memory.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/io/error.hpp>
#include <xtape/io/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace xtape::io {

struct RowReaderOptions {
    std::size_t cache_bytes = std::size_t{1} << 26;    // of blocks that were read last, kept for what comes next
    bool convert = false;    // a float takes a double's values; throws for one beyond its range
    bool verify = true;      // verify checksums
    FileOptions file = {};
};

// Fetches rows of a dataset ("/images"), T being float, double or std::int64_t, block by block: the chunks that hold
// them, each verified where it has a checksum. The file stays open, as it was, also when another takes its place. Any
// thread may fetch; HDF5 has no part in it.
template <class T>
class RowReader {
public:
    // Throws Error when the dataset is not there, has no axes, is damaged, or has a type whose values a T cannot all
    // hold.
    RowReader(const std::filesystem::path& path, const std::string& dataset, const RowReaderOptions& options = {});
    RowReader(const RowReader&) = delete;
    RowReader& operator=(const RowReader&) = delete;
    ~RowReader();

    const Shape& shape() const;
    std::size_t size() const { return shape()[0]; }
    // The rows with these numbers, in this order: (rows, ...). Throws std::out_of_range; Error for damage, naming the
    // file.
    Array<T> fetch(std::span<const std::int64_t> rows) const;

private:
    struct Open;
    std::unique_ptr<Open> open_;
};

extern template class RowReader<float>;
extern template class RowReader<double>;
extern template class RowReader<std::int64_t>;

}    // namespace xtape::io
