#include <xtape/core/adjoint.hpp>
#include <xtape/core/detail/strided.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/detail/indices.hpp>
#include <xtape/ops/index.hpp>
#include <xtape/ops/shape.hpp>

#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

constexpr std::size_t parallel = 32 * 1024;    // elements from which a second thread pays

// An array as (outer, length, inner) around one of its axes.
struct Around {
    std::size_t outer = 1, length = 1, inner = 1;
    Around(const Shape& shape, std::size_t axis) : length(shape[axis]) {
        for (std::size_t d = 0; d < axis; ++d) outer *= shape[d];
        for (std::size_t d = axis + 1; d < shape.size(); ++d) inner *= shape[d];
    }
};

Shape with_length(Shape shape, std::size_t axis, std::size_t length) {
    shape[axis] = length;
    return shape;
}

// Keeps a loop from being turned into gather instructions, which take twice as long as its loads.
inline void one_by_one() { asm volatile(""); }

// Calls body(count), with a constant where the count is small: a row of three numbers is not worth a call.
template <class Body>
void with_constant(std::size_t count, Body body) {
    using std::integral_constant;
    switch (count) {
        case 1: return body(integral_constant<std::size_t, 1>{});
        case 2: return body(integral_constant<std::size_t, 2>{});
        case 3: return body(integral_constant<std::size_t, 3>{});
        case 4: return body(integral_constant<std::size_t, 4>{});
        default: return body(count);
    }
}

template <class T>
struct IndexAdd;

template <class T>
struct IndexSelect {
    static constexpr auto name = "index_select";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"index", "y_k = x_{i_k} along an axis", "its adjoint is index_add",
                                 "(..., n, ...), (m,) -> (..., m, ...)"};
    std::size_t axis;
    Indices indices;

    Array<T> forward(const Array<T>& x) const {
        Array<T> y = empty_array<T>(with_length(x.shape(), axis, indices.size()));
        if (y.size() == 0) return y;
        const Around from(x.shape(), axis);
        const T* in = x.storage().data();
        const std::int64_t* index = indices.storage().data();
        T* out = y.storage().data();
        const std::size_t count = indices.size();
        with_constant(from.inner, [&](auto inner) {
            detail::parallel_for(from.outer * count, std::max<std::size_t>(1, parallel / inner),
                                 [&](std::size_t begin, std::size_t end) {
                                     for (std::size_t r = begin; r < end;) {
                                         const std::size_t outer = r / count, stop = std::min(end, (outer + 1) * count);
                                         copy_rows(in + outer * from.length * inner, index + r % count, out + r * inner,
                                                   stop - r, inner);
                                         r = stop;
                                     }
                                 });
        });
        return y;
    }
    template <class Inner>
    static void copy_rows(const T* in, const std::int64_t* index, T* out, std::size_t count, Inner inner) {
        for (std::size_t k = 0; k < count; ++k) {
            one_by_one();
            const T* row = in + static_cast<std::size_t>(index[k]) * inner;
            if constexpr (std::is_same_v<Inner, std::size_t>)
                detail::copy_elements(row, inner, out + k * inner);
            else
                std::memcpy(out + k * inner, row, Inner::value * sizeof(T));
        }
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>&) const {
        return pullbacks([&g, length = x.shape()[axis], this] {
            return apply(IndexAdd<T>{axis, share(indices), length}, g);
        });
    }
    static Samples samples();
};

