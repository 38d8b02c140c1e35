#include <xtape/core/detail/strided.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/core/view.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/slice.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace xtape {
namespace detail {

template <class T>
void put_strided(Put how, const T* elements, const Shape& whole, const Strides& steps, T* to) {
    if (std::find(whole.begin(), whole.end(), std::size_t{0}) != whole.end()) return;
    Shape shape = whole;
    Strides strides = steps;
    merge_axes(shape, {&strides, 1});
    if (how == Put::assign && shape.size() == 1 && strides[0] == 1) {
        parallel_for(shape[0], parallel_elements, [=](std::size_t begin, std::size_t end) {
            copy_elements(elements + begin, end - begin, to + begin);
        });
        return;
    }
    const Blocks blocks(shape);
    const Runs runs(blocks, shape, strides);
    parallel_for(blocks.count(), parallel_grain(blocks.size()), [&](std::size_t begin, std::size_t end) {
        for (std::size_t b = begin; b < end; ++b) {
            T* place = to + blocks.offset(b, strides);
            if (how == Put::add)
                runs.add(elements + blocks[b].first, place, blocks[b].size);
            else
                runs.write(elements + blocks[b].first, place, blocks[b].size);
        }
    });
}

template void put_strided(Put, const float*, const Shape&, const Strides&, float*);
template void put_strided(Put, const double*, const Shape&, const Strides&, double*);

}    // namespace detail

namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

// A part of an array of shape `whole`: along each axis its first element and its step, then the shape of the part, and
// the axis that each of its own axes runs along (-1: none, it is new).
struct Window {
    Shape whole;
    Strides first;
    Strides step;
    Shape shape;
    Strides axes;

    template <class T>
    View<T> of(const View<T>& x) const {
        View<T> y{x.storage.share(), shape, Strides(shape.size(), 1), x.offset};
        if (element_count(shape) == 0) return y;
        for (std::size_t d = 0; d < whole.size(); ++d) y.offset += static_cast<std::size_t>(first[d] * x.strides[d]);
        for (std::size_t k = 0; k < axes.size(); ++k)
            if (axes[k] >= 0) {
                auto d = static_cast<std::size_t>(axes[k]);
                y.strides[k] = step[d] * x.strides[d];
            }
        return y;
    }

    template <class T>
    void put(detail::Put how, const View<T>& part, Array<T>& into) const {
        if (element_count(shape) == 0) return;
        Strides strides = contiguous_strides(whole), steps(shape.size(), 1);
        std::ptrdiff_t offset = 0;
        for (std::size_t d = 0; d < whole.size(); ++d) offset += first[d] * strides[d];
        for (std::size_t k = 0; k < axes.size(); ++k)
            if (axes[k] >= 0)
                steps[k] = step[static_cast<std::size_t>(axes[k])] * strides[static_cast<std::size_t>(axes[k])];
        Array<T> elements = materialize(part);
        detail::put_strided(how, std::as_const(elements).storage().data(), shape, steps,
                            into.storage().data() + offset);
    }
};

template <class T>
struct Place;

template <class T>
struct Slice {
    static constexpr auto name = "slice";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"slice", "y = x[items...]", "dy/dx = 1 at the elements taken, else 0",
                                 "ranges shorten axes, indices drop them, new axes have length 1"};
    Window window;
    View<T> forward(const View<T>& x) const { return window.of(x); }
    auto vjp(const Variable<T>& g, const Variable<T>&, const Variable<T>&) const {
        return pullbacks([&] { return apply(Place<T>{window}, g); });
    }
    // The same gradient, added to what other slices of x have brought.
    void add_vjp(const Variable<T>& g, Array<T>& total) const {
        window.put(detail::Put::add, detail::view_of(g), total);
    }
    static Samples samples();
};

template <class T>
struct Place {
    static constexpr auto name = "place";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"slice", "y[items...] = x, y = 0 elsewhere", "its adjoint is slice",
                                 "y.shape is that of the array that was sliced"};
    Window window;
    Array<T> forward(const View<T>& x) const {
        Array<T> y = empty_array<T>(window.whole);
        y.fill(T(0));
        window.put(detail::Put::assign, x, y);
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>&, const Variable<T>&) const {
        return pullbacks([&] { return apply(Slice<T>{window}, g); });
    }
    static Samples samples();
};

std::ptrdiff_t checked_index(const char* operation, std::ptrdiff_t index, std::size_t length) {
    auto n = static_cast<std::ptrdiff_t>(length);
    if (index < -n || index >= n)
        throw std::out_of_range("[" + std::string(operation) + "] got index " + std::to_string(index) +
                                " of an axis of length " + std::to_string(n) + "; wanted " + std::to_string(-n) +
                                " to " + std::to_string(n - 1));
    return index < 0 ? index + n : index;
}

