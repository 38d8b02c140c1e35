#include <xtape/core/shape.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/core/view.hpp>

#include <algorithm>

namespace xtape {
namespace {

// Axes of length 1 dropped and axes that continue one another merged, so that loops are few and long.
void collapse(Shape& shape, Strides& strides) {
    Shape merged_shape;
    Strides merged_strides;
    for (std::size_t d = 0; d < shape.size(); ++d) {
        if (shape[d] == 1) continue;
        if (!merged_shape.empty() && merged_strides.back() == strides[d] * static_cast<std::ptrdiff_t>(shape[d])) {
            merged_shape.back() *= shape[d];
            merged_strides.back() = strides[d];
        } else {
            merged_shape.push_back(shape[d]);
            merged_strides.push_back(strides[d]);
        }
    }
    shape = merged_shape;
    strides = merged_strides;
}

template <class T>
void copy_run(const T* from, std::ptrdiff_t step, T* to, std::size_t count) {
    if (step == 1)
        std::copy_n(from, count, to);
    else if (step == 0)
        std::fill_n(to, count, *from);
    else
        for (std::size_t i = 0; i < count; ++i) to[i] = from[static_cast<std::ptrdiff_t>(i) * step];
}

// rows x columns, where a row's elements lie `step` apart and rows lie `row_step` apart with |row_step| < |step|:
// square tiles, so that each cache line that is fetched is used whole.
template <class T>
void copy_transposed(const T* from, std::ptrdiff_t row_step, std::ptrdiff_t step, T* to, std::size_t rows,
                     std::size_t columns) {
    constexpr std::size_t tile = 64 / sizeof(T) * 2;
    detail::parallel_for(
        (rows + tile - 1) / tile, std::max<std::size_t>(1, 65536 / (columns * tile)),
        [&](std::size_t first, std::size_t last) {
            T block[tile * tile];
            for (std::size_t r0 = first * tile; r0 < std::min(rows, last * tile); r0 += tile)
                for (std::size_t c0 = 0; c0 < columns; c0 += tile) {
                    std::size_t r1 = std::min(rows - r0, tile), c1 = std::min(columns - c0, tile);
                    const T* corner =
                        from + static_cast<std::ptrdiff_t>(r0) * row_step + static_cast<std::ptrdiff_t>(c0) * step;
                    for (std::size_t c = 0; c < c1; ++c)
                        copy_run(corner + static_cast<std::ptrdiff_t>(c) * step, row_step, block + c * tile, r1);
                    for (std::size_t r = 0; r < r1; ++r)
                        for (std::size_t c = 0; c < c1; ++c) to[(r0 + r) * columns + c0 + c] = block[c * tile + r];
                }
        });
}

template <class T>
void copy_axes(const T* from, const std::size_t* shape, const std::ptrdiff_t* strides, std::size_t axes, T* to) {
    if (axes == 1) {
        copy_run(from, strides[0], to, shape[0]);
        return;
    }
    std::size_t inner = 1;
    for (std::size_t d = 1; d < axes; ++d) inner *= shape[d];
    if (axes == 2 && std::abs(strides[0]) < std::abs(strides[1]) && strides[0] != 0) {
        copy_transposed(from, strides[0], strides[1], to, shape[0], shape[1]);
        return;
    }
    detail::parallel_for(shape[0], std::max<std::size_t>(1, 65536 / std::max<std::size_t>(1, inner)),
                         [&](std::size_t begin, std::size_t end) {
                             for (std::size_t i = begin; i < end; ++i)
                                 copy_axes(from + static_cast<std::ptrdiff_t>(i) * strides[0], shape + 1, strides + 1,
                                           axes - 1, to + i * inner);
                         });
}

}    // namespace

namespace detail {

template <class T>
void copy_strided(const T* data, const Shape& shape, const Strides& strides, T* out) {
    if (std::find(shape.begin(), shape.end(), std::size_t{0}) != shape.end()) return;
    Shape merged_shape = shape;
    Strides merged_strides = strides;
    collapse(merged_shape, merged_strides);
    if (merged_shape.empty())
        *out = *data;
    else
        copy_axes(data, merged_shape.data(), merged_strides.data(), merged_shape.size(), out);
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
View<T> view(const Array<T>& array) {
    return {array.storage().share(), array.shape(), contiguous_strides(array.shape()), 0};
}

template <class T>
Array<T> materialize(const View<T>& view) {
    std::size_t count = element_count(view.shape);
    if (view.contiguous() && view.offset == 0 && view.storage.size() == count)
        return make_array<T>(view.storage.share(), view.shape);
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
