#include <xtape/core/detail/strided.hpp>
#include <xtape/core/detail/transpose.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/core/view.hpp>

#include <algorithm>
#include <cstdlib>

namespace xtape {
namespace {

// Copies along two axes of a strided array: `rows`, along which it moves by the smaller step, and the last one,
// `columns`. Square tiles, so that each cache line that is fetched is used whole.
template <class T>
void copy_transposed(const T* from, std::ptrdiff_t row_step, std::ptrdiff_t step, T* to, std::size_t out_step,
                     std::size_t rows, std::size_t columns) {
    constexpr std::size_t tile = 64 / sizeof(T) * 2;
    T block[tile * tile];
    for (std::size_t r0 = 0; r0 < rows; r0 += tile)
        for (std::size_t c0 = 0; c0 < columns; c0 += tile) {
            const std::size_t r1 = std::min(rows - r0, tile), c1 = std::min(columns - c0, tile);
            const T* corner =
                from + static_cast<std::ptrdiff_t>(r0) * row_step + static_cast<std::ptrdiff_t>(c0) * step;
            T* target = to + r0 * out_step + c0;
            if (row_step == 1 && step > 0) {
                detail::transpose_block(corner, static_cast<std::size_t>(step), c1, r1, target, out_step);
                continue;
            }
            for (std::size_t c = 0; c < c1; ++c)
                detail::read_run(corner + static_cast<std::ptrdiff_t>(c) * step, row_step, block + c * tile, r1);
            detail::transpose_block(block, tile, c1, r1, target, out_step);
        }
}

// The axis along which the array moves by the smallest step, where that is not the last one and reading along the last
// would fetch each cache line many times over; the last axis otherwise.
std::size_t fastest_axis(const Shape& shape, const Strides& strides) {
    const std::size_t last = shape.size() - 1;
    std::size_t best = last;
    if (shape[last] <= 64 || strides[last] == 0) return last;
    for (std::size_t d = 0; d < last; ++d)
        if (strides[d] != 0 && std::abs(strides[d]) < std::abs(strides[best])) best = d;
    return best;
}

}    // namespace

namespace detail {

template <class T>
void copy_strided(const T* data, const Shape& whole, const Strides& steps, T* out) {
    if (std::find(whole.begin(), whole.end(), std::size_t{0}) != whole.end()) return;
    Shape shape = whole;
    Strides strides = steps;
    merge_axes(shape, {&strides, 1});
    if (shape.size() == 1 && strides[0] == 1) {
        parallel_for(shape[0], parallel_elements, [=](std::size_t begin, std::size_t end) {
            copy_elements(data + begin, end - begin, out + begin);
        });
        return;
    }
    const std::size_t last = shape.size() - 1, fast = fastest_axis(shape, strides);
    if (fast != last) {
        // One loop over all other axes and over strips of the fast one.
        constexpr std::size_t strip = 128 / sizeof(T);
        const Strides order = contiguous_strides(shape);
        const std::size_t strips = (shape[fast] + strip - 1) / strip;
        std::size_t others = 1;
        for (std::size_t d = 0; d < last; ++d)
            if (d != fast) others *= shape[d];
        parallel_for(others * strips, parallel_grain(strip * shape[last]), [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                std::size_t row = i % strips * strip, rest = i / strips;
                std::ptrdiff_t from = static_cast<std::ptrdiff_t>(row) * strides[fast];
                std::ptrdiff_t to = static_cast<std::ptrdiff_t>(row) * order[fast];
                for (std::size_t d = last; d-- > 0;)
                    if (d != fast) {
                        from += static_cast<std::ptrdiff_t>(rest % shape[d]) * strides[d];
                        to += static_cast<std::ptrdiff_t>(rest % shape[d]) * order[d];
                        rest /= shape[d];
                    }
                copy_transposed(data + from, strides[fast], strides[last], out + to,
                                static_cast<std::size_t>(order[fast]), std::min(strip, shape[fast] - row), shape[last]);
            }
        });
        return;
    }
    const Blocks blocks(shape);
    const Runs runs(blocks, shape, strides);
    parallel_for(blocks.count(), parallel_grain(blocks.size()), [&](std::size_t begin, std::size_t end) {
        for (std::size_t b = begin; b < end; ++b)
            runs.read(data + blocks.offset(b, strides), out + blocks[b].first, blocks[b].size);
    });
}
template void copy_strided(const float*, const Shape&, const Strides&, float*);
template void copy_strided(const double*, const Shape&, const Strides&, double*);

}    // namespace detail

template <class T>
bool View<T>::contiguous() const {
    std::ptrdiff_t step = 1;
    for (std::size_t d = shape.size(); d-- > 0;) {
        if (shape[d] != 1 && strides[d] != step) return false;
        step *= static_cast<std::ptrdiff_t>(shape[d]);
    }
    return true;
}

template <class T>
bool View<T>::in_order() const {
    constexpr std::size_t page = 4096;
    const std::size_t bytes = element_count(shape) * sizeof(T);
    return contiguous() && (bytes >= page || bytes == storage.size() * sizeof(T));
}

template <class T>
View<T> view(const Array<T>& array) {
    return {array.storage().share(), array.shape(), contiguous_strides(array.shape()), 0};
}

template <class T>
Array<T> materialize(const View<T>& view) {
    std::size_t count = element_count(view.shape);
    if (view.in_order()) return make_array<T>(view.storage.share(view.offset, count), view.shape);
    Storage<T> elements(count);
    detail::copy_strided(view.data(), view.shape, view.strides, elements.data());
    return make_array<T>(std::move(elements), view.shape);
}

template struct View<float>;
template struct View<double>;
template View<float> view(const Array<float>&);
template View<double> view(const Array<double>&);
template Array<float> materialize(const View<float>&);
template Array<double> materialize(const View<double>&);

}    // namespace xtape
