#include <xtape/core/detail/strided.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/cumulate.hpp>
#include <xtape/ops/detail/scan.hpp>
#include <xtape/ops/pad.hpp>
#include <xtape/ops/slice.hpp>

#include <algorithm>
#include <array>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

// y of x's shape, with y_i = y_(i-1) combined with the i-th elements of all inputs.
template <class T, class Step, class... In>
Array<T> scan(std::size_t axis, bool reverse, double start, Step step, const Array<T>& first, const In&... rest) {
    Array<T> y = empty_array<T>(first.shape());
    const std::array<const T*, 1 + sizeof...(rest)> in{first.storage().data(), rest.storage().data()...};
    detail::Scan<T, 1 + sizeof...(rest), Step>(first.shape(), axis, reverse, start, in, y.storage().data(), step);
    return y;
}

// x moved by one along the axis, towards its end or (reverse) its beginning; `value` fills the gap.
template <class T>
Array<T> shifted(const Array<T>& x, std::size_t axis, bool reverse, T value) {
    Array<T> y = empty_array<T>(x.shape());
    std::size_t outer = 1;
    for (std::size_t d = 0; d < axis; ++d) outer *= x.shape()[d];
    const std::size_t row = x.size() / outer, inner = row / x.shape()[axis];
    const T* in = x.storage().data();
    T* out = y.storage().data();
    detail::parallel_for(outer, detail::parallel_grain(row), [&](std::size_t begin, std::size_t end) {
        const std::size_t moved = (end - begin) * row - inner;
        const T* from = in + begin * row + (reverse ? inner : 0);
        detail::copy_elements(from, moved, out + begin * row + (reverse ? 0 : inner));
        for (std::size_t r = begin; r < end; ++r)
            std::fill_n(out + r * row + (reverse ? row - inner : 0), inner, value);
    });
    return y;
}
template <class T>
Variable<T> shift(const Variable<T>& x, std::ptrdiff_t axis, bool reverse, double value) {
    if (x.size() == 0) return x;
    if (!is_recording())
        return Variable<T>(shifted(x.value(), static_cast<std::size_t>(axis), reverse, static_cast<T>(value)));
    std::vector<PadWidth> widths(x.dimension());
    (reverse ? widths[static_cast<std::size_t>(axis)].after : widths[static_cast<std::size_t>(axis)].before) = 1;
    return pad(narrow(x, axis, reverse ? Range{1} : Range{.end = -1}), widths, {.value = value});
}

template <class T>
struct Cumsum {
    static constexpr auto name = "cumsum";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"cumulate", "y_i = x_0 + ... + x_i", "dx_i = g_i + ... + g_n", "y.shape = x.shape"};
    std::size_t axis;
    bool reverse = false;
    Array<T> forward(const Array<T>& x) const {
        return scan(
            axis, reverse, 0, [](auto state, auto term) { return state + term; }, x);
    }
    auto vjp(const Variable<T>& g, const Variable<T>&, const Variable<T>&) const {
        return pullbacks([&] { return apply(Cumsum{axis, !reverse}, g); });
    }
    static Samples samples();
};

template <class T>
struct Cumprod {
    static constexpr auto name = "cumprod";
    static constexpr auto needs = needs::all;
    static constexpr About about{"cumulate", "y_i = x_0 ... x_i",
                                 "dx_i = y_(i-1) r_i, r_i = g_i + x_(i+1) r_(i+1), which needs no division",
                                 "y.shape = x.shape"};
    std::ptrdiff_t axis;
    bool reverse = false;
    Array<T> forward(const Array<T>& x) const {
        return scan(
            static_cast<std::size_t>(axis), reverse, 1, [](auto state, auto factor) { return state * factor; }, x);
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>& y) const {
        return pullbacks([&] {
            return shift(y, axis, reverse, 1) * linear_recurrence(shift(x, axis, !reverse, 0), g, axis, !reverse);
        });
    }
    static Samples samples();
};

template <class T>
struct LinearRecurrence {
    static constexpr auto name = "linear_recurrence";
    static constexpr auto needs = needs::input(0) | needs::output;
    static constexpr About about{"cumulate", "s_i = a_i s_(i-1) + b_i",
                                 "db_i = g_i + a_(i+1) db_(i+1), da_i = s_(i-1) db_i", "all shapes are the same"};
    std::ptrdiff_t axis;
    bool reverse;
    Array<T> forward(const Array<T>& a, const Array<T>& b) const {
        return scan(
            static_cast<std::size_t>(axis), reverse, 0,
            [](auto state, auto factor, auto term) { return factor * state + term; }, a, b);
    }
    auto vjp(const Variable<T>& g, const Variable<T>& a, const Variable<T>&, const Variable<T>& s) const {
        Variable<T> term = linear_recurrence(shift(a, axis, !reverse, 0), g, axis, !reverse);
        return pullbacks([this, term, &s] { return shift(s, axis, reverse, 0) * term; }, [term] { return term; });
    }
    static Samples samples();
};

std::ptrdiff_t front_axis(const char* operation, std::ptrdiff_t axis, const Shape& shape) {
    return static_cast<std::ptrdiff_t>(normalize_axis(operation, axis, shape.size()));
}

}    // namespace

template <class T>
Variable<T> cumsum(const Variable<T>& x, std::ptrdiff_t axis) {
    return apply(Cumsum<T>{normalize_axis("cumsum", axis, x.dimension())}, x);
}

