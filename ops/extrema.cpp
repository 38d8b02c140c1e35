#include <xtape/core/detail/fold.hpp>
#include <xtape/core/pointwise.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/extrema.hpp>
#include <xtape/ops/shape.hpp>

#include <limits>
#include <string>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

template <class T>
struct Smallest {
    static constexpr bool parametric = false;
    static T identity() { return std::numeric_limits<T>::infinity(); }
    static Lanes<T> map(Lanes<T> x, Lanes<T>) { return x; }
    static Lanes<T> combine(Lanes<T> a, Lanes<T> b) { return min(a, b); }
};

// How many elements equal the parameter.
template <class T>
struct Equal {
    static constexpr bool parametric = true;
    static T identity() { return 0; }
    static Lanes<T> map(Lanes<T> x, Lanes<T> parameter) { return select(x == parameter, 1, 0); }
    static Lanes<T> combine(Lanes<T> a, Lanes<T> b) { return a + b; }
};

// g shared among the elements of x that are the extreme y, of which there are n.
struct ShareExtreme {
    static constexpr auto name = "share_extreme";
    static constexpr auto needs = needs::input(1) | needs::input(2) | needs::input(3);
    static constexpr About about{"extrema", "y = g / n where x = extreme, else 0; NaN where extreme is",
                                 "dy/dg = 1 / n where x = extreme, else 0"};
    auto forward(const auto& g, const auto& x, const auto& extreme, const auto& n) const {
        return select(x == extreme, g / n, select(isnan(extreme), extreme, 0));
    }
    auto vjp(const auto& g, const auto&, const auto& x, const auto& extreme, const auto& n, const auto&) const {
        auto none = [&] { return 0 * g; };
        return pullbacks([&] { return share(g, x, extreme, n); }, none, none, none);
    }
    template <class T>
    static Variable<T> share(const Variable<T>& g, const Variable<T>& x, const Variable<T>& extreme,
                             const Variable<T>& n) {
        return pointwise(ShareExtreme{}, g, x, extreme, n);
    }
    template <class T>
    static Lanes<T> share(const Lanes<T>& g, const Lanes<T>& x, const Lanes<T>& extreme, const Lanes<T>& n) {
        return ShareExtreme{}.forward(g, x, extreme, n);
    }
    static Samples samples() {
        auto f = [](const auto& v) {
            using V = std::decay_t<decltype(v[0])>;
            return share(v[0], V(A{{1.0, 3.0, 3.0}, {2.0, 0.0, 1.0}}), V(make_array<double>({3.0, 2.0}, {2, 1})),
                         V(make_array<double>({2.0, 1.0}, {2, 1})));
        };
        return Samples().add("a tie, and none", {make_array<double>({4.0, 5.0}, {2, 1})}, f, [](const Arrays&) {
            return A{{0.0, 2.0, 2.0}, {5.0, 0.0, 0.0}};
        });
    }
};

template <class T>
Variable<T> extreme_gradient(const Variable<T>& g, const Variable<T>& x, const Variable<T>& y, const Shape& kept) {
    Variable<T> extreme = reshape(y.detach(), kept);
    detail::Arranged<T> elements(detail::view_of(x), kept);
    Variable<T> n(detail::fold(Equal<T>{}, elements, kept, std::as_const(extreme.value()).storage().data()));
    return ShareExtreme::share(reshape(g, kept), x.detach(), extreme, n);
}

template <class T>
struct Amax {
    static constexpr auto name = "amax";
    static constexpr auto needs = needs::inputs | needs::output;
    static constexpr About about{"extrema", "y = the largest x over axes",
                                 "dy/dx = 1 / n at the n largest elements, else 0", "the axes dropped, or of length 1"};
    Shape kept;
    Shape result;
    Array<T> forward(const View<T>& x) const {
        return detail::fold(detail::Largest<T>{}, detail::Arranged<T>(x, kept), result);
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>& y) const {
        return pullbacks([&] { return extreme_gradient(g, x, y, kept); });
    }
    static Samples samples();
};

