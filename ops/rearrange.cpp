#include <xtape/core/detail/strided.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/core/view.hpp>
#include <xtape/ops/rearrange.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/shape.hpp>
#include <xtape/ops/slice.hpp>

#include <string>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

template <class T>
struct Flip {
    static constexpr auto name = "flip";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"rearrange", "y = x backwards along axes", "dx = flip(g)", "y.shape = x.shape"};
    Strides axes;
    View<T> forward(const View<T>& x) const {
        View<T> y = x.share();
        for (std::ptrdiff_t axis : axes) {
            auto d = static_cast<std::size_t>(axis);
            if (x.shape[d] > 1) y.offset += (x.shape[d] - 1) * static_cast<std::size_t>(x.strides[d]);
            y.strides[d] = -x.strides[d];
        }
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>&, const Variable<T>&) const {
        return pullbacks([&] { return apply(Flip{axes}, g); });
    }
    static Samples samples();
};

template <class T>
struct Roll {
    static constexpr auto name = "roll";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"rearrange", "y_(i + shift) = x_i, around the end", "dx = g rolled back",
                                 "y.shape = x.shape"};
    std::ptrdiff_t shift;
    std::size_t axis;
    Array<T> forward(const Array<T>& x) const {
        Array<T> y = empty_array<T>(x.shape());
        if (y.size() == 0) return y;
        std::size_t outer = 1, length = x.shape()[axis];
        for (std::size_t d = 0; d < axis; ++d) outer *= x.shape()[d];
        auto n = static_cast<std::ptrdiff_t>(length);
        std::size_t row = y.size() / outer, inner = row / length;
        std::size_t moved = static_cast<std::size_t>((shift % n + n) % n) * inner, back = row - moved;
        const T* from = x.storage().data();
        T* to = y.storage().data();
        // All elements at once in the direction that is nearer, then what has gone around the end, row by row.
        const bool forward_is_near = moved <= back;
        if (forward_is_near)
            detail::copy_elements(from, y.size() - moved, to + moved);
        else
            detail::copy_elements(from + back, y.size() - back, to);
        const std::size_t around = forward_is_near ? moved : back;
        const T* end = from + (forward_is_near ? back : 0);
        T* begin = to + (forward_is_near ? 0 : moved);
        if (around > 0)
            detail::with_step(around, [&](auto step) {
                for (std::size_t k = 0; k < outer; ++k, end += row, begin += row)
                    detail::copy_run<step>(end, begin, around);
            });
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>&, const Variable<T>&) const {
        return pullbacks([&] { return apply(Roll{-shift, axis}, g); });
    }
    static Samples samples();
};

// The repeats of a tile or repeat as axes of their own: y seen under `split` has new axes of repeats, the others are
// x's.
template <class T>
View<T> broadcast_axes(const View<T>& x, const Shape& split, const xt::svector<bool, 8>& repeats) {
    View<T> y{x.storage.share(), split, Strides(split.size(), 0), x.offset};
    std::size_t d = x.shape.size();
    for (std::size_t k = split.size(); k-- > 0;)
        if (!repeats[k] && d > 0) y.strides[k] = x.strides[--d];
    return y;
}

template <class T>
struct Tile {
    static constexpr auto name = "tile";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"rearrange", "y = x repeated as a whole along axes", "dx = sum of g over the repeats",
                                 "y.shape = repeats x.shape"};
    Shape split;    // repeats and lengths in turn
    Shape shape;
    Array<T> forward(const View<T>& x) const {
        xt::svector<bool, 8> repeats(split.size());
        for (std::size_t k = 0; k < split.size(); k += 2) repeats[k] = true;
        return make_array<T>(std::move(materialize(broadcast_axes(x, split, repeats)).storage()), shape);
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>&) const {
        return pullbacks([&] {
            Strides repeats;
            for (std::size_t k = 0; k < split.size(); k += 2) repeats.push_back(static_cast<std::ptrdiff_t>(k));
            return reshape(sum(reshape(g, split), Axes(repeats)), x.shape());
        });
    }
    static Samples samples();
};

