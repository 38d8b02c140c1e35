#include <xtape/core/detail/strided.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/triangle.hpp>

#include <algorithm>
#include <initializer_list>
#include <string>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

template <class T>
View<T> diagonal_of(const View<T>& x, std::ptrdiff_t offset, std::size_t axis1, std::size_t axis2) {
    View<T> y{x.storage.share(), {}, {}, x.offset};
    for (std::size_t d = 0; d < x.shape.size(); ++d) {
        if (d == axis1 || d == axis2) continue;
        y.shape.push_back(x.shape[d]);
        y.strides.push_back(x.strides[d]);
    }
    auto rows = static_cast<std::ptrdiff_t>(x.shape[axis1]), columns = static_cast<std::ptrdiff_t>(x.shape[axis2]);
    std::ptrdiff_t length =
        std::max<std::ptrdiff_t>(0, offset >= 0 ? std::min(rows, columns - offset) : std::min(rows + offset, columns));
    if (length > 0) {
        std::ptrdiff_t skipped = offset >= 0 ? offset * x.strides[axis2] : -offset * x.strides[axis1];
        y.offset = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(y.offset) + skipped);
    }
    y.shape.push_back(static_cast<std::size_t>(length));
    y.strides.push_back(x.strides[axis1] + x.strides[axis2]);
    return y;
}

template <class T>
struct FillDiagonal;

template <class T>
struct Diagonal {
    static constexpr auto name = "diagonal";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"triangle", "y_i = x_{i, i + offset}", "dx_{i, i + offset} = g_i, 0 elsewhere",
                                 "(..., m, ..., n, ...) -> (..., length)"};
    std::ptrdiff_t offset;
    std::size_t axis1, axis2;

    View<T> forward(const View<T>& x) const { return diagonal_of(x, offset, axis1, axis2); }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>&) const {
        return pullbacks([&g, &x, this] { return apply(FillDiagonal<T>{x.shape(), offset, axis1, axis2}, g); });
    }
    static Samples samples();
};

template <class T>
struct FillDiagonal {
    static constexpr auto name = "fill_diagonal";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"triangle", "y_{i, i + offset} = x_i, 0 elsewhere", "its adjoint is diagonal",
                                 "the adjoint of diagonal"};
    Shape shape;
    std::ptrdiff_t offset;
    std::size_t axis1, axis2;

    Array<T> forward(const Array<T>& x) const {
        Array<T> y(shape, T(0));
        if (x.size() == 0) return y;
        T* out = y.storage().data();
        const View<T> place = diagonal_of(view(y), offset, axis1, axis2);
        const T* in = x.storage().data();
        for (std::size_t i = 0; i < x.size(); ++i) {
            std::size_t rest = i;
            auto at = static_cast<std::ptrdiff_t>(place.offset);
            for (std::size_t d = place.shape.size(); d-- > 0; rest /= place.shape[d])
                at += static_cast<std::ptrdiff_t>(rest % place.shape[d]) * place.strides[d];
            out[at] = in[i];
        }
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>&, const Variable<T>&) const {
        return pullbacks([&g, this] { return apply(Diagonal<T>{offset, axis1, axis2}, g); });
    }
    static Samples samples();
};

