#include <xtape/core/array.hpp>

template class xt::xarray_container<xtape::Storage<float>, xt::layout_type::row_major, xtape::Shape>;
template class xt::xarray_container<xtape::Storage<double>, xt::layout_type::row_major, xtape::Shape>;

namespace xtape {

template class Storage<float>;
template class Storage<double>;

template <class T>
Array<T> make_array(Storage<T>&& elements, const Shape& shape) {
    Strides strides(shape.size());
    std::ptrdiff_t step = 1;
    for (std::size_t d = shape.size(); d-- > 0;) {
        strides[d] = shape[d] == 1 ? 0 : step;    // xtensor's convention: an axis of length 1 does not move
        step *= static_cast<std::ptrdiff_t>(shape[d]);
    }
    return Array<T>(std::move(elements), Shape(shape), std::move(strides));
}

template <class T>
Array<T> empty_array(const Shape& shape) {
    std::size_t size = 1;
    for (std::size_t length : shape) size *= length;
    return make_array<T>(Storage<T>(size), shape);
}

template Array<float> make_array(Storage<float>&&, const Shape&);
template Array<double> make_array(Storage<double>&&, const Shape&);
template Array<std::int64_t> make_array(Storage<std::int64_t>&&, const Shape&);
template Array<bool> make_array(Storage<bool>&&, const Shape&);
template Array<float> empty_array(const Shape&);
template Array<double> empty_array(const Shape&);
template Array<std::int64_t> empty_array(const Shape&);
template Array<bool> empty_array(const Shape&);

}    // namespace xtape
