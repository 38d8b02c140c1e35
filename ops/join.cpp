#include <xtape/core/operation.hpp>
#include <xtape/core/view.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/detail/join.hpp>
#include <xtape/ops/join.hpp>
#include <xtape/ops/shape.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

// The parts of x along an axis, of the given lengths; without those, all of its elements, each without the axis.
template <class T>
Variables<T> take_apart(const Variable<T>& x, std::size_t axis, std::vector<std::size_t> lengths);

template <class T>
struct Concat {
    static constexpr auto name = "concat";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"join", "y = the arrays one after the other along an axis",
                                 "each array has its part of the gradient", "shapes differ in that axis at most"};
    std::size_t axis;
    Shape shape;
    Array<T> forward(const Variables<T>& x) const { return detail::join(x, shape, axis); }
    auto vjp(const Variable<T>& g, const Variables<T>& x, const Variable<T>&) const {
        std::vector<std::size_t> lengths;
        lengths.reserve(x.size());
        for (const auto& part : x) lengths.push_back(part.shape()[axis]);
        return [parts = take_apart(g, axis, std::move(lengths))](std::size_t i) { return parts[i]; };
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
    Array<T> forward(const Variables<T>& x) const { return detail::join(x, shape, axis); }
    auto vjp(const Variable<T>& g, const Variables<T>&, const Variable<T>&) const {
        return [parts = take_apart(g, axis, {})](std::size_t i) { return parts[i]; };
    }
    static Samples samples();
};

// Views of x; their gradients are written into one array, side by side.
template <class T>
struct Split {
    static constexpr auto name = "split";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"join", "y_k = the k-th part of x along an axis", "dx = the parts' gradients, joined",
                                 "parts differ in that axis at most, or lack it"};
    std::size_t axis;
    std::vector<std::size_t> lengths;    // of the parts; none: each is one element, without the axis

    std::vector<View<T>> forward(const View<T>& x) const {
        const bool single = lengths.empty();
        const std::size_t count = single ? x.shape[axis] : lengths.size();
        std::vector<View<T>> parts;
        parts.reserve(count);
        std::size_t begin = 0;
        for (std::size_t k = 0; k < count; ++k) {
            View<T> part = x.share();
            if (single) {
                part.shape.erase(part.shape.begin() + static_cast<std::ptrdiff_t>(axis));
                part.strides.erase(part.strides.begin() + static_cast<std::ptrdiff_t>(axis));
            } else {
                part.shape[axis] = lengths[k];
            }
            if (element_count(part.shape) > 0)
                part.offset += static_cast<std::size_t>(static_cast<std::ptrdiff_t>(begin) * x.strides[axis]);
            begin += single ? 1 : lengths[k];
            parts.push_back(std::move(part));
        }
        return parts;
    }
    auto vjp(const Variables<T>& g, const Variable<T>&, const Variables<T>&) const {
        return pullbacks([&g, this] {
            const auto along = static_cast<std::ptrdiff_t>(axis);
            return lengths.empty() ? stack(g, along) : concat(g, along);
        });
    }
    static Samples samples();
};

template <class T>
Variables<T> take_apart(const Variable<T>& x, std::size_t axis, std::vector<std::size_t> lengths) {
    if (lengths.empty() && x.shape()[axis] == 0) return {};
    return apply(Split<T>{axis, std::move(lengths)}, x);
}

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
    const std::size_t along = normalize_axis("split", axis, x.dimension()), length = x.shape()[along];
    if (size < 1) throw ShapeError("[split] got parts of " + std::to_string(size) + " elements; wanted 1 or more");
    const auto most = static_cast<std::size_t>(size);
    std::vector<std::size_t> lengths;
    for (std::size_t begin = 0; begin < length; begin += std::min(most, length - begin))
        lengths.push_back(std::min(most, length - begin));
    return take_apart(x, along, std::move(lengths));
}

template <class T>
Variables<T> split(const Variable<T>& x, const Lengths& sizes, std::ptrdiff_t axis) {
    const std::size_t along = normalize_axis("split", axis, x.dimension()), length = x.shape()[along];
    std::size_t total = 0;
    bool valid = true;
    std::vector<std::size_t> lengths;
    for (std::ptrdiff_t size : sizes.list()) {
        valid = valid && size >= 0 && static_cast<std::size_t>(size) <= length;
        lengths.push_back(static_cast<std::size_t>(size));
        total += lengths.back();
    }
    if (!valid || total != length)
        throw ShapeError("[split] got sizes that do not add up to axis " + std::to_string(axis) + " of the shape " +
                         to_string(x.shape()) + "; wanted sizes of 0 or more that add up to " + std::to_string(length));
    return lengths.empty() ? Variables<T>() : take_apart(x, along, std::move(lengths));
}

template <class T>
Variables<T> unstack(const Variable<T>& x, std::ptrdiff_t axis) {
    return take_apart(x, normalize_axis("unstack", axis, x.dimension()), {});
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
        .refuse("rows of 2 and 1", {a, A(Shape{1, 1}, 1.0)}, [](const auto& x) { return concat(x); })
        .refuse("two and one axes", {a, A{1.0, 2.0}}, [](const auto& x) { return concat(x); })
        .refuse("0-d", {A(1.0)}, [](const auto& x) { return concat(x); })
        .refuse("none", {a}, [](const auto& x) { return concat(std::decay_t<decltype(x)>{}); });
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
        .refuse("two shapes", {a, A{1.0, 2.0}}, [](const auto& x) { return stack(x); })
        .refuse("no such axis", {a, b}, [](const auto& x) { return stack(x, 2); });
}

template <class T>
Samples Split<T>::samples() {
    const A a{{1.0, 2.0}, {3.0, 4.0}};
    return Samples()
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
        .add(
            "unstack", {A{{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}}},
            [](const auto& x) {
                auto columns = unstack(x[0], 1);
                return columns[0] * columns[2];
            },
            [](const Arrays&) {
                return A{3.0, 24.0};
            })
        .add(
            "of columns, one of them not used", {A{{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}}},
            [](const auto& x) {
                auto columns = unstack(x[0] * x[0], -1);
                return stack({columns[2], columns[0], columns[2]}, 1);
            },
            [](const Arrays&) {
                return A{{9.0, 1.0, 9.0}, {36.0, 16.0, 36.0}};
            })
        .add(
            "of a transposed array", {A{{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}}},
            [](const auto& x) {
                auto parts = split(transpose(x[0]), 2);
                return concat({transpose(parts[1]), transpose(parts[0]), transpose(parts[0])}, 1);
            },
            [](const Arrays&) {
                return A{{3.0, 1.0, 2.0, 1.0, 2.0}, {6.0, 4.0, 5.0, 4.0, 5.0}};
            })
        .refuse("sizes that do not add up", {a},
                [](const auto& x) {
                    return split(x[0], {1, 2})[0];
                })
        .refuse("parts of 0", {a}, [](const auto& x) { return split(x[0], 0)[0]; });
}

}    // namespace
}    // namespace xtape
