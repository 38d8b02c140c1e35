#include <xtape/core/detail/fold.hpp>
#include <xtape/core/detail/summation.hpp>
#include <xtape/core/pointwise.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/detail/side_by_side.hpp>
#include <xtape/ops/norm.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/shape.hpp>
#include <xtape/ops/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

// y = s (x - m), for the derivative of the variance in one pass.
struct ScaledDifference {
    static constexpr auto name = "scaled_difference";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"statistics", "y = s (x - m)", "dy/ds = x - m, dy/dx = s, dy/dm = -s"};
    auto forward(const auto& s, const auto& x, const auto& m) const { return s * (x - m); }
    auto vjp(const auto& g, const auto& s, const auto& x, const auto& m, const auto&) const {
        return pullbacks([&] { return g * (x - m); }, [&] { return g * s; }, [&] { return -(g * s); });
    }
    static Samples samples() {
        auto f = [](const auto& x) { return pointwise(ScaledDifference{}, x[0], x[1], x[2]); };
        return Samples().add("broadcast", {A{0.5, 2.0}, A{{1.0, -2.0}, {3.0, 0.25}}, A(1.5)}, f,
                             elementwise([](double s, double x, double m) { return s * (x - m); }));
    }
};

template <class T>
struct SquaredDifferences {
    static constexpr bool parametric = true;
    static T identity() { return 0; }
    static Lanes<T> map(Lanes<T> x, Lanes<T> mean) { return square(x - mean); }
    static Lanes<T> combine(Lanes<T> a, Lanes<T> b) { return a + b; }
};

template <class T>
struct Differences {
    static constexpr bool parametric = true;
    static T identity() { return 0; }
    static Lanes<T> map(Lanes<T> x, Lanes<T> origin) { return x - origin; }
    static Lanes<T> combine(Lanes<T> a, Lanes<T> b) { return a + b; }
};

template <class T>
struct Var {
    static constexpr auto name = "var";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"statistics", "y = sum of (x - mean(x))^2 over axes / (n - ddof)",
                                 "dy/dx = 2 (x - mean(x)) / (n - ddof)", "the axes dropped, or of length 1"};
    Shape kept;
    Shape result;
    Axes axes;
    double count;
    double divisor;
    Array<T> forward(const View<T>& x) const {
        // The means from the first elements on: those of equal numbers are exact, and their variance 0.
        const detail::Arranged<T> elements(x, kept);
        if (has_short_rows(elements)) return of_short_rows(elements);
        Array<T> means = empty_array<T>(kept);
        if (count > 0) detail::copy_strided(x.data(), kept, x.strides, means.storage().data());
        const Array<T> shifts = detail::fold(Differences<T>{}, elements, kept, std::as_const(means).storage().data());
        for (std::size_t i = 0; i < means.size(); ++i)
            means.storage()[i] += shifts.storage()[i] / static_cast<T>(count);
        Array<T> y = detail::fold(SquaredDifferences<T>{}, elements, result, std::as_const(means).storage().data());
        for (T& element : y.storage()) element /= static_cast<T>(divisor);
        return y;
    }
    static bool has_short_rows(const detail::Arranged<T>& x) {
        return x.inner == 1 && x.length > 0 && x.length < detail::longest_side_by_side;
    }
    bool reduces_last_axes(const Shape& shape) const {
        bool reducing = false;
        for (std::size_t d = 0; d < shape.size(); ++d) {
            if (shape[d] == 1) continue;
            if (reducing && kept[d] != 1) return false;
            reducing = kept[d] == 1;
        }
        return true;
    }
    // The means of rows that stand side by side.
    Lanes<T> mean_of_column(const T* column, std::size_t step, std::size_t length) const {
        const Lanes<T> origin = Lanes<T>::load(column);
        const Lanes<T> shift = detail::column_sum(
            step, length, [=](Lanes<T> a) { return a - origin; }, column);
        return origin + shift / static_cast<T>(count);
    }
    Array<T> of_short_rows(const detail::Arranged<T>& rows) const {
        Array<T> y = empty_array<T>(result);
        T* out = y.storage().data();
        detail::side_by_side<T, 1>(rows.outer, rows.length, {rows.data()}, nullptr, detail::parallel_elements,
                                   [&](const auto& x, std::size_t step, std::size_t first, std::size_t lines) {
                                       const T* column = x[0];
                                       const Lanes<T> mean = mean_of_column(column, step, rows.length);
                                       const Lanes<T> squares = detail::column_sum(
                                           step, rows.length, [=](Lanes<T> a) { return square(a - mean); }, column);
                                       detail::store_rows<T>(squares / static_cast<T>(divisor), out + first, lines);
                                   });
        return y;
    }
    Array<T> gradient_of_short_rows(const Array<T>& g, const detail::Arranged<T>& rows) const {
        Array<T> gradient = empty_array<T>(Shape{rows.outer, rows.length});
        const T* slopes = g.storage().data();
        detail::side_by_side<T, 1>(
            rows.outer, rows.length, {rows.data()}, gradient.storage().data(), detail::parallel_elements,
            [&](const auto& x, std::size_t step, std::size_t first, std::size_t lines) {
                T* column = x[0];
                const Lanes<T> mean = mean_of_column(column, step, rows.length);
                const Lanes<T> slope = detail::load_rows(slopes + first, lines) * static_cast<T>(2 / divisor);
                detail::map_column(
                    column, step, rows.length, [=](Lanes<T> a) { return slope * (a - mean); }, std::as_const(column));
            });
        return gradient;
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>&) const {
        return pullbacks([&] {
            if (!is_recording() && reduces_last_axes(x.shape()))
                if (const detail::Arranged<T> rows(detail::view_of(x), kept); has_short_rows(rows))
                    return Variable<T>(share(gradient_of_short_rows(g.value(), rows), x.shape()));
            return pointwise(ScaledDifference{}, reshape(g * 2 / divisor, kept), x, mean(x, axes, {.keep_dims = true}));
        });
    }
    static Samples samples();
};

}    // namespace

