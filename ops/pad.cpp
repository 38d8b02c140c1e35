#include <xtape/core/adjoint.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/core/view.hpp>
#include <xtape/ops/join.hpp>
#include <xtape/ops/pad.hpp>
#include <xtape/ops/slice.hpp>

#include <string>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

template <class T>
struct Pad {
    static constexpr auto name = "pad";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"pad", "y = x with margins of a constant", "its adjoint cuts the margins off",
                                 "y.shape = before + x.shape + after"};
    Shape shape;
    Strides before;
    double value;
    Array<T> forward(const View<T>& x) const {
        Array<T> y = empty_array<T>(shape);
        y.fill(static_cast<T>(value));
        Strides strides = contiguous_strides(shape);
        std::ptrdiff_t offset = 0;
        for (std::size_t d = 0; d < shape.size(); ++d) offset += before[d] * strides[d];
        Array<T> elements = materialize(x);
        if (elements.size() > 0)
            detail::put_strided(detail::Put::assign, std::as_const(elements).storage().data(), x.shape, strides,
                                y.storage().data() + offset);
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>&) const {
        return pullbacks([&] {
            std::vector<SliceItem> inside;
            for (std::size_t d = 0; d < shape.size(); ++d)
                inside.push_back(Range{before[d], static_cast<std::size_t>(before[d]) + x.shape()[d]});
            return slice(g, inside);
        });
    }
    static Samples samples();
};

template <class T>
Variable<T> reflect(const Variable<T>& x, std::size_t axis, PadWidth width) {
    auto length = static_cast<std::ptrdiff_t>(x.shape()[axis]), along = static_cast<std::ptrdiff_t>(axis);
    std::ptrdiff_t before = width.before.number, after = width.after.number;
    if (before == 0 && after == 0) return x;
    if (before >= length || after >= length)
        throw ShapeError("[pad] got a reflection by " + std::to_string(std::max(before, after)) + " of axis " +
                         std::to_string(axis) + " of the shape " + to_string(x.shape()) +
                         "; wanted fewer elements than the axis has");
    Variables<T> parts;
    if (before > 0) parts.push_back(narrow(x, along, Range{before, 0, -1}));
    parts.push_back(x);
    if (after > 0) parts.push_back(narrow(x, along, Range{-2, -2 - after, -1}));
    return concat(parts, along);
}

template <class T>
Variable<T> repeat_edges(const Variable<T>& x, std::size_t axis, PadWidth width) {
    auto along = static_cast<std::ptrdiff_t>(axis);
    if (width.before.number == 0 && width.after.number == 0) return x;
    if (x.shape()[axis] == 0)
        throw ShapeError("[pad] got the edge of axis " + std::to_string(axis) + " of the shape " +
                         to_string(x.shape()) + ", which has no elements; wanted some");
    auto repeated = [&](const Variable<T>& edge, std::ptrdiff_t times) {
        Shape shape = edge.shape();
        shape[axis] = static_cast<std::size_t>(times);
        return broadcast_to(edge, shape);
    };
    return concat({repeated(narrow(x, along, Range{0, 1}), width.before.number), x,
                   repeated(narrow(x, along, Range{-1}), width.after.number)},
                  along);
}

template <class T>
Variable<T> wrap(const Variable<T>& x, std::size_t axis, PadWidth width) {
    auto length = static_cast<std::ptrdiff_t>(x.shape()[axis]), along = static_cast<std::ptrdiff_t>(axis);
    std::ptrdiff_t before = width.before.number, after = width.after.number;
    if (before == 0 && after == 0) return x;
    if (before > length || after > length)
        throw ShapeError("[pad] got " + std::to_string(std::max(before, after)) +
                         " elements from the other end of axis " + std::to_string(axis) + " of the shape " +
                         to_string(x.shape()) + "; wanted no more than the axis has");
    return concat({narrow(x, along, Range{length - before}), x, narrow(x, along, Range{0, after})}, along);
}

}    // namespace

std::vector<PadWidth> PadWidths::of(std::size_t dimension) const {
    std::vector<PadWidth> widths = list_;
    if (widths.size() != dimension)
        throw ShapeError("[pad] got " + std::to_string(widths.size()) + " pairs of widths for an array of " +
                         std::to_string(dimension) + " axes; wanted one per axis");
    for (const auto& width : widths)
        if (width.before.number < 0 || width.after.number < 0)
            throw ShapeError("[pad] got the widths " + std::to_string(width.before.number) + " and " +
                             std::to_string(width.after.number) + "; wanted 0 or more");
    return widths;
}