// Where a range begins on an axis, and how many elements it takes; as CPython's PySlice_AdjustIndices.
std::pair<std::ptrdiff_t, std::size_t> resolve(const char* operation, const Range& range, std::size_t length) {
    auto n = static_cast<std::ptrdiff_t>(length);
    std::ptrdiff_t step = range.step.number;
    if (step == 0) throw std::invalid_argument("[" + std::string(operation) + "] got a step of 0; wanted another");
    auto bound = [&](std::ptrdiff_t at, std::ptrdiff_t if_open) {
        if (at == Range::open) return if_open;
        if (at < 0) at += n;
        return std::clamp<std::ptrdiff_t>(at, step < 0 ? -1 : 0, step < 0 ? n - 1 : n);
    };
    std::ptrdiff_t begin = bound(range.begin.number, step < 0 ? n - 1 : 0);
    std::ptrdiff_t end = bound(range.end.number, step < 0 ? -1 : n);
    if (step > 0) return {begin, begin < end ? static_cast<std::size_t>((end - begin - 1) / step + 1) : 0};
    return {begin, end < begin ? static_cast<std::size_t>((begin - end - 1) / -step + 1) : 0};
}

Window whole_of(const Shape& shape) {
    Window window{shape, Strides(shape.size(), 0), Strides(shape.size(), 1), {}, {}};
    window.shape.reserve(shape.size());
    return window;
}

Window make_window(const Shape& shape, std::span<const SliceItem> items) {
    using Kind = SliceItem::Kind;
    std::size_t named = 0, ellipses = 0;
    for (const auto& item : items) {
        ellipses += item.kind == Kind::rest;
        named += item.kind == Kind::index || item.kind == Kind::range;
    }
    if (ellipses > 1) throw ShapeError("[slice] got two ellipses; wanted one at most");
    if (named > shape.size())
        throw ShapeError("[slice] got " + std::to_string(named) + " indices and ranges for the shape " +
                         to_string(shape) + "; wanted at most one per axis");
    Window window = whole_of(shape);
    std::size_t d = 0;
    auto take_whole = [&](std::size_t count) {
        for (; count > 0; --count, ++d) {
            window.shape.push_back(shape[d]);
            window.axes.push_back(static_cast<std::ptrdiff_t>(d));
        }
    };
    for (const auto& item : items) switch (item.kind) {
            case Kind::index:
                window.first[d] = checked_index("slice", item.range.begin.number, shape[d]);
                ++d;
                break;
            case Kind::range: {
                auto [first, count] = resolve("slice", item.range, shape[d]);
                window.first[d] = first;
                window.step[d] = item.range.step.number;
                window.shape.push_back(count);
                window.axes.push_back(static_cast<std::ptrdiff_t>(d++));
                break;
            }
            case Kind::rest: take_whole(shape.size() - named); break;
            case Kind::added:
                window.shape.push_back(1);
                window.axes.push_back(-1);
                break;
        }
    take_whole(shape.size() - d);
    return window;
}

}    // namespace

template <class T>
Variable<T> slice(const Variable<T>& x, std::initializer_list<SliceItem> items) {
    return slice(x, std::span<const SliceItem>(items.begin(), items.size()));
}

template <class T>
Variable<T> slice(const Variable<T>& x, std::span<const SliceItem> items) {
    return apply(Slice<T>{make_window(x.shape(), items)}, x);
}

template <class T>
Variable<T> pick(const Variable<T>& x, std::ptrdiff_t index, std::ptrdiff_t axis) {
    std::size_t picked = normalize_axis("pick", axis, x.dimension());
    Window window = whole_of(x.shape());
    window.first[picked] = checked_index("pick", index, x.shape()[picked]);
    for (std::size_t d = 0; d < x.dimension(); ++d)
        if (d != picked) {
            window.shape.push_back(x.shape()[d]);
            window.axes.push_back(static_cast<std::ptrdiff_t>(d));
        }
    return apply(Slice<T>{std::move(window)}, x);
}

template <class T>
Variable<T> narrow(const Variable<T>& x, std::ptrdiff_t axis, Range range) {
    std::size_t narrowed = normalize_axis("narrow", axis, x.dimension());
    auto [first, count] = resolve("narrow", range, x.shape()[narrowed]);
    Window window = whole_of(x.shape());
    window.first[narrowed] = first;
    window.step[narrowed] = range.step.number;
    window.shape = x.shape();
    window.shape[narrowed] = count;
    for (std::size_t d = 0; d < x.dimension(); ++d) window.axes.push_back(static_cast<std::ptrdiff_t>(d));
    return apply(Slice<T>{std::move(window)}, x);
}

