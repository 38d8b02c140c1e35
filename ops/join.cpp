#include <xtape/core/operation.hpp>
#include <xtape/core/view.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/join.hpp>
#include <xtape/ops/slice.hpp>

#include <algorithm>
#include <string>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

// Copies the arrays into `shape`, each to its place: rows of `outer` that hold some elements of every array in turn.
template <class T>
Array<T> join(const Variables<T>& arrays, const Shape& shape, std::size_t outer) {
    Array<T> y = empty_array<T>(shape);
    if (y.size() == 0) return y;
    T* to = y.storage().data();
    std::size_t row = y.size() / outer;
    for (const auto& array : arrays) {
        std::size_t part = array.size() / outer;
        if (part == 0) continue;
        Array<T> elements = materialize(detail::view_of(array));
        detail::put_strided(detail::Put::assign, std::as_const(elements).storage().data(), Shape{outer, part},
                            Strides{static_cast<std::ptrdiff_t>(row), 1}, to);
        to += part;
    }
    return y;
}

std::size_t product(const Shape& shape, std::size_t axes) {
    std::size_t count = 1;
    for (std::size_t d = 0; d < axes; ++d) count *= shape[d];
    return count;
}

template <class T>
struct Concat {
    static constexpr auto name = "concat";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"join", "y = the arrays one after the other along an axis",
                                 "each array has its part of the gradient", "shapes differ in that axis at most"};
    std::size_t axis;
    Shape shape;
    Array<T> forward(const Variables<T>& x) const { return join(x, shape, product(shape, axis)); }
    auto vjp(const Variable<T>& g, const Variables<T>& x, const Variable<T>&) const {
        std::vector<std::size_t> begins{0};
        for (const auto& part : x) begins.push_back(begins.back() + part.shape()[axis]);
        return [this, &g, begins = std::move(begins)](std::size_t i) {
            return narrow(g, static_cast<std::ptrdiff_t>(axis), Range{begins[i], begins[i + 1]});
        };
    }
    static Samples samples();
};

template <class T>
struct Stack {
    static constexpr auto name = "stack";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"join", "y = the arrays along a new axis", "each array has its part of the gradient",
                                 "all shapes are the same"};
    std::size_t axis;
    Shape shape;
    Array<T> forward(const Variables<T>& x) const { return join(x, shape, product(shape, axis)); }
    auto vjp(const Variable<T>& g, const Variables<T>&, const Variable<T>&) const {
        return [this, &g](std::size_t i) {
            return pick(g, static_cast<std::ptrdiff_t>(i), static_cast<std::ptrdiff_t>(axis));
        };
    }
    static Samples samples();
};

}    // namespace

template <class T>
Variable<T> concat(const Variables<T>& arrays, std::ptrdiff_t axis) {
    if (arrays.empty()) throw ShapeError("[concat] got no arrays; wanted at least one");
    Shape shape = arrays[0].shape();
    std::size_t along = normalize_axis("concat", axis, shape.size());
    for (std::size_t i = 1; i < arrays.size(); ++i) {
        Shape other = arrays[i].shape();
        bool fits = other.size() == shape.size();
        if (fits) {
            shape[along] += other[along];
            other[along] = shape[along];
        }
        if (!fits || !same_shape(other, shape))
            throw ShapeError("[concat] got the shapes " + to_string(arrays[0].shape()) + " and " +
                             to_string(arrays[i].shape()) + "; wanted the same but for axis " + std::to_string(along));
    }
    return apply(Concat<T>{along, std::move(shape)}, arrays);
}

template <class T>
Variable<T> stack(const Variables<T>& arrays, std::ptrdiff_t axis) {
    if (arrays.empty()) throw ShapeError("[stack] got no arrays; wanted at least one");
    const Shape& shape = arrays[0].shape();
    std::size_t along = normalize_axis("stack", axis, shape.size() + 1);
    for (const auto& array : arrays)
        if (!same_shape(array.shape(), shape))
            throw ShapeError("[stack] got the shapes " + to_string(shape) + " and " + to_string(array.shape()) +
                             "; wanted the same");
    Shape stacked(shape.size() + 1, arrays.size());
    for (std::size_t d = 0; d < shape.size(); ++d) stacked[d < along ? d : d + 1] = shape[d];
    return apply(Stack<T>{along, std::move(stacked)}, arrays);
}

template <class T>
Variables<T> split(const Variable<T>& x, std::ptrdiff_t size, std::ptrdiff_t axis) {
    std::size_t length = x.shape()[normalize_axis("split", axis, x.dimension())];
    if (size < 1) throw ShapeError("[split] got parts of " + std::to_string(size) + " elements; wanted 1 or more");
    Variables<T> parts;
    for (std::size_t begin = 0; begin < length; begin += static_cast<std::size_t>(size))
        parts.push_back(narrow(x, axis, Range{begin, begin + static_cast<std::size_t>(size)}));
    return parts;
}

