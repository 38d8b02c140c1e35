#include <xtape/core/error.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/ops/detail/indices.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace xtape::detail {

void refuse_index(const char* name, std::int64_t index, std::size_t position, std::size_t length) {
    throw std::out_of_range("[" + std::string(name) + "] got the index " + std::to_string(index) + " at position " +
                            std::to_string(position) + "; wanted one of " + std::to_string(length) + " elements");
}

Indices normalize_indices(const char* name, const Indices& indices, std::size_t length) {
    const auto n = static_cast<std::int64_t>(length);
    const std::int64_t* index = indices.storage().data();
    std::int64_t least = 0, most = -1;
    for (std::size_t i = 0; i < indices.size(); ++i) {
        least = std::min(least, index[i]);
        most = std::max(most, index[i]);
    }
    if (least < -n || most >= n)
        for (std::size_t i = 0; i < indices.size(); ++i)
            if (index[i] < -n || index[i] >= n) refuse_index(name, index[i], i, length);
    Indices result = share(indices);
    if (least < 0)
        for (auto& i : result.storage())
            if (i < 0) i += n;
    return result;
}

void refuse_source(const char* name, const Shape& source, const Shape& wanted) {
    throw ShapeError("[" + std::string(name) + "] got a source of the shape " + to_string(source) + "; wanted " +
                     to_string(wanted));
}

}    // namespace xtape::detail
