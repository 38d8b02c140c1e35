#include <xtape/core/detail/summation.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/detail/evaluate.hpp>
#include <xtape/ops/detail/rows.hpp>
#include <xtape/ops/detail/side_by_side.hpp>
#include <xtape/ops/exponential.hpp>
#include <xtape/ops/extrema.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/shape.hpp>
#include <xtape/ops/softmax.hpp>

#include <array>
#include <cmath>
#include <utility>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

// What softmax and log_softmax compute along the last axis: long rows one by one, short ones side by side.
template <class T, class Row, class Column, class... In>
Array<T> each_row(Row row, Column column, const Array<T>& first, const In&... rest) {
    Array<T> y = empty_array<T>(first.shape());
    if (y.size() == 0) return y;
    T* out = y.storage().data();
    const std::size_t length = first.shape().back(), rows = first.size() / length;
    if (length < detail::longest_side_by_side) {
        constexpr std::size_t inputs = 1 + sizeof...(rest);
        const std::array<const T*, inputs> in{first.storage().data(), rest.storage().data()...};
        detail::side_by_side<T, inputs>(
            rows, length, in, out, detail::parallel_functions,
            [&](const auto& x, std::size_t step, std::size_t, std::size_t) { column(x, step, length); });
        return y;
    }
    detail::parallel_for(rows, detail::softmax_grain(length), [&](std::size_t begin, std::size_t end) {
        for (std::size_t r = begin; r < end; ++r)
            row(first.storage().data() + r * length, (rest.storage().data() + r * length)..., out + r * length, length);
    });
    return y;
}

// Along another axis the rows of memory are read in order, once for each step: a tile of columns would be fetched in
// pieces.
bool is_last(std::ptrdiff_t axis, const Shape& shape) { return axis + 1 == static_cast<std::ptrdiff_t>(shape.size()); }

template <class T>
Variable<T> shifted_exponentials(const Variable<T>& x, const Variable<T>& largest) {
    return detail::evaluate([](auto v, auto m) { return exp(v - m); }, x, largest);
}
constexpr ReduceOptions keep{.keep_dims = true};

template <class T>
struct Softmax {
    static constexpr auto name = "softmax";
    static constexpr auto needs = needs::output;
    static constexpr About about{"softmax", "y_i = exp(x_i) / sum_j exp(x_j)", "dx = y (g - sum(g y))",
                                 "any; along one axis"};
    std::ptrdiff_t axis;    // counted from the front

    Array<T> forward(const Array<T>& x) const {
        if (x.size() > 0 && !is_last(axis, x.shape())) {
            NoGrad guard;
            const Variable<T> values(share(x)), e = shifted_exponentials(values, amax(values, axis, keep));
            return (e * reciprocal(sum(e, axis, keep))).value();
        }
        return each_row(
            [](const T* in, T* out, std::size_t count) {
                T sum = detail::sum_exponentials(
                    in, count, detail::row_max(in, count), [=](std::size_t i, Lanes<T> e) { e.store(out + i); },
                    [=](std::size_t i, Lanes<T> e, std::size_t part) { e.store_part(out + i, part); });
                T scale = 1 / sum;
                detail::map_row(
                    out, count, [=](Lanes<T> e) { return e * scale; }, std::as_const(out));
            },
            [](const auto& in, std::size_t step, std::size_t length) {
                const T* column = in[0];
                const Lanes<T> most = detail::column_max(column, step, length);
                detail::map_column(
                    in[0], step, length, [=](Lanes<T> a) { return exp(a - most); }, column);
                const Lanes<T> scale = 1 / detail::column_sum(
                                               step, length, [](Lanes<T> e) { return e; }, column);
                detail::map_column(
                    in[0], step, length, [=](Lanes<T> e) { return e * scale; }, column);
            },
            x);
    }
    auto vjp(const Variable<T>& g, const Variable<T>&, const Variable<T>& y) const {
        return pullbacks([&] {
            if (is_recording()) return y * (g - sum(g * y, axis, keep));
            if (!is_last(axis, y.shape()))
                return detail::evaluate([](auto a, auto b, auto c) { return b * (a - c); }, g, y,
                                        sum(g * y, axis, keep));
            return Variable<T>(each_row(
                [](const T* slope, const T* value, T* out, std::size_t count) {
                    detail::map_row(
                        out, count, [](Lanes<T> a, Lanes<T> b) { return a * b; }, slope, value);
                    T total = detail::sum_row(std::as_const(out), count);
                    detail::map_row(
                        out, count, [=](Lanes<T> a, Lanes<T> b) { return b * (a - total); }, slope, value);
                },
                [](const auto& in, std::size_t step, std::size_t length) {
                    const T *slope = in[0], *value = in[1];
                    const Lanes<T> total = detail::column_sum(
                        step, length, [](Lanes<T> a, Lanes<T> b) { return a * b; }, slope, value);
                    detail::map_column(
                        in[0], step, length, [=](Lanes<T> a, Lanes<T> b) { return b * (a - total); }, slope, value);
                },
                g.value(), y.value()));
        });
    }
    static Samples samples();
};

