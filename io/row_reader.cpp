#include <xtape/core/shape.hpp>
#include <xtape/io/detail/hdf5/document.hpp>
#include <xtape/io/row_reader.hpp>

#include <algorithm>
#include <list>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

namespace xtape::io {

template <class T>
struct RowReader<T>::Open {
    Open(std::filesystem::path file, const std::string& name, RowReaderOptions how)
        : options(std::move(how)),
          path(std::move(file)),
          document(path, options.file, options.verify),
          dataset(document.file(), hdf5::find_item(document.file(), name)) {
        if (dataset.shape().empty()) throw hdf5::Reason("'" + name + "' has no axes; wanted rows along the first one");
        if (dataset.shape()[0] > 0) block(0);    // whatever is wrong with its type shows here
    }

    // One that is kept, or is read and then kept. Taken with the mutex held.
    const Array<T>& block(std::size_t number) {
        for (auto kept = blocks.begin(); kept != blocks.end(); ++kept)
            if (kept->first == number) {
                blocks.splice(blocks.begin(), blocks, kept);
                return blocks.front().second;
            }
        blocks.emplace_front(number, dataset.template read_block<T>(number, options.convert));
        bytes += blocks.front().second.size() * sizeof(T);
        while (bytes > options.cache_bytes && blocks.size() > 1) {
            bytes -= blocks.back().second.size() * sizeof(T);
            blocks.pop_back();
        }
        return blocks.front().second;
    }

    RowReaderOptions options;
    std::filesystem::path path;
    hdf5::Document document;
    hdf5::Dataset dataset;
    std::mutex mutex;
    std::list<std::pair<std::size_t, Array<T>>> blocks;    // the one used last comes first
    std::size_t bytes = 0;                                 // of their elements
};

template <class T>
RowReader<T>::RowReader(const std::filesystem::path& path, const std::string& dataset,
                        const RowReaderOptions& options) {
    detail::in_operation("RowReader", path, [&] { open_ = std::make_unique<Open>(path, dataset, options); });
}

template <class T>
RowReader<T>::~RowReader() = default;

template <class T>
const Shape& RowReader<T>::shape() const {
    return open_->dataset.shape();
}

template <class T>
Array<T> RowReader<T>::fetch(std::span<const std::int64_t> rows) const {
    for (std::int64_t row : rows)
        if (row < 0 || static_cast<std::size_t>(row) >= size())
            throw std::out_of_range("[RowReader] got row " + std::to_string(row) + "; wanted 0 to " +
                                    std::to_string(size()) + " less 1");
    Shape wanted = shape();
    wanted[0] = rows.size();
    Array<T> result = empty_array<T>(wanted);
    if (result.size() == 0) return result;
    const std::size_t length = result.size() / rows.size(), in_block = open_->dataset.block_rows();
    // Block after block, each once.
    std::vector<std::size_t> order(rows.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return rows[a] < rows[b]; });
    std::lock_guard lock(open_->mutex);
    detail::in_operation("RowReader", open_->path, [&] {
        for (std::size_t place : order) {
            const auto row = static_cast<std::size_t>(rows[place]);
            const Array<T>& block = open_->block(row / in_block);
            std::copy_n(block.storage().data() + row % in_block * length, length,
                        result.storage().data() + place * length);
        }
    });
    return result;
}

template class RowReader<float>;
template class RowReader<double>;
template class RowReader<std::int64_t>;

}    // namespace xtape::io