// What is left of the matrices between two diagonals: first <= j - i <= last.
template <class T>
Array<T> band(const Array<T>& x, std::ptrdiff_t first, std::ptrdiff_t last) {
    Array<T> y = empty_array<T>(x.shape());
    if (y.size() == 0) return y;
    const std::size_t d = x.dimension();
    const auto rows = static_cast<std::ptrdiff_t>(x.shape()[d - 2]),
               columns = static_cast<std::ptrdiff_t>(x.shape()[d - 1]);
    const T* in = x.storage().data();
    T* out = y.storage().data();
    const auto all = static_cast<std::ptrdiff_t>(y.size()) / columns;
    detail::parallel_for(
        static_cast<std::size_t>(all), detail::parallel_grain(x.shape()[d - 1]),
        [=](std::size_t begin, std::size_t end) {
            std::ptrdiff_t count = 1;
            for (auto r = static_cast<std::ptrdiff_t>(begin); r < static_cast<std::ptrdiff_t>(end); r += count) {
                const std::ptrdiff_t i = r % rows, at = r * columns, most = static_cast<std::ptrdiff_t>(end) - r;
                const std::ptrdiff_t from = std::clamp(i + first, std::ptrdiff_t{0}, columns);
                const std::ptrdiff_t to = std::clamp(i + last + 1, from, columns);
                // Rows that are kept or dropped as a whole go together, up to the row where that ends.
                const bool whole = to - from == columns, none = to == from;
                const std::ptrdiff_t change = whole ? 1 - first : !none ? 0 : i + last + 1 <= 0 ? -last : rows;
                count = std::min(std::clamp(change, i + 1, rows) - i, most);
                if (whole) {
                    detail::copy_elements(in + at, static_cast<std::size_t>(count * columns), out + at);
                } else if (none) {
                    std::fill(out + at, out + at + count * columns, T(0));
                } else {
                    std::fill(out + at, out + at + from, T(0));
                    std::copy(in + at + from, in + at + to, out + at + from);
                    std::fill(out + at + to, out + at + columns, T(0));
                }
            }
        });
    return y;
}
constexpr std::ptrdiff_t far = std::ptrdiff_t{1} << 60;

template <class T>
struct Tril {
    static constexpr auto name = "tril";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"triangle", "y_ij = x_ij where j - i <= offset, else 0", "dx = tril(g)",
                                 "(..., m, n)"};
    std::ptrdiff_t offset;

    Array<T> forward(const Array<T>& x) const { return band(x, -far, offset); }
    auto vjp(const Variable<T>& g, const Variable<T>&, const Variable<T>&) const {
        return pullbacks([&g, this] { return tril(g, offset); });
    }
    static Samples samples();
};

template <class T>
struct Triu {
    static constexpr auto name = "triu";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"triangle", "y_ij = x_ij where j - i >= offset, else 0", "dx = triu(g)",
                                 "(..., m, n)"};
    std::ptrdiff_t offset;

    Array<T> forward(const Array<T>& x) const { return band(x, offset, far); }
    auto vjp(const Variable<T>& g, const Variable<T>&, const Variable<T>&) const {
        return pullbacks([&g, this] { return triu(g, offset); });
    }
    static Samples samples();
};

template <class T>
void check_matrix(const char* name, const Variable<T>& x) {
    if (x.dimension() < 2)
        throw ShapeError("[" + std::string(name) + "] got the shape " + to_string(x.shape()) +
                         "; wanted two axes or more");
}

// Offsets beyond any matrix say no more than the ends.
std::ptrdiff_t clamp_offset(std::ptrdiff_t offset) { return std::clamp(offset, -far, far - 1); }

}    // namespace

template <class T>
Variable<T> diagonal(const Variable<T>& x, std::ptrdiff_t offset, std::ptrdiff_t axis1, std::ptrdiff_t axis2) {
    check_matrix("diagonal", x);
    std::size_t first = normalize_axis("diagonal", axis1, x.dimension());
    std::size_t second = normalize_axis("diagonal", axis2, x.dimension());
    if (first == second)
        throw ShapeError("[diagonal] got axis " + std::to_string(axis1) + " and axis " + std::to_string(axis2) +
                         ", which are the same; wanted two");
    return apply(Diagonal<T>{clamp_offset(offset), first, second}, x);
}

template <class T>
Variable<T> tril(const Variable<T>& x, std::ptrdiff_t offset) {
    check_matrix("tril", x);
    return apply(Tril<T>{clamp_offset(offset)}, x);
}

template <class T>
Variable<T> triu(const Variable<T>& x, std::ptrdiff_t offset) {
    check_matrix("triu", x);
    return apply(Triu<T>{clamp_offset(offset)}, x);
}

template Variable<float> diagonal(const Variable<float>&, std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t);
template Variable<double> diagonal(const Variable<double>&, std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t);
template Variable<float> tril(const Variable<float>&, std::ptrdiff_t);
template Variable<double> tril(const Variable<double>&, std::ptrdiff_t);
template Variable<float> triu(const Variable<float>&, std::ptrdiff_t);
template Variable<double> triu(const Variable<double>&, std::ptrdiff_t);

