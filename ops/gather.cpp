// Lookups with an index for each element.
#include <xtape/core/adjoint.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/detail/indices.hpp>
#include <xtape/ops/index.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

constexpr std::size_t parallel = 32 * 1024;    // elements from which a second thread pays

// Calls body(position in `indices`, position in an array of `shape`) in the order of the indices [begin, end).
template <class Body>
void walk(const Indices& indices, const Shape& shape, std::size_t axis, std::size_t begin, std::size_t end, Body body) {
    const Strides strides = contiguous_strides(shape);
    const std::int64_t* index = indices.storage().data();
    const std::size_t last = indices.dimension() - 1, row = indices.shape()[last];
    // Where the row stands that holds `begin`, but for the indexed axis; then row by row.
    Shape position(last, 0);
    std::ptrdiff_t base = 0;
    std::size_t rest = begin / row;
    for (std::size_t d = last; d-- > 0; rest /= indices.shape()[d]) {
        position[d] = rest % indices.shape()[d];
        if (d != axis) base += static_cast<std::ptrdiff_t>(position[d]) * strides[d];
    }
    const std::ptrdiff_t step = strides[axis], along = last != axis ? 1 : 0;
    std::size_t stop = begin - begin % row;
    for (std::size_t p = begin; p < end;) {
        auto j = static_cast<std::ptrdiff_t>(p - stop);
        for (stop = std::min(end, stop + row); p < stop; ++p, ++j)
            body(p, base + along * j + static_cast<std::ptrdiff_t>(index[p]) * step);
        for (std::size_t d = last; d-- > 0;) {
            if (d != axis) base += strides[d];
            if (++position[d] < indices.shape()[d]) break;
            if (d != axis) base -= static_cast<std::ptrdiff_t>(position[d]) * strides[d];
            position[d] = 0;
        }
    }
}

template <class T>
struct ScatterAdd;

template <class T>
struct Gather {
    static constexpr auto name = "gather";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"index", "y_ikj = x_{i, n_ikj, j}", "its adjoint is scatter_add",
                                 "the shape of the indices"};
    std::size_t axis;
    Indices indices;

    Array<T> forward(const Array<T>& x) const {
        Array<T> y = empty_array<T>(indices.shape());
        if (y.size() == 0) return y;
        const T* in = x.storage().data();
        T* out = y.storage().data();
        detail::parallel_for(y.size(), parallel, [&](std::size_t begin, std::size_t end) {
            walk(indices, x.shape(), axis, begin, end, [=](std::size_t p, std::ptrdiff_t at) { out[p] = in[at]; });
        });
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>&) const {
        return pullbacks([&g, &x, this] { return apply(ScatterAdd<T>{axis, share(indices), x.shape()}, g); });
    }
    static Samples samples();
};

template <class T>
struct ScatterAdd {
    static constexpr auto name = "scatter_add";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"index", "y_{i, n_ikj, j} = sum of the source_ikj with that index",
                                 "its adjoint is gather", "the source has the shape of the indices"};
    std::size_t axis;
    Indices indices;
    Shape shape;

    Array<T> forward(const Array<T>& source) const {
        Array<T> y(shape, T(0));
        if (source.size() == 0) return y;
        const T* in = source.storage().data();
        T* out = y.storage().data();
        walk(indices, shape, axis, 0, source.size(), [=](std::size_t p, std::ptrdiff_t at) { out[at] += in[p]; });
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>&, const Variable<T>&) const {
        return pullbacks([&g, this] { return apply(Gather<T>{axis, share(indices)}, g); });
    }
    static Samples samples();
};

