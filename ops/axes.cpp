#include <xtape/core/error.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/ops/axes.hpp>

#include <string>

namespace xtape::detail {

xt::svector<bool, 8> mark_axes(const char* operation, const Axes& axes, std::size_t dimension) {
    xt::svector<bool, 8> marked(dimension, axes.all());
    for (std::ptrdiff_t axis : axes.list()) {
        std::size_t d = normalize_axis(operation, axis, dimension);
        if (marked[d])
            throw ShapeError("[" + std::string(operation) + "] got axis " + std::to_string(axis) +
                             " twice; wanted each axis once");
        marked[d] = true;
    }
    return marked;
}

Strides list_axes(const char* operation, const Axes& axes, std::size_t dimension) {
    mark_axes(operation, axes, dimension);
    Strides list = axes.list();
    for (std::ptrdiff_t& axis : list)
        if (axis < 0) axis += static_cast<std::ptrdiff_t>(dimension);
    for (std::size_t d = 0; axes.all() && d < dimension; ++d) list.push_back(static_cast<std::ptrdiff_t>(d));
    return list;
}

Reduced::Reduced(const char* operation, const Shape& shape, const Axes& axes, bool keep_dims) {
    auto marked = mark_axes(operation, axes, shape.size());
    kept.resize(shape.size());
    for (std::size_t d = 0; d < shape.size(); ++d) {
        kept[d] = marked[d] ? 1 : shape[d];
        if (marked[d]) count *= shape[d];
        if (!marked[d] || keep_dims) result.push_back(kept[d]);
    }
}

}    // namespace xtape::detail