template <class T>
Variable<T> pad(const Variable<T>& x, const PadWidths& widths, PadOptions options) {
    const auto width = widths.of(x.dimension());
    if (options.mode == PadMode::constant) {
        Pad<T> op{x.shape(), Strides(x.dimension()), options.value};
        for (std::size_t d = 0; d < width.size(); ++d) {
            op.before[d] = width[d].before.number;
            op.shape[d] += static_cast<std::size_t>(width[d].before.number + width[d].after.number);
        }
        element_count(op.shape);
        return apply(std::move(op), x);
    }
    Variable<T> y = x;
    for (std::size_t d = 0; d < width.size(); ++d)
        y = options.mode == PadMode::reflect ? reflect(y, d, width[d])
            : options.mode == PadMode::edge  ? repeat_edges(y, d, width[d])
                                             : wrap(y, d, width[d]);
    return y;
}

template Variable<float> pad(const Variable<float>&, const PadWidths&, PadOptions);
template Variable<double> pad(const Variable<double>&, const PadWidths&, PadOptions);

namespace {

template <class T>
Samples Pad<T>::samples() {
    const A x{{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}};
    return Samples()
        .add(
            "constant", {x},
            [](const auto& v) {
                return pad(v[0], {{1, 0}, {0, 2}}, {.value = 0.5});
            },
            [](const Arrays&) {
                return A{{0.5, 0.5, 0.5, 0.5, 0.5}, {1.0, 2.0, 3.0, 0.5, 0.5}, {4.0, 5.0, 6.0, 0.5, 0.5}};
            })
        .add(
            "reflect", {x},
            [](const auto& v) {
                return pad(v[0], {{1, 1}, {2, 1}}, {.mode = PadMode::reflect});
            },
            [](const Arrays&) {
                return A{{6.0, 5.0, 4.0, 5.0, 6.0, 5.0},
                         {3.0, 2.0, 1.0, 2.0, 3.0, 2.0},
                         {6.0, 5.0, 4.0, 5.0, 6.0, 5.0},
                         {3.0, 2.0, 1.0, 2.0, 3.0, 2.0}};
            })
        .add(
            "edge", {x},
            [](const auto& v) {
                return pad(v[0], {{0, 1}, {2, 1}}, {.mode = PadMode::edge});
            },
            [](const Arrays&) {
                return A{
                    {1.0, 1.0, 1.0, 2.0, 3.0, 3.0}, {4.0, 4.0, 4.0, 5.0, 6.0, 6.0}, {4.0, 4.0, 4.0, 5.0, 6.0, 6.0}};
            })
        .add(
            "wrap", {x},
            [](const auto& v) {
                return pad(v[0], {{1, 0}, {2, 3}}, {.mode = PadMode::wrap});
            },
            [](const Arrays&) {
                return A{{5.0, 6.0, 4.0, 5.0, 6.0, 4.0, 5.0, 6.0},
                         {2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0},
                         {5.0, 6.0, 4.0, 5.0, 6.0, 4.0, 5.0, 6.0}};
            })
        .add(
            "all sides", {A{1.0, 2.0}}, [](const auto& v) { return pad(v[0], 1); },
            [](const Arrays&) {
                return A{0.0, 1.0, 2.0, 0.0};
            })
        .add(
            "0-d", {A(3.0)}, [](const auto& v) { return pad(v[0], 2); }, [](const Arrays&) { return A(3.0); })
        .add(
            "nothing", {A(Shape{0})},
            [](const auto& v) {
                return pad(v[0], {{1, 1}}, {.value = 2});
            },
            [](const Arrays&) {
                return A{2.0, 2.0};
            },
            1)
        .refuse("one pair for two axes", {x},
                [](const auto& v) {
                    return pad(v[0], {{1, 1}});
                })
        .refuse("a negative width", {x},
                [](const auto& v) {
                    return pad(v[0], {{1, 1}, {-1, 0}});
                })
        .refuse("a reflection too long", {x},
                [](const auto& v) {
                    return pad(v[0], {{2, 0}, {0, 0}}, {.mode = PadMode::reflect});
                })
        .refuse("more than there is from the other end", {x},
                [](const auto& v) {
                    return pad(v[0], {{0, 3}, {0, 0}}, {.mode = PadMode::wrap});
                })
        .refuse("the edge of nothing", {A(Shape{0})},
                [](const auto& v) { return pad(v[0], 1, {.mode = PadMode::edge}); });
}

}    // namespace
}    // namespace xtape