template <class T>
Variable<T> var(const Variable<T>& x, const Axes& axes, VarianceOptions options) {
    detail::Reduced reduced("var", x.shape(), axes, options.keep_dims);
    auto count = static_cast<double>(reduced.count);
    return apply(
        Var<T>{std::move(reduced.kept), std::move(reduced.result), axes, count, std::max(0.0, count - options.ddof)},
        x);
}

template <class T>
Variable<T> stddev(const Variable<T>& x, const Axes& axes, VarianceOptions options) {
    return detail::root(var(x, axes, options));
}

template Variable<float> var(const Variable<float>&, const Axes&, VarianceOptions);
template Variable<double> var(const Variable<double>&, const Axes&, VarianceOptions);
template Variable<float> stddev(const Variable<float>&, const Axes&, VarianceOptions);
template Variable<double> stddev(const Variable<double>&, const Axes&, VarianceOptions);

namespace {

template <class T>
Samples Var<T>::samples() {
    const A x{{{1.0, 2.0}, {3.0, 5.0}}, {{-5.0, 6.0}, {0.0, 8.0}}};
    return Samples()
        .add(
            "all", {x}, [](const auto& v) { return var(v[0]); }, [](const Arrays&) { return A(114.0 / 7); })
        .add(
            "of a population, the middle axis", {x}, [](const auto& v) { return var(v[0], 1, {.ddof = 0}); },
            [](const Arrays&) {
                return A{{1.0, 2.25}, {6.25, 1.0}};
            })
        .add(
            "outer axes, kept", {x},
            [](const auto& v) {
                return var(v[0], {0, 2}, {.keep_dims = true});
            },
            [](const Arrays&) {
                return make_array<double>({62.0 / 3, 34.0 / 3}, {1, 2, 1});
            })
        .add(
            "stddev", {x},
            [](const auto& v) {
                return stddev(v[0], {1, 2}, {.ddof = 1});
            },
            [](const Arrays&) {
                return A{std::sqrt(8.75 / 3), std::sqrt(104.75 / 3)};
            })
        .add(
            "of one number", {A(3.0)}, [](const auto& v) { return var(v[0], all_axes, {.ddof = 0}); },
            [](const Arrays&) { return A(0.0); })
        .add(
            "n = ddof is NaN", {A{3.0}}, [](const auto& v) { return var(v[0]); },
            [](const Arrays&) { return A(std::numeric_limits<double>::quiet_NaN()); }, 0)
        .add(
            "of nothing is NaN", {A(Shape{0})}, [](const auto& v) { return stddev(v[0]); },
            [](const Arrays&) { return A(std::numeric_limits<double>::quiet_NaN()); }, 1)
        .refuse("no such axis", {x}, [](const auto& v) { return var(v[0], 3); });
}

}    // namespace
}    // namespace xtape