template <class T>
struct Amin {
    static constexpr auto name = "amin";
    static constexpr auto needs = needs::inputs | needs::output;
    static constexpr About about{"extrema", "y = the smallest x over axes",
                                 "dy/dx = 1 / n at the n smallest elements, else 0",
                                 "the axes dropped, or of length 1"};
    Shape kept;
    Shape result;
    Array<T> forward(const View<T>& x) const {
        return detail::fold(Smallest<T>{}, detail::Arranged<T>(x, kept), result);
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>& y) const {
        return pullbacks([&] { return extreme_gradient(g, x, y, kept); });
    }
    static Samples samples();
};

void require_elements(const char* operation, const detail::Reduced& reduced, const Shape& shape) {
    if (reduced.count == 0 && element_count(reduced.kept) != 0)
        throw ShapeError("[" + std::string(operation) + "] got the shape " + to_string(shape) +
                         ", of which it would choose from nothing; wanted axes with elements");
}

// Where in a row the extreme stands first; it is NaN only if the row holds NaN.
template <class T>
std::int64_t first_place(const T* row, std::size_t length, T extreme) {
    auto is = [extreme](T element) { return element == extreme || element != element; };
    constexpr std::size_t step = 64;    // looked through at once, in SIMD registers
    for (std::size_t i = 0; i < length; i += step) {
        std::size_t end = std::min(length, i + step);
        int found = 0;
        for (std::size_t k = i; k < end; ++k) found |= is(row[k]);
        if (found == 0) continue;
        while (!is(row[i])) ++i;
        return static_cast<std::int64_t>(i);
    }
    return 0;
}

// The same for `count` columns, whose rows are read in order, from the last: what is found last stands first.
template <class T>
void first_places(const T* x, std::size_t rows, std::size_t stride, std::size_t count, const T* extremes,
                  std::int64_t* places) {
    for (std::size_t r = rows; r-- > 0;)
        for (std::size_t c = 0; c < count; ++c) {
            T element = x[r * stride + c];
            if (element == extremes[c] || element != element) places[c] = static_cast<std::int64_t>(r);
        }
}

template <class Extreme, class T>
Indices arg(const char* operation, const Array<T>& x, const Axes& axes, bool keep_dims) {
    const detail::Reduced reduced(operation, x.shape(), axes, keep_dims);
    require_elements(operation, reduced, x.shape());
    Indices result = empty_array<std::int64_t>(reduced.result);
    if (result.size() == 0) return result;
    const detail::Arranged<T> in(view(x), reduced.kept);
    const Array<T> extremes = detail::fold(Extreme{}, in, reduced.kept);
    const T* extreme = extremes.storage().data();
    std::int64_t* places = result.storage().data();
    constexpr std::size_t columns = 512;
    std::size_t blocks = (in.inner + columns - 1) / columns;
    detail::parallel_for(in.outer * blocks, std::max<std::size_t>(1, 32768 / std::min(in.inner, columns) / in.length),
                         [&](std::size_t begin, std::size_t end) {
                             for (std::size_t b = begin; b < end; ++b) {
                                 std::size_t outer = b / blocks, first = b % blocks * columns;
                                 std::size_t k = outer * in.inner + first;
                                 const T* start = in.data() + outer * in.length * in.inner + first;
                                 if (in.inner == 1)
                                     places[k] = first_place(start, in.length, extreme[k]);
                                 else
                                     first_places(start, in.length, in.inner, std::min(columns, in.inner - first),
                                                  extreme + k, places + k);
                             }
                         });
    return result;
}

}    // namespace

template <class T>
Variable<T> amax(const Variable<T>& x, const Axes& axes, ReduceOptions options) {
    detail::Reduced reduced("amax", x.shape(), axes, options.keep_dims);
    require_elements("amax", reduced, x.shape());
    return apply(Amax<T>{std::move(reduced.kept), std::move(reduced.result)}, x);
}