template <class T>
struct Repeat {
    static constexpr auto name = "repeat";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"rearrange", "y = x with each element repeated along an axis",
                                 "dx = sum of g over the repeats", "y.shape[axis] = times x.shape[axis]"};
    std::size_t axis;
    std::size_t times;
    Shape split(const Shape& x) const {
        Shape shape;
        for (std::size_t d = 0; d < x.size(); ++d) {
            shape.push_back(x[d]);
            if (d == axis) shape.push_back(times);
        }
        return shape;
    }
    Array<T> forward(const View<T>& x) const {
        xt::svector<bool, 8> repeats(x.shape.size() + 1);
        repeats[axis + 1] = true;
        Shape shape = x.shape;
        shape[axis] *= times;
        return make_array<T>(std::move(materialize(broadcast_axes(x, split(x.shape), repeats)).storage()), shape);
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>&) const {
        return pullbacks([&] { return sum(reshape(g, split(x.shape())), axis + 1); });
    }
    static Samples samples();
};

}    // namespace

template <class T>
Variable<T> flip(const Variable<T>& x, const Axes& axes) {
    return apply(Flip<T>{detail::list_axes("flip", axes, x.dimension())}, x);
}

template <class T>
Variable<T> roll(const Variable<T>& x, std::ptrdiff_t shift, std::optional<std::ptrdiff_t> axis) {
    if (!axis) return reshape(apply(Roll<T>{shift, 0}, flatten(x)), x.shape());
    return apply(Roll<T>{shift, normalize_axis("roll", *axis, x.dimension())}, x);
}

template <class T>
Variable<T> tile(const Variable<T>& x, const Lengths& repeats) {
    const Strides& list = repeats.list();
    std::size_t axes = std::max(list.size(), x.dimension());
    Tile<T> op;
    for (std::size_t d = 0; d < axes; ++d) {
        std::ptrdiff_t times = d + list.size() < axes ? 1 : list[d + list.size() - axes];
        if (times < 0) throw ShapeError("[tile] got " + std::to_string(times) + " repeats; wanted 0 or more");
        std::size_t length = d + x.dimension() < axes ? 1 : x.shape()[d + x.dimension() - axes];
        op.split.push_back(static_cast<std::size_t>(times));
        op.split.push_back(length);
        op.shape.push_back(static_cast<std::size_t>(times) * length);
    }
    element_count(op.shape);
    return apply(std::move(op), x);
}

template <class T>
Variable<T> repeat(const Variable<T>& x, std::ptrdiff_t times, std::optional<std::ptrdiff_t> axis) {
    if (times < 0) throw ShapeError("[repeat] got " + std::to_string(times) + " times; wanted 0 or more");
    if (!axis) return repeat(flatten(x), times, 0);
    return apply(Repeat<T>{normalize_axis("repeat", *axis, x.dimension()), static_cast<std::size_t>(times)}, x);
}

template Variable<float> flip(const Variable<float>&, const Axes&);
template Variable<double> flip(const Variable<double>&, const Axes&);
template Variable<float> roll(const Variable<float>&, std::ptrdiff_t, std::optional<std::ptrdiff_t>);
template Variable<double> roll(const Variable<double>&, std::ptrdiff_t, std::optional<std::ptrdiff_t>);
template Variable<float> tile(const Variable<float>&, const Lengths&);
template Variable<double> tile(const Variable<double>&, const Lengths&);
template Variable<float> repeat(const Variable<float>&, std::ptrdiff_t, std::optional<std::ptrdiff_t>);
template Variable<double> repeat(const Variable<double>&, std::ptrdiff_t, std::optional<std::ptrdiff_t>);

