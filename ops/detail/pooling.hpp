// The recorded operations that pooling is made of, for any windows that are boxes.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/core/variable.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace xtape::detail {

// The windows of one axis: each reads the elements begin, begin + step, ... below end.
struct WindowAxis {
    struct Window {
        std::size_t begin, end;
        double count;    // what an average divides by
    };
    std::size_t input = 1, step = 1;
    std::vector<Window> windows{{0, 1, 1}};
};

// The windows of images' planes, those of each axis with those of all others; axes that are not there come first.
struct Windows {
    std::size_t rank;
    std::array<WindowAxis, 3> axes;

    std::size_t inputs() const { return axes[0].input * axes[1].input * axes[2].input; }
    std::size_t outputs() const { return axes[0].windows.size() * axes[1].windows.size() * axes[2].windows.size(); }
    // The shapes of images, and of a number for each window, with the first two axes of `shape`.
    Shape input_shape(const Shape& shape) const {
        Shape result{shape[0], shape[1]};
        for (std::size_t d = 3 - rank; d < 3; ++d) result.push_back(axes[d].input);
        return result;
    }
    Shape output_shape(const Shape& shape) const {
        Shape result{shape[0], shape[1]};
        for (std::size_t d = 3 - rank; d < 3; ++d) result.push_back(axes[d].windows.size());
        return result;
    }
};

// For each element of an array (N, C, ...) a place in its channel's plane.
using Places = std::shared_ptr<const Storage<std::uint32_t>>;

// The largest element of each window.
template <class T>
Variable<T> max_pool(const Variable<T>& x, const Windows& windows);
// Where it is.
template <class T>
Places places_of_largest(const Array<T>& x, const Windows& windows);
// y = x at the places, an array of that shape; and the adjoint, zeros with the elements of x added at the places.
template <class T>
Variable<T> at_places(const Variable<T>& x, const Places& places, const Shape& shape);
template <class T>
Variable<T> put_at_places(const Variable<T>& x, const Places& places, const Shape& shape);

// The sum over each window, divided by the product of its counts; and the adjoint.
template <class T>
Variable<T> average_pool(const Variable<T>& x, const std::shared_ptr<const Windows>& windows);
template <class T>
Variable<T> average_unpool(const Variable<T>& y, const std::shared_ptr<const Windows>& windows);

}    // namespace xtape::detail