namespace {

A shaped(const Shape& shape, std::initializer_list<double> elements) {
    return make_array<double>(Storage<double>(elements), shape);
}
A matrix() { return A{{1.5, -2.0, 0.5}, {0.25, 3.0, -1.0}}; }
A batch() { return shaped({2, 2, 2}, {1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0}); }

template <class T>
Samples Diagonal<T>::samples() {
    auto f = [](std::ptrdiff_t offset, std::ptrdiff_t axis1, std::ptrdiff_t axis2) {
        return [=](const auto& x) { return diagonal(x[0], offset, axis1, axis2); };
    };
    auto is = [](A y) { return [=](const Arrays&) { return y; }; };
    return Samples()
        .add("main", {matrix()}, f(0, 0, 1), is({1.5, 3.0}))
        .add("above", {matrix()}, f(2, 0, 1), is(shaped({1}, {0.5})))
        .add("below", {matrix()}, f(-1, 0, 1), is(shaped({1}, {0.25})))
        .add("of a batch", {batch()}, f(0, -2, -1), is({{1.0, 4.0}, {5.0, 8.0}}))
        .add("axes in another order", {batch()}, f(1, 2, 0), is(shaped({2, 1}, {5.0, 7.0})))
        .add("outside", {matrix()}, f(5, 0, 1), is(A(Shape{0})), 1)
        .refuse("the same axis twice", {matrix()}, f(0, 1, -1))
        .refuse("a list", {A{1.0, 2.0}}, f(0, 0, 1));
}

template <class T>
Samples FillDiagonal<T>::samples() {    // reached as the derivative of diagonal
    return Samples().add(
        "as an adjoint", {A{{1.0, 2.0}, {4.0, 8.0}}},
        [](const auto& x) {
            return apply(FillDiagonal<typename std::decay_t<decltype(x[0])>::value_type>{{2, 2, 3}, 1, 1, 2}, x[0]);
        },
        [](const Arrays&) {
            return shaped({2, 2, 3}, {0.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 4.0, 0.0, 0.0, 0.0, 8.0});
        });
}

template <class T>
Samples Tril<T>::samples() {
    auto f = [](std::ptrdiff_t offset) { return [=](const auto& x) { return tril(x[0], offset); }; };
    auto is = [](A y) { return [=](const Arrays&) { return y; }; };
    return Samples()
        .add("main", {matrix()}, f(0), is({{1.5, 0.0, 0.0}, {0.25, 3.0, 0.0}}))
        .add("above", {matrix()}, f(1), is({{1.5, -2.0, 0.0}, {0.25, 3.0, -1.0}}))
        .add("below", {matrix()}, f(-1), is({{0.0, 0.0, 0.0}, {0.25, 0.0, 0.0}}))
        .add("batch", {batch()}, f(0), is(shaped({2, 2, 2}, {1.0, 0.0, 3.0, 4.0, 5.0, 0.0, 7.0, 8.0})))
        .add("empty", {A(Shape{0, 3})}, f(0), is(A(Shape{0, 3})), 1)
        .refuse("a list", {A{1.0, 2.0}}, f(0));
}

template <class T>
Samples Triu<T>::samples() {
    auto f = [](std::ptrdiff_t offset) { return [=](const auto& x) { return triu(x[0], offset); }; };
    auto is = [](A y) { return [=](const Arrays&) { return y; }; };
    return Samples()
        .add("main", {matrix()}, f(0), is({{1.5, -2.0, 0.5}, {0.0, 3.0, -1.0}}))
        .add("above", {matrix()}, f(1), is({{0.0, -2.0, 0.5}, {0.0, 0.0, -1.0}}))
        .add("far below", {matrix()}, f(-9), is(matrix()))
        .add("batch", {batch()}, f(0), is(shaped({2, 2, 2}, {1.0, 2.0, 0.0, 4.0, 5.0, 6.0, 0.0, 8.0})))
        .refuse("a list", {A{1.0, 2.0}}, f(0));
}

}    // namespace
}    // namespace xtape