template <class T>
struct LogSoftmax {
    static constexpr auto name = "log_softmax";
    static constexpr auto needs = needs::output;
    static constexpr About about{"softmax", "y_i = x_i - log sum_j exp(x_j)", "dx = g - exp(y) sum(g)",
                                 "any; along one axis"};
    std::ptrdiff_t axis;    // counted from the front

    Array<T> forward(const Array<T>& x) const {
        if (x.size() > 0 && !is_last(axis, x.shape())) {
            NoGrad guard;
            const Variable<T> values(share(x)), largest = amax(values, axis, keep);
            const Variable<T> log_sum = log(sum(shifted_exponentials(values, largest), axis, keep));
            return detail::evaluate([](auto v, auto m, auto s) { return (v - m) - s; }, values, largest, log_sum)
                .value();
        }
        return each_row(
            [](const T* in, T* out, std::size_t count) {
                auto [max, sum] = detail::exponential_sum(in, count);
                T log_sum = std::log(sum);
                detail::map_row(
                    out, count, [max = max, log_sum](Lanes<T> a) { return (a - max) - log_sum; }, in);
            },
            [](const auto& in, std::size_t step, std::size_t length) {
                const T* column = in[0];
                const Lanes<T> most = detail::column_max(column, step, length);
                const Lanes<T> log_sum = log(detail::column_sum(
                    step, length, [=](Lanes<T> a) { return exp(a - most); }, column));
                detail::map_column(
                    in[0], step, length, [=](Lanes<T> a) { return (a - most) - log_sum; }, column);
            },
            x);
    }
    auto vjp(const Variable<T>& g, const Variable<T>&, const Variable<T>& y) const {
        return pullbacks([&] {
            if (is_recording()) return g - exp(y) * sum(g, axis, keep);
            if (!is_last(axis, y.shape()))
                return detail::evaluate([](auto a, auto b, auto c) { return a - exp(b) * c; }, g, y,
                                        sum(g, axis, keep));
            return Variable<T>(each_row(
                [](const T* slope, const T* value, T* out, std::size_t count) {
                    T total = detail::sum_row(slope, count);
                    detail::map_row(
                        out, count, [=](Lanes<T> a, Lanes<T> b) { return a - exp(b) * total; }, slope, value);
                },
                [](const auto& in, std::size_t step, std::size_t length) {
                    const T *slope = in[0], *value = in[1];
                    const Lanes<T> total = detail::column_sum(
                        step, length, [](Lanes<T> a) { return a; }, slope);
                    detail::map_column(
                        in[0], step, length, [=](Lanes<T> a, Lanes<T> b) { return a - exp(b) * total; }, slope, value);
                },
                g.value(), y.value()));
        });
    }
    static Samples samples();
};