// Sums by index, onto zeros.
template <class T>
struct IndexAdd {
    static constexpr auto name = "index_add";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"index", "y_j = sum of source_k over i_k = j, along an axis",
                                 "its adjoint is index_select", "(..., m, ...), (m,) -> (..., n, ...)"};
    std::size_t axis;
    Indices indices;
    std::size_t length;

    // Elements `begin` to `end` of the rows of blocks `first` to `last`, which are made zero first.
    template <class Inner>
    void add_rows(const T* in, const std::int64_t* index, T* out, std::size_t first, std::size_t last, Inner inner,
                  std::size_t begin, std::size_t end) const {
        const std::size_t count = indices.size();
        if (end - begin == inner)
            std::fill(out + first * length * inner, out + last * length * inner, T(0));
        else
            for (std::size_t j = first * length; j < last * length; ++j)
                std::fill(out + j * inner + begin, out + j * inner + end, T(0));
        for (std::size_t o = first; o < last; ++o) {
            T* sums = out + o * length * inner;
            for (std::size_t k = 0; k < count; ++k) {
                const T* row = in + (o * count + k) * inner;
                T* sum = sums + static_cast<std::size_t>(index[k]) * inner;
                if constexpr (std::is_same_v<Inner, std::size_t>)
                    for (std::size_t i = begin; i < end; ++i) sum[i] += row[i];
                else
                    for (std::size_t i = 0; i < inner; ++i) sum[i] += row[i];
            }
        }
    }

    Array<T> forward(const Array<T>& source) const {
        if (source.size() == 0) return Array<T>(with_length(source.shape(), axis, length), T(0));
        Array<T> y = empty_array<T>(with_length(source.shape(), axis, length));
        const Around to(y.shape(), axis);
        const T* in = source.storage().data();
        const std::int64_t* index = indices.storage().data();
        T* out = y.storage().data();
        const std::size_t count = indices.size();
        // Cut where no two parts add to the same element: each is summed in the order of the indices.
        with_constant(to.inner, [&](auto inner) {
            detail::parallel_for(to.outer, std::max<std::size_t>(1, parallel / (count * inner)),
                                 [&](std::size_t first, std::size_t last) {
                                     detail::parallel_for(inner, std::max<std::size_t>(64, parallel / count),
                                                          [&](std::size_t begin, std::size_t end) {
                                                              add_rows(in, index, out, first, last, inner, begin, end);
                                                          });
                                 });
        });
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>&, const Variable<T>&) const {
        return pullbacks([&g, this] { return apply(IndexSelect<T>{axis, share(indices)}, g); });
    }
    static Samples samples();
};

std::size_t check_list(const char* name, const Shape& shape, std::ptrdiff_t axis, const Indices& indices) {
    if (indices.dimension() != 1)
        throw ShapeError("[" + std::string(name) + "] got indices of the shape " + to_string(indices.shape()) +
                         "; wanted a list; take and embedding accept any shape");
    return normalize_axis(name, axis, shape.size());
}

}    // namespace

template <class T>
Variable<T> index_select(const Variable<T>& x, std::ptrdiff_t axis, const IntegerArray& indices) {
    std::size_t place = check_list("index_select", x.shape(), axis, indices);
    return apply(IndexSelect<T>{place, detail::normalize_indices("index_select", indices, x.shape()[place])}, x);
}

template <class T>
Variable<T> index_add(const Variable<T>& x, std::ptrdiff_t axis, const IntegerArray& indices,
                      const Variable<T>& source) {
    std::size_t place = check_list("index_add", x.shape(), axis, indices), length = x.shape()[place];
    if (Shape wanted = with_length(x.shape(), place, indices.size()); !same_shape(source.shape(), wanted))
        detail::refuse_source("index_add", source.shape(), wanted);
    return add(x, apply(IndexAdd<T>{place, detail::normalize_indices("index_add", indices, length), length}, source));
}

template <class T>
Variable<T> take(const Variable<T>& x, const IntegerArray& indices) {
    Indices list = detail::normalize_indices("take", share(indices, Shape{indices.size()}), x.size());
    return reshape(apply(IndexSelect<T>{0, std::move(list)}, reshape(x, Shape{x.size()})), indices.shape());
}

template <class T>
Variable<T> embedding(const Variable<T>& table, const IntegerArray& indices) {
    if (table.dimension() == 0) throw ShapeError("[embedding] got a table of the shape (); wanted at least one axis");
    Indices list = detail::normalize_indices("embedding", share(indices, Shape{indices.size()}), table.shape()[0]);
    Shape shape = indices.shape();
    for (std::size_t d = 1; d < table.dimension(); ++d) shape.push_back(table.shape()[d]);
    return reshape(apply(IndexSelect<T>{0, std::move(list)}, table), shape);
}

template <class T>
Variable<T> masked_select(const Variable<T>& x, const Mask& mask) {
    const Shape shape = broadcast_shapes("masked_select", x.shape(), mask.shape());
    const Mask whole = xt::broadcast(mask, shape);
    const bool* chosen = whole.storage().data();
    Indices indices(Shape{static_cast<std::size_t>(std::count(chosen, chosen + whole.size(), true))});
    for (std::size_t i = 0, k = 0; i < whole.size(); ++i)
        if (chosen[i]) indices.storage()[k++] = static_cast<std::int64_t>(i);
    return apply(IndexSelect<T>{0, std::move(indices)}, reshape(broadcast_to(x, shape), Shape{whole.size()}));
}