template <class T>
Variable<T> cumprod(const Variable<T>& x, std::ptrdiff_t axis) {
    return apply(Cumprod<T>{front_axis("cumprod", axis, x.shape())}, x);
}

template <class T>
Variable<T> linear_recurrence(const Variable<T>& a, const Variable<T>& b, std::ptrdiff_t axis, bool reverse) {
    if (!same_shape(a.shape(), b.shape()))
        throw ShapeError("[linear_recurrence] got the shapes " + to_string(a.shape()) + " and " + to_string(b.shape()) +
                         "; wanted the same");
    return apply(LinearRecurrence<T>{front_axis("linear_recurrence", axis, a.shape()), reverse}, a, b);
}

template <class T>
Variable<T> detail::product_of_others(const Variable<T>& x, std::ptrdiff_t axis) {
    axis = front_axis("product_of_others", axis, x.shape());
    return apply(Cumprod<T>{axis}, shift(x, axis, false, 1)) * apply(Cumprod<T>{axis, true}, shift(x, axis, true, 1));
}

template Variable<float> cumsum(const Variable<float>&, std::ptrdiff_t);
template Variable<double> cumsum(const Variable<double>&, std::ptrdiff_t);
template Variable<float> cumprod(const Variable<float>&, std::ptrdiff_t);
template Variable<double> cumprod(const Variable<double>&, std::ptrdiff_t);
template Variable<float> linear_recurrence(const Variable<float>&, const Variable<float>&, std::ptrdiff_t, bool);
template Variable<double> linear_recurrence(const Variable<double>&, const Variable<double>&, std::ptrdiff_t, bool);
template Variable<float> detail::product_of_others(const Variable<float>&, std::ptrdiff_t);
template Variable<double> detail::product_of_others(const Variable<double>&, std::ptrdiff_t);

namespace {

template <class T>
Samples Cumsum<T>::samples() {
    const A x{{1.0, 2.0, -3.0}, {0.5, 4.0, 1.0}};
    return Samples()
        .add(
            "rows", {x}, [](const auto& v) { return cumsum(v[0], -1); },
            [](const Arrays&) {
                return A{{1.0, 3.0, 0.0}, {0.5, 4.5, 5.5}};
            })
        .add(
            "columns", {x}, [](const auto& v) { return cumsum(v[0], 0); },
            [](const Arrays&) {
                return A{{1.0, 2.0, -3.0}, {1.5, 6.0, -2.0}};
            })
        .add(
            "of nothing", {A(Shape{2, 0})}, [](const auto& v) { return cumsum(v[0], 1); },
            [](const Arrays&) {
                return A(Shape{2, 0});
            },
            1)
        .refuse("0-d", {A(1.0)}, [](const auto& v) { return cumsum(v[0], 0); })
        .refuse("no such axis", {x}, [](const auto& v) { return cumsum(v[0], 2); });
}

template <class T>
Samples Cumprod<T>::samples() {
    const A x{{1.0, 2.0, -3.0}, {0.5, 4.0, 1.5}};
    return Samples()
        .add(
            "rows", {x}, [](const auto& v) { return cumprod(v[0], 1); },
            [](const Arrays&) {
                return A{{1.0, 2.0, -6.0}, {0.5, 2.0, 3.0}};
            })
        .add(
            "columns", {x}, [](const auto& v) { return cumprod(v[0], 0); },
            [](const Arrays&) {
                return A{{1.0, 2.0, -3.0}, {0.5, 8.0, -4.5}};
            })
        .add(
            "zeros", {A{{2.0, 0.0, -3.0, 1.5}, {0.5, 0.0, 3.0, 0.0}}}, [](const auto& v) { return cumprod(v[0], 1); },
            [](const Arrays&) {
                return A{{2.0, 0.0, 0.0, 0.0}, {0.5, 0.0, 0.0, 0.0}};
            })
        .add(
            "product of others", {A{2.0, 0.0, -3.0}}, [](const auto& v) { return detail::product_of_others(v[0], 0); },
            [](const Arrays&) {
                return A{0.0, -6.0, 0.0};
            })
        .add(
            "of nothing", {A(Shape{0})}, [](const auto& v) { return cumprod(v[0], 0); },
            [](const Arrays&) { return A(Shape{0}); }, 1)
        .refuse("no such axis", {x}, [](const auto& v) { return cumprod(v[0], 2); });
}

template <class T>
Samples LinearRecurrence<T>::samples() {
    const A a{{1.0, 2.0, -3.0}, {0.5, 0.0, 1.5}}, b{{0.5, -1.0, 2.0}, {1.0, 0.25, 4.0}};
    return Samples()
        .add(
            "rows", {a, b}, [](const auto& x) { return linear_recurrence(x[0], x[1], 1); },
            [](const Arrays&) {
                return A{{0.5, 0.0, 2.0}, {1.0, 0.25, 4.375}};
            })
        .add(
            "columns, reversed", {a, b}, [](const auto& x) { return linear_recurrence(x[0], x[1], 0, true); },
            [](const Arrays&) {
                return A{{1.5, -0.5, -10.0}, {1.0, 0.25, 4.0}};
            })
        .refuse("two shapes", {a, A{1.0, 2.0, 3.0}}, [](const auto& x) { return linear_recurrence(x[0], x[1], -1); });
}

}    // namespace
}    // namespace xtape