namespace {

A table() { return A{{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}}; }

template <class T>
Samples Flip<T>::samples() {
    return Samples()
        .add(
            "all axes", {table()}, [](const auto& x) { return flip(x[0]); },
            [](const Arrays&) {
                return A{{6.0, 5.0, 4.0}, {3.0, 2.0, 1.0}};
            })
        .add(
            "rows, of a slice", {table()}, [](const auto& x) { return flip(narrow(x[0], 1, Range{1}), 1); },
            [](const Arrays&) {
                return A{{3.0, 2.0}, {6.0, 5.0}};
            })
        .add(
            "0-d", {A(3.0)}, [](const auto& x) { return flip(x[0]); }, [](const Arrays&) { return A(3.0); })
        .add(
            "nothing", {A(Shape{0, 2})}, [](const auto& x) { return flip(x[0]); },
            [](const Arrays&) {
                return A(Shape{0, 2});
            },
            1)
        .refuse("no such axis", {table()}, [](const auto& x) { return flip(x[0], 2); });
}

template <class T>
Samples Roll<T>::samples() {
    return Samples()
        .add(
            "columns", {table()}, [](const auto& x) { return roll(x[0], 1, -1); },
            [](const Arrays&) {
                return A{{3.0, 1.0, 2.0}, {6.0, 4.0, 5.0}};
            })
        .add(
            "rows, far back", {table()}, [](const auto& x) { return roll(x[0], -7, 0); },
            [](const Arrays&) {
                return A{{4.0, 5.0, 6.0}, {1.0, 2.0, 3.0}};
            })
        .add(
            "in order", {table()}, [](const auto& x) { return roll(x[0], 2); },
            [](const Arrays&) {
                return A{{5.0, 6.0, 1.0}, {2.0, 3.0, 4.0}};
            })
        .add(
            "0-d", {A(3.0)}, [](const auto& x) { return roll(x[0], 2); }, [](const Arrays&) { return A(3.0); })
        .add(
            "nothing", {A(Shape{0})}, [](const auto& x) { return roll(x[0], 2, 0); },
            [](const Arrays&) { return A(Shape{0}); }, 1)
        .refuse("no such axis", {table()}, [](const auto& x) { return roll(x[0], 1, 2); });
}

template <class T>
Samples Tile<T>::samples() {
    return Samples()
        .add(
            "both axes", {A{{1.0, 2.0}, {3.0, 4.0}}},
            [](const auto& x) {
                return tile(x[0], {2, 2});
            },
            [](const Arrays&) {
                return A{{1.0, 2.0, 1.0, 2.0}, {3.0, 4.0, 3.0, 4.0}, {1.0, 2.0, 1.0, 2.0}, {3.0, 4.0, 3.0, 4.0}};
            })
        .add(
            "more repeats than axes", {A{1.0, 2.0}},
            [](const auto& x) {
                return tile(x[0], {3, 1});
            },
            [](const Arrays&) {
                return A{{1.0, 2.0}, {1.0, 2.0}, {1.0, 2.0}};
            })
        .add(
            "more axes than repeats", {A{{1.0, 2.0}, {3.0, 4.0}}}, [](const auto& x) { return tile(x[0], {2}); },
            [](const Arrays&) {
                return A{{1.0, 2.0, 1.0, 2.0}, {3.0, 4.0, 3.0, 4.0}};
            })
        .add(
            "0-d", {A(3.0)}, [](const auto& x) { return tile(x[0], {2}); },
            [](const Arrays&) {
                return A{3.0, 3.0};
            })
        .add(
            "0 times", {A{1.0, 2.0}}, [](const auto& x) { return tile(x[0], {0}); },
            [](const Arrays&) { return A(Shape{0}); }, 0)
        .refuse("negative repeats", {table()}, [](const auto& x) {
            return tile(x[0], {2, -1});
        });
}

template <class T>
Samples Repeat<T>::samples() {
    return Samples()
        .add(
            "columns", {A{{1.0, 2.0}, {3.0, 4.0}}}, [](const auto& x) { return repeat(x[0], 2, -1); },
            [](const Arrays&) {
                return A{{1.0, 1.0, 2.0, 2.0}, {3.0, 3.0, 4.0, 4.0}};
            })
        .add(
            "rows", {A{{1.0, 2.0}, {3.0, 4.0}}}, [](const auto& x) { return repeat(x[0], 2, 0); },
            [](const Arrays&) {
                return A{{1.0, 2.0}, {1.0, 2.0}, {3.0, 4.0}, {3.0, 4.0}};
            })
        .add(
            "in order, 0-d", {A(3.0)}, [](const auto& x) { return repeat(x[0], 3); },
            [](const Arrays&) {
                return A{3.0, 3.0, 3.0};
            })
        .add(
            "nothing", {A(Shape{0})}, [](const auto& x) { return repeat(x[0], 2); },
            [](const Arrays&) { return A(Shape{0}); }, 1)
        .refuse("negative times", {table()}, [](const auto& x) { return repeat(x[0], -1); })
        .refuse("no such axis", {table()}, [](const auto& x) { return repeat(x[0], 2, 2); });
}

}    // namespace
}    // namespace xtape