template <class T>
Array<T> one_hot(const IntegerArray& indices, std::size_t classes) {
    Shape shape = indices.shape();
    shape.push_back(classes);
    Array<T> y(shape, T(0));
    for (std::size_t i = 0; i < indices.size(); ++i) {
        std::int64_t index = indices.storage()[i];
        if (index < 0 || index >= static_cast<std::int64_t>(classes))
            detail::refuse_index("one_hot", index, i, classes);
        y.storage()[i * classes + static_cast<std::size_t>(index)] = 1;
    }
    return y;
}

#define XTAPE_INSTANTIATE(T)                                                                                     \
    template Variable<T> index_select(const Variable<T>&, std::ptrdiff_t, const IntegerArray&);                  \
    template Variable<T> index_add(const Variable<T>&, std::ptrdiff_t, const IntegerArray&, const Variable<T>&); \
    template Variable<T> take(const Variable<T>&, const IntegerArray&);                                          \
    template Variable<T> embedding(const Variable<T>&, const IntegerArray&);                                     \
    template Variable<T> masked_select(const Variable<T>&, const Mask&);                                         \
    template Array<T> one_hot(const IntegerArray&, std::size_t);
XTAPE_INSTANTIATE(float)
XTAPE_INSTANTIATE(double)
#undef XTAPE_INSTANTIATE

namespace {

A table() { return A{{1.5, -2.0, 0.5}, {0.25, 3.0, -1.0}}; }

template <class T>
Samples IndexSelect<T>::samples() {
    auto select = [](std::ptrdiff_t axis, Indices indices) {
        return [=](const auto& x) { return index_select(x[0], axis, indices); };
    };
    auto is = [](A y) { return [=](const Arrays&) { return y; }; };
    auto masked = [](Mask mask) { return [=](const auto& x) { return masked_select(x[0], mask); }; };
    return Samples()
        .add("columns, one twice", {table()}, select(1, {2, 0, -1}), is({{0.5, 1.5, 0.5}, {-1.0, 0.25, -1.0}}))
        .add("rows", {table()}, select(0, {1}), is(make_array<double>({0.25, 3.0, -1.0}, {1, 3})))
        .add("nothing", {table()}, select(0, Indices(Shape{0})), is(A(Shape{0, 3})), 1)
        .add(
            "take", {table()},
            [](const auto& x) {
                return take(x[0], Indices{{5, 1}, {-6, 1}});
            },
            is({{-1.0, -2.0}, {1.5, -2.0}}))
        .add(
            "take one", {table()}, [](const auto& x) { return take(x[0], Indices(std::int64_t{4})); }, is(A(3.0)))
        .add(
            "embedding", {table()},
            [](const auto& x) {
                return embedding(x[0], Indices{1, 1, 0});
            },
            is({{0.25, 3.0, -1.0}, {0.25, 3.0, -1.0}, {1.5, -2.0, 0.5}}))
        .add("masked", {table()}, masked({{true, false, true}, {false, true, false}}), is({1.5, 0.5, 3.0}))
        .add("mask that broadcasts", {table()}, masked({true, false, true}), is({1.5, 0.5, 0.25, -1.0}))
        .add("number that broadcasts", {A(2.0)}, masked({true, false, true}), is({2.0, 2.0}))
        .refuse("index 3 of 3", {table()}, select(1, {0, 3}))
        .refuse("axis 2", {table()}, select(2, {0}))
        .refuse("a grid of indices", {table()}, select(0, {{0, 1}, {1, 0}}))
        .refuse("mask of 2 for 3", {table()}, masked({true, false}))
        .refuse("0-d", {A(1.0)}, select(0, {0}));
}

template <class T>
Samples IndexAdd<T>::samples() {
    auto f = [](std::ptrdiff_t axis, Indices indices) {
        return [=](const auto& x) { return index_add(x[0], axis, indices, x[1]); };
    };
    return Samples()
        .add("columns, one twice", {table(), A{{1.0, 2.0, 4.0}, {3.0, 5.0, -1.0}}}, f(1, {2, 0, -1}),
             [](const Arrays&) {
                 return A{{3.5, -2.0, 5.5}, {5.25, 3.0, 1.0}};
             })
        .add(
            "nothing", {table(), A(Shape{0, 3})}, f(0, Indices(Shape{0})), [](const Arrays&) { return table(); }, 1)
        .refuse("source too long", {table(), A(Shape{3, 3}, 1.0)}, f(0, {0, 1}))
        .refuse("index -3 of 2", {table(), A(Shape{1, 3}, 1.0)}, f(0, {-3}));
}

}    // namespace
}    // namespace xtape