// Columns too few to fill registers are brought into rows, and back, by views.
constexpr std::size_t few_columns = 16;

template <class Op, class T>
Variable<T> along_axis(const Variable<T>& x, std::ptrdiff_t axis) {
    if (x.dimension() == 0 && (axis == 0 || axis == -1)) return reshape(apply(Op{0}, reshape(x, {1})), Shape{});
    const std::size_t place = normalize_axis(Op::name, axis, x.dimension());
    std::size_t columns = 1;
    for (std::size_t d = place + 1; d < x.dimension(); ++d) columns *= x.shape()[d];
    const auto last = static_cast<std::ptrdiff_t>(x.dimension()) - 1;
    if (place + 1 == x.dimension() || columns >= few_columns) return apply(Op{static_cast<std::ptrdiff_t>(place)}, x);
    return swap_axes(apply(Op{last}, swap_axes(x, axis, -1)), axis, -1);
}

}    // namespace

template <class T>
Variable<T> softmax(const Variable<T>& x, std::ptrdiff_t axis) {
    return along_axis<Softmax<T>>(x, axis);
}

template <class T>
Variable<T> log_softmax(const Variable<T>& x, std::ptrdiff_t axis) {
    return along_axis<LogSoftmax<T>>(x, axis);
}

template Variable<float> softmax(const Variable<float>&, std::ptrdiff_t);
template Variable<double> softmax(const Variable<double>&, std::ptrdiff_t);
template Variable<float> log_softmax(const Variable<float>&, std::ptrdiff_t);
template Variable<double> log_softmax(const Variable<double>&, std::ptrdiff_t);

namespace {

// exp(x) / sum exp(x) over the last axis of a matrix.
A naive(const A& x) {
    A y = x;
    for (std::size_t i = 0; i < x.shape()[0]; ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < x.shape()[1]; ++j) sum += std::exp(x(i, j));
        for (std::size_t j = 0; j < x.shape()[1]; ++j) y(i, j) = std::exp(x(i, j)) / sum;
    }
    return y;
}

template <class F, class R>
Samples softmax_samples(F f, R of_probability) {
    auto along = [f](std::ptrdiff_t axis) { return [f, axis](const auto& x) { return f(x[0], axis); }; };
    const A matrix{{1.5, -2.0, 0.5}, {0.25, 3.0, -1.0}};
    return Samples()
        .add("rows", {matrix}, along(-1), [=](const Arrays& x) -> A { return of_probability(naive(x[0])); })
        .add("columns", {matrix}, along(0),
             [=](const Arrays& x) -> A { return xt::transpose(of_probability(naive(A(xt::transpose(x[0]))))); })
        .add("a row longer than the lanes",
             {A{{0.5, -1.0, 0.25, 2.0, -0.5, 0.75, 1.0, -1.5, 0.0, 0.1, 0.2, -0.3, 0.4, 1.2, -0.7, 0.6, 0.9, -0.2}}},
             along(1), [=](const Arrays& x) -> A { return of_probability(naive(x[0])); })
        .add("0-d", {A(3.0)}, along(-1), [=](const Arrays&) -> A { return of_probability(A(1.0)); })
        .add(
            "no columns", {A(Shape{2, 0})}, along(-1),
            [](const Arrays&) {
                return A(Shape{2, 0});
            },
            1)
        .refuse("axis 2 of a matrix", {matrix}, along(2));
}

template <class T>
Samples Softmax<T>::samples() {
    return softmax_samples([](const auto& x, std::ptrdiff_t axis) { return softmax(x, axis); },
                           [](const A& p) { return p; });
}

template <class T>
Samples LogSoftmax<T>::samples() {
    return softmax_samples([](const auto& x, std::ptrdiff_t axis) { return log_softmax(x, axis); },
                           [](const A& p) -> A { return xt::log(p); });
}

}    // namespace
}    // namespace xtape