template <class T>
Variables<T> split(const Variable<T>& x, const Lengths& sizes, std::ptrdiff_t axis) {
    std::size_t length = x.shape()[normalize_axis("split", axis, x.dimension())], total = 0;
    bool valid = true;
    for (std::ptrdiff_t size : sizes.list()) {
        valid = valid && size >= 0 && static_cast<std::size_t>(size) <= length;
        total += static_cast<std::size_t>(size);
    }
    if (!valid || total != length)
        throw ShapeError("[split] got sizes that do not add up to axis " + std::to_string(axis) + " of the shape " +
                         to_string(x.shape()) + "; wanted sizes of 0 or more that add up to " + std::to_string(length));
    Variables<T> parts;
    std::ptrdiff_t begin = 0;
    for (std::ptrdiff_t size : sizes.list()) {
        parts.push_back(narrow(x, axis, Range{begin, begin + size}));
        begin += size;
    }
    return parts;
}

template <class T>
Variables<T> unstack(const Variable<T>& x, std::ptrdiff_t axis) {
    std::size_t length = x.shape()[normalize_axis("unstack", axis, x.dimension())];
    Variables<T> parts;
    parts.reserve(length);
    for (std::size_t i = 0; i < length; ++i) parts.push_back(pick(x, static_cast<std::ptrdiff_t>(i), axis));
    return parts;
}

template Variable<float> concat(const Variables<float>&, std::ptrdiff_t);
template Variable<double> concat(const Variables<double>&, std::ptrdiff_t);
template Variable<float> stack(const Variables<float>&, std::ptrdiff_t);
template Variable<double> stack(const Variables<double>&, std::ptrdiff_t);
template Variables<float> split(const Variable<float>&, std::ptrdiff_t, std::ptrdiff_t);
template Variables<double> split(const Variable<double>&, std::ptrdiff_t, std::ptrdiff_t);
template Variables<float> split(const Variable<float>&, const Lengths&, std::ptrdiff_t);
template Variables<double> split(const Variable<double>&, const Lengths&, std::ptrdiff_t);
template Variables<float> unstack(const Variable<float>&, std::ptrdiff_t);
template Variables<double> unstack(const Variable<double>&, std::ptrdiff_t);

namespace {

template <class T>
Samples Concat<T>::samples() {
    const A a{{1.0, 2.0}, {3.0, 4.0}}, b{{5.0, 6.0}};
    return Samples()
        .add(
            "rows", {a, b}, [](const auto& x) { return concat(x); },
            [](const Arrays&) {
                return A{{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}};
            })
        .add(
            "columns, one array twice", {a},
            [](const auto& x) {
                return concat({x[0], x[0] * x[0]}, -1);
            },
            [](const Arrays&) {
                return A{{1.0, 2.0, 1.0, 4.0}, {3.0, 4.0, 9.0, 16.0}};
            })
        .add(
            "with nothing", {b, A(Shape{0, 2})}, [](const auto& x) { return concat(x); },
            [](const Arrays&) {
                return A{{5.0, 6.0}};
            },
            1)
        .add(
            "split by sizes", {a},
            [](const auto& x) {
                auto parts = split(x[0], {0, 1, 1}, 1);
                return concat({parts[2], parts[0], parts[1]}, 1);
            },
            [](const Arrays&) {
                return A{{2.0, 1.0}, {4.0, 3.0}};
            })
        .add(
            "split by size", {A{1.0, 2.0, 3.0}},
            [](const auto& x) {
                auto parts = split(x[0], 2);
                return parts[0] * parts[1];
            },
            [](const Arrays&) {
                return A{3.0, 6.0};
            })
        .refuse("rows of 2 and 1", {a, A(Shape{1, 1}, 1.0)}, [](const auto& x) { return concat(x); })
        .refuse("two and one axes", {a, A{1.0, 2.0}}, [](const auto& x) { return concat(x); })
        .refuse("0-d", {A(1.0)}, [](const auto& x) { return concat(x); })
        .refuse("none", {a}, [](const auto& x) { return concat(std::decay_t<decltype(x)>{}); })
        .refuse("sizes that do not add up", {a},
                [](const auto& x) {
                    return split(x[0], {1, 2})[0];
                })
        .refuse("parts of 0", {a}, [](const auto& x) { return split(x[0], 0)[0]; });
}

template <class T>
Samples Stack<T>::samples() {
    const A a{1.0, 2.0, 3.0}, b{4.0, 5.0, 6.0};
    return Samples()
        .add(
            "rows", {a, b}, [](const auto& x) { return stack(x); },
            [](const Arrays&) {
                return A{{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}};
            })
        .add(
            "columns", {a, b},
            [](const auto& x) {
                return stack({x[0], x[1], x[0]}, -1);
            },
            [](const Arrays&) {
                return A{{1.0, 4.0, 1.0}, {2.0, 5.0, 2.0}, {3.0, 6.0, 3.0}};
            })
        .add(
            "0-d", {A(1.0), A(2.0)}, [](const auto& x) { return stack(x); },
            [](const Arrays&) {
                return A{1.0, 2.0};
            })
        .add(
            "unstack", {A{{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}}},
            [](const auto& x) {
                auto columns = unstack(x[0], 1);
                return columns[0] * columns[2];
            },
            [](const Arrays&) {
                return A{3.0, 24.0};
            })
        .refuse("two shapes", {a, A{1.0, 2.0}}, [](const auto& x) { return stack(x); })
        .refuse("no such axis", {a, b}, [](const auto& x) { return stack(x, 2); });
}

}    // namespace
}    // namespace xtape