template <class T>
Variable<T> amin(const Variable<T>& x, const Axes& axes, ReduceOptions options) {
    detail::Reduced reduced("amin", x.shape(), axes, options.keep_dims);
    require_elements("amin", reduced, x.shape());
    return apply(Amin<T>{std::move(reduced.kept), std::move(reduced.result)}, x);
}

template <class T>
Indices argmax(const Array<T>& x) {
    return arg<detail::Largest<T>>("argmax", x, all_axes, false);
}
template <class T>
Indices argmax(const Array<T>& x, std::ptrdiff_t axis, ReduceOptions options) {
    return arg<detail::Largest<T>>("argmax", x, axis, options.keep_dims);
}

template <class T>
Indices argmin(const Array<T>& x) {
    return arg<Smallest<T>>("argmin", x, all_axes, false);
}
template <class T>
Indices argmin(const Array<T>& x, std::ptrdiff_t axis, ReduceOptions options) {
    return arg<Smallest<T>>("argmin", x, axis, options.keep_dims);
}

template Variable<float> amax(const Variable<float>&, const Axes&, ReduceOptions);
template Variable<double> amax(const Variable<double>&, const Axes&, ReduceOptions);
template Variable<float> amin(const Variable<float>&, const Axes&, ReduceOptions);
template Variable<double> amin(const Variable<double>&, const Axes&, ReduceOptions);
template Indices argmax(const Array<float>&);
template Indices argmax(const Array<float>&, std::ptrdiff_t, ReduceOptions);
template Indices argmax(const Array<double>&);
template Indices argmax(const Array<double>&, std::ptrdiff_t, ReduceOptions);
template Indices argmin(const Array<float>&);
template Indices argmin(const Array<float>&, std::ptrdiff_t, ReduceOptions);
template Indices argmin(const Array<double>&);
template Indices argmin(const Array<double>&, std::ptrdiff_t, ReduceOptions);

namespace {

A cube() { return A{{{1.0, 2.0}, {3.0, 4.5}}, {{-5.0, 6.0}, {0.5, 8.0}}}; }

template <class T>
Samples Amax<T>::samples() {
    return Samples()
        .add(
            "all", {cube()}, [](const auto& x) { return amax(x[0]); }, [](const Arrays&) { return A(8.0); })
        .add(
            "the middle axis", {cube()}, [](const auto& x) { return amax(x[0], 1); },
            [](const Arrays&) {
                return A{{3.0, 4.5}, {0.5, 8.0}};
            })
        .add(
            "outer axes, kept", {cube()},
            [](const auto& x) {
                return amax(x[0], {0, 2}, {.keep_dims = true});
            },
            [](const Arrays&) {
                return make_array<double>({6.0, 8.0}, {1, 2, 1});
            })
        .add(
            "0-d", {A(3.0)}, [](const auto& x) { return amax(x[0]); }, [](const Arrays&) { return A(3.0); })
        .add(
            "rows of no elements", {A(Shape{0, 2})}, [](const auto& x) { return amax(x[0], 1); },
            [](const Arrays&) { return A(Shape{0}); }, 1)
        .refuse("of nothing", {A(Shape{2, 0})}, [](const auto& x) { return amax(x[0], 1); })
        .refuse("no such axis", {cube()}, [](const auto& x) { return amax(x[0], 3); });
}

template <class T>
Samples Amin<T>::samples() {
    return Samples()
        .add(
            "all", {cube()}, [](const auto& x) { return amin(x[0]); }, [](const Arrays&) { return A(-5.0); })
        .add(
            "the first axis, kept", {cube()}, [](const auto& x) { return amin(x[0], 0, {.keep_dims = true}); },
            [](const Arrays&) {
                return A{{{-5.0, 2.0}, {0.5, 4.5}}};
            })
        .add(
            "0-d", {A(3.0)}, [](const auto& x) { return amin(x[0]); }, [](const Arrays&) { return A(3.0); })
        .refuse("of nothing", {A(Shape{0})}, [](const auto& x) { return amin(x[0]); });
}

}    // namespace
}    // namespace xtape