std::size_t check_grid(const char* name, const Shape& shape, std::ptrdiff_t axis, const Indices& indices) {
    std::size_t place = normalize_axis(name, axis, shape.size());
    bool fits = indices.dimension() == shape.size();
    for (std::size_t d = 0; fits && d < shape.size(); ++d) fits = d == place || indices.shape()[d] <= shape[d];
    if (!fits)
        throw ShapeError("[" + std::string(name) + "] got an array of the shape " + to_string(shape) +
                         " and indices of the shape " + to_string(indices.shape()) +
                         "; wanted as many axes, none but the indexed one longer than the array's");
    return place;
}

}    // namespace

template <class T>
Variable<T> gather(const Variable<T>& x, std::ptrdiff_t axis, const IntegerArray& indices) {
    std::size_t place = check_grid("gather", x.shape(), axis, indices);
    return apply(Gather<T>{place, detail::normalize_indices("gather", indices, x.shape()[place])}, x);
}

template <class T>
Variable<T> scatter_add(const Variable<T>& x, std::ptrdiff_t axis, const IntegerArray& indices,
                        const Variable<T>& source) {
    std::size_t place = check_grid("scatter_add", x.shape(), axis, indices);
    if (!same_shape(source.shape(), indices.shape()))
        detail::refuse_source("scatter_add", source.shape(), indices.shape());
    return add(
        x, apply(ScatterAdd<T>{place, detail::normalize_indices("scatter_add", indices, x.shape()[place]), x.shape()},
                 source));
}

template Variable<float> gather(const Variable<float>&, std::ptrdiff_t, const IntegerArray&);
template Variable<double> gather(const Variable<double>&, std::ptrdiff_t, const IntegerArray&);
template Variable<float> scatter_add(const Variable<float>&, std::ptrdiff_t, const IntegerArray&,
                                     const Variable<float>&);
template Variable<double> scatter_add(const Variable<double>&, std::ptrdiff_t, const IntegerArray&,
                                      const Variable<double>&);

namespace {

A table() { return A{{1.5, -2.0, 0.5}, {0.25, 3.0, -1.0}}; }

template <class T>
Samples Gather<T>::samples() {
    auto f = [](std::ptrdiff_t axis, Indices indices) {
        return [=](const auto& x) { return gather(x[0], axis, indices); };
    };
    auto is = [](A y) { return [=](const Arrays&) { return y; }; };
    return Samples()
        .add("along rows", {table()}, f(1, {{2, 0, 0, -1}, {1, 1, 0, 2}}),
             is({{0.5, 1.5, 1.5, 0.5}, {3.0, 3.0, 0.25, -1.0}}))
        .add("along columns, fewer of them", {table()}, f(0, {{1, 0}, {0, 0}, {1, 1}}),
             is({{0.25, -2.0}, {1.5, -2.0}, {0.25, 3.0}}))
        .add("nothing", {table()}, f(1, Indices(Shape{2, 0})), is(A(Shape{2, 0})), 1)
        .refuse("index 3 of 3", {table()}, f(1, {{0, 3}, {0, 0}}))
        .refuse("three rows of indices for two", {table()}, f(1, {{0, 1}, {0, 1}, {0, 1}}))
        .refuse("a list for a matrix", {table()}, f(1, {0, 1}));
}

template <class T>
Samples ScatterAdd<T>::samples() {
    auto f = [](std::ptrdiff_t axis, Indices indices) {
        return [=](const auto& x) { return scatter_add(x[0], axis, indices, x[1]); };
    };
    return Samples()
        .add("along rows", {table(), A{{1.0, 2.0}, {4.0, 8.0}}}, f(1, {{2, 2}, {0, -2}}),
             [](const Arrays&) {
                 return A{{1.5, -2.0, 3.5}, {4.25, 11.0, -1.0}};
             })
        .add(
            "nothing", {table(), A(Shape{0, 3})}, f(0, Indices(Shape{0, 3})), [](const Arrays&) { return table(); }, 1)
        .refuse("another shape than the indices", {table(), A{{1.0, 2.0}}}, f(1, {{2, 2}, {0, 1}}));
}

}    // namespace
}    // namespace xtape