template Variable<float> slice(const Variable<float>&, std::initializer_list<SliceItem>);
template Variable<double> slice(const Variable<double>&, std::initializer_list<SliceItem>);
template Variable<float> slice(const Variable<float>&, std::span<const SliceItem>);
template Variable<double> slice(const Variable<double>&, std::span<const SliceItem>);
template Variable<float> pick(const Variable<float>&, std::ptrdiff_t, std::ptrdiff_t);
template Variable<double> pick(const Variable<double>&, std::ptrdiff_t, std::ptrdiff_t);
template Variable<float> narrow(const Variable<float>&, std::ptrdiff_t, Range);
template Variable<double> narrow(const Variable<double>&, std::ptrdiff_t, Range);

namespace {

A twelve() { return A{{1.0, 2.0, 3.0, 4.0}, {5.0, 6.0, 7.0, 8.0}, {9.0, 10.0, 11.0, 12.0}}; }

template <class T>
Samples Slice<T>::samples() {
    return Samples()
        .add(
            "ranges with steps", {twelve()},
            [](const auto& x) {
                return slice(x[0], {Range{.step = -2}, Range{1, -1}});
            },
            [](const Arrays&) {
                return A{{10.0, 11.0}, {2.0, 3.0}};
            })
        .add(
            "index, new axis, ellipsis", {twelve()},
            [](const auto& x) {
                return slice(x[0], {ellipsis, new_axis, -2});
            },
            [](const Arrays&) {
                return make_array<double>({3.0, 7.0, 11.0}, {3, 1});
            })
        .add(
            "bounds beyond the ends", {twelve()},
            [](const auto& x) {
                return slice(x[0], {Range{-7, 1}, Range{99, 1, -1}});
            },
            [](const Arrays&) {
                return A{{4.0, 3.0}};
            })
        .add(
            "of a slice", {twelve()},
            [](const auto& x) {
                return slice(narrow(x[0], 1, Range{1}), {1, Range{.step = 2}});
            },
            [](const Arrays&) {
                return A{6.0, 8.0};
            })
        .add(
            "the same element twice", {twelve()},
            [](const auto& x) { return pick(pick(x[0], 1), -1) * pick(x[0], 1, 0) + pick(pick(x[0], 3, 1), 1); },
            [](const Arrays&) {
                return A{48.0, 56.0, 64.0, 72.0};
            })
        .add(
            "to 0-d", {twelve()},
            [](const auto& x) {
                return slice(x[0], {0, 1});
            },
            [](const Arrays&) { return A(2.0); })
        .add(
            "nothing", {twelve()},
            [](const auto& x) {
                return slice(x[0], {Range{2, 1}});
            },
            [](const Arrays&) {
                return A(Shape{0, 4});
            },
            1)
        .refuse("three items for two axes", {twelve()},
                [](const auto& x) {
                    return slice(x[0], {0, 0, 0});
                })
        .refuse("two ellipses", {twelve()},
                [](const auto& x) {
                    return slice(x[0], {ellipsis, ellipsis});
                })
        .refuse("index beyond the end", {twelve()}, [](const auto& x) { return slice(x[0], {3}); })
        .refuse("pick beyond the front", {twelve()}, [](const auto& x) { return pick(x[0], -5, 1); })
        .refuse("step 0", {twelve()}, [](const auto& x) { return slice(x[0], {Range{.step = 0}}); });
}

template <class T>
Samples Place<T>::samples() {
    auto f = [](const auto& x) {
        const Shape whole{3, 4};
        std::initializer_list<SliceItem> items{Range{.step = -2}, 1};
        return apply(Place<typename std::decay_t<decltype(x[0])>::value_type>{make_window(whole, items)}, x[0]);
    };
    return Samples()
        .add("every other element of a column", {A{1.5, 2.0}}, f,
             [](const Arrays&) {
                 return A{{0.0, 2.0, 0.0, 0.0}, {0.0, 0.0, 0.0, 0.0}, {0.0, 1.5, 0.0, 0.0}};
             })
        .add(
            "in a product", {A{1.5, 2.0}}, [f](const auto& x) { return f(x) * f(x); },
            [](const Arrays&) {
                return A{{0.0, 4.0, 0.0, 0.0}, {0.0, 0.0, 0.0, 0.0}, {0.0, 2.25, 0.0, 0.0}};
            });
}

}    // namespace
}    // namespace xtape
