#include <xtape/core/detail/number.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/cross_entropy.hpp>
#include <xtape/ops/detail/rows.hpp>
#include <xtape/ops/detail/side_by_side.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/shape.hpp>
#include <xtape/ops/softmax.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

// Calls row(index, first element of the row) on every row of n classes.
template <class Row>
void each_row(std::size_t rows, std::size_t classes, Row row) {
    detail::parallel_for(rows, detail::softmax_grain(classes), [&](std::size_t begin, std::size_t end) {
        for (std::size_t r = begin; r < end; ++r) row(r, r * classes);
    });
}

Shape without_last(const Shape& shape) { return Shape(shape.begin(), shape.end() - 1); }

// What forward leaves for the derivative: of each row, the largest logit and the sum of exponentials relative to it.
template <class T>
struct RowSums {
    Storage<T> max, sum;
    explicit RowSums(std::size_t rows) : max(rows), sum(rows) {}
};

// The same of rows that stand side by side, lane by lane.
template <class T>
std::pair<Lanes<T>, Lanes<T>> sums_of_columns(const T* column, std::size_t step, std::size_t n) {
    const Lanes<T> most = detail::column_max(column, step, n);
    return {most, detail::column_sum(
                      step, n, [=](Lanes<T> a) { return exp(a - most); }, column)};
}

// The targets of rows that stand side by side, as numbers of their element type; -1 for a row that is ignored.
template <class T>
Lanes<T> target_lanes(const std::int64_t* target, std::size_t count, std::int64_t ignored) {
    constexpr std::size_t width = Lanes<T>::width;
    T lanes[width];
    if (count == width)
        for (std::size_t c = 0; c < width; ++c) lanes[c] = static_cast<T>(target[c]);
    else
        for (std::size_t c = 0; c < width; ++c) lanes[c] = static_cast<T>(target[std::min(c, count - 1)]);
    const Lanes<T> targets = Lanes<T>::load(lanes);
    return select(targets == static_cast<T>(ignored), -1, targets);    // rounding makes it equal to no class
}

template <class T>
struct IndexCrossEntropy {
    static constexpr auto name = "softmax_cross_entropy";
    static constexpr auto needs = needs::input(0);
    static constexpr About about{"cross_entropy", "y = -log softmax(x)_t", "dx = g (softmax(x) - onehot(t))",
                                 "(..., n), (...) -> (...)"};
    Indices targets;
    std::int64_t ignored;
    T smoothing;

    auto forward(const Array<T>& x) const {
        Array<T> losses = empty_array<T>(without_last(x.shape()));
        RowSums<T> sums(losses.size());
        if (losses.size() == 0) return saving(std::move(losses), std::move(sums));
        const std::size_t n = x.shape().back();
        const T* logits = x.storage().data();
        const std::int64_t* target = targets.storage().data();
        T *loss = losses.storage().data(), *max = sums.max.data(), *sum = sums.sum.data();
        // Minus the target's logit, and with smoothing the mean of all, relative to the largest.
        auto finish = [=, this](auto log_sum, auto centre, auto total) {
            return log_sum - ((1 - smoothing) * centre + smoothing * (total / static_cast<T>(n)));
        };
        if (n < detail::longest_side_by_side) {
            auto body = [=, this](const auto& in, std::size_t step, std::size_t first, std::size_t count) {
                const T* column = in[0];
                const auto [most, all] = sums_of_columns(column, step, n);
                const Lanes<T> total = detail::column_sum(
                    step, smoothing == 0 ? 0 : n, [most = most](Lanes<T> a) { return a - most; }, column);
                const Lanes<T> t = target_lanes<T>(target + first, count, ignored);
                Lanes<T> centre = Lanes<T>::load(column);
                for (std::size_t k = 1; k < n; ++k)
                    centre = select(t == static_cast<T>(k), Lanes<T>::load(column + k * step), centre);
                const Lanes<T> result = finish(log(all), centre - most, total);
                detail::store_rows<T>(select(t < 0, 0, result), loss + first, count);
                detail::store_rows(most, max + first, count);
                detail::store_rows(all, sum + first, count);
            };
            detail::side_by_side<T, 1>(losses.size(), n, {logits}, nullptr, detail::parallel_functions, body);
            return saving(std::move(losses), std::move(sums));
        }
        each_row(losses.size(), n, [=, this](std::size_t r, std::size_t begin) {
            if (target[r] == ignored) {
                loss[r] = 0;
                return;
            }
            const T* row = logits + begin;
            const auto kept = detail::exponential_sum(row, n);
            max[r] = kept.max;
            sum[r] = kept.sum;
            T total = 0;
            for (std::size_t c = 0; smoothing != 0 && c < n; ++c) total += row[c] - kept.max;
            loss[r] = finish(std::log(kept.sum), row[target[r]] - kept.max, total);
        });
        return saving(std::move(losses), std::move(sums));
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>&, const RowSums<T>& sums) const {
        return pullbacks([&g, &x, &sums, this] {
            if (!is_recording()) return Variable<T>(gradient(g.value(), x.value(), sums));
            Array<T> kept = Array<T>(xt::cast<T>(xt::not_equal(targets, ignored)));
            return unsqueeze(g * Variable<T>(std::move(kept)), -1) *
                   (softmax(x) - Variable<T>(distribution(x.shape())));
        });
    }
    Array<T> gradient(const Array<T>& g, const Array<T>& x, const RowSums<T>& sums) const {
        Array<T> result = empty_array<T>(x.shape());
        if (result.size() == 0) return result;
        const std::size_t n = x.shape().back();
        const T *logits = x.storage().data(), *slopes = g.storage().data();
        const T *max = sums.max.data(), *sum = sums.sum.data();
        const std::int64_t* target = targets.storage().data();
        T* out = result.storage().data();
        if (n < detail::longest_side_by_side) {
            auto body = [=, this](const auto& in, std::size_t step, std::size_t first, std::size_t count) {
                T* column = in[0];
                const Lanes<T> most = detail::load_rows(max + first, count);
                const Lanes<T> slope = detail::load_rows(slopes + first, count);
                const Lanes<T> scale = slope / detail::load_rows(sum + first, count);
                const Lanes<T> shift = slope * (smoothing / static_cast<T>(n));
                const Lanes<T> t = target_lanes<T>(target + first, count, ignored), one = slope * (1 - smoothing);
                for (std::size_t k = 0; k < n; ++k) {
                    const Lanes<T> all = exp(Lanes<T>::load(column + k * step) - most) * scale - shift;
                    const Lanes<T> logit_slope = select(t == static_cast<T>(k), all - one, all);
                    select(t < 0, 0, logit_slope).store(column + k * step);
                }
            };
            detail::side_by_side<T, 1>(targets.size(), n, {logits}, out, detail::parallel_functions, body);
            return result;
        }
        each_row(targets.size(), n, [=, this](std::size_t r, std::size_t begin) {
            if (target[r] == ignored) {
                std::fill_n(out + begin, n, T(0));
                return;
            }
            const T most = max[r], scale = slopes[r] / sum[r], shift = slopes[r] * smoothing / static_cast<T>(n);
            detail::map_row(
                out + begin, n, [=](Lanes<T> a) { return exp(a - most) * scale - shift; }, logits + begin);
            out[begin + static_cast<std::size_t>(target[r])] -= slopes[r] * (1 - smoothing);
        });
        return result;
    }
    Array<T> distribution(const Shape& shape) const {
        Array<T> q(shape, smoothing / static_cast<T>(shape.back()));
        for (std::size_t r = 0; r < targets.size(); ++r)
            if (std::int64_t t = targets.storage()[r]; t != ignored)
                q.storage()[r * shape.back() + static_cast<std::size_t>(t)] += 1 - smoothing;
        return q;
    }
    static Samples samples();
};

template <class T>
struct DistributionCrossEntropy {
    static constexpr auto name = "softmax_cross_entropy_of_distribution";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"cross_entropy", "y = -sum_c q_c log softmax(x)_c",
                                 "dx = g (sum(q) softmax(x) - q), dq = -g log softmax(x)",
                                 "(..., n), (..., n) -> (...)"};

    auto forward(const Array<T>& x, const Array<T>& q) const {
        Array<T> losses = empty_array<T>(without_last(x.shape()));
        RowSums<T> sums(losses.size());
        if (losses.size() == 0) return saving(std::move(losses), std::move(sums));
        const std::size_t n = x.shape().back();
        const T *logits = x.storage().data(), *weights = q.storage().data();
        T *loss = losses.storage().data(), *max = sums.max.data(), *sum = sums.sum.data();
        if (n < detail::longest_side_by_side) {
            auto body = [=](const auto& in, std::size_t step, std::size_t first, std::size_t count) {
                const T *column = in[0], *share = in[1];
                const auto [most, all] = sums_of_columns(column, step, n);
                const Lanes<T> total = detail::column_sum(
                    step, n,
                    [most = most, log_sum = log(all)](Lanes<T> a, Lanes<T> p) { return p * (log_sum - (a - most)); },
                    column, share);
                detail::store_rows(total, loss + first, count);
                detail::store_rows(most, max + first, count);
                detail::store_rows(all, sum + first, count);
            };
            detail::side_by_side<T, 2>(losses.size(), n, {logits, weights}, nullptr, detail::parallel_functions, body);
            return saving(std::move(losses), std::move(sums));
        }
        each_row(losses.size(), n, [=](std::size_t r, std::size_t begin) {
            const auto kept = detail::exponential_sum(logits + begin, n);
            max[r] = kept.max;
            sum[r] = kept.sum;
            T log_sum = std::log(kept.sum), total = 0;
            for (std::size_t c = begin; c < begin + n; ++c) total += weights[c] * (log_sum - (logits[c] - kept.max));
            loss[r] = total;
        });
        return saving(std::move(losses), std::move(sums));
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>& q, const Variable<T>&,
             const RowSums<T>& sums) const {
        return pullbacks(
            [&g, &x, &q, &sums, this] {
                if (!is_recording()) return Variable<T>(gradient(g.value(), x.value(), q.value(), sums));
                return unsqueeze(g, -1) * (softmax(x) * sum(q, -1, {.keep_dims = true}) - q);
            },
            [&g, &x] { return -(unsqueeze(g, -1) * log_softmax(x)); });
    }
    Array<T> gradient(const Array<T>& g, const Array<T>& x, const Array<T>& q, const RowSums<T>& sums) const {
        Array<T> result = empty_array<T>(x.shape());
        if (result.size() == 0) return result;
        const std::size_t n = x.shape().back();
        const T *logits = x.storage().data(), *weights = q.storage().data(), *slopes = g.storage().data();
        const T *max = sums.max.data(), *sum = sums.sum.data();
        T* out = result.storage().data();
        if (n < detail::longest_side_by_side) {
            auto body = [=](const auto& in, std::size_t step, std::size_t first, std::size_t count) {
                const T *column = in[0], *share = in[1];
                const Lanes<T> most = detail::load_rows(max + first, count);
                const Lanes<T> slope = detail::load_rows(slopes + first, count);
                const Lanes<T> total = detail::column_sum(
                    step, n, [](Lanes<T> p) { return p; }, share);
                const Lanes<T> scale = slope * total / detail::load_rows(sum + first, count);
                detail::map_column(
                    in[0], step, n, [=](Lanes<T> a, Lanes<T> p) { return exp(a - most) * scale - p * slope; }, column,
                    share);
            };
            detail::side_by_side<T, 2>(g.size(), n, {logits, weights}, out, detail::parallel_functions, body);
            return result;
        }
        each_row(g.size(), n, [=](std::size_t r, std::size_t begin) {
            T total = 0;
            for (std::size_t c = begin; c < begin + n; ++c) total += weights[c];
            const T most = max[r], slope = slopes[r], scale = slope * total / sum[r];
            detail::map_row(
                out + begin, n, [=](Lanes<T> a, Lanes<T> p) { return exp(a - most) * scale - p * slope; },
                logits + begin, weights + begin);
        });
        return result;
    }
    static Samples samples();
};

void check_targets(const Indices& targets, std::size_t classes, std::int64_t ignored) {
    const std::int64_t* target = targets.storage().data();
    const auto n = static_cast<std::int64_t>(classes);
    bool bad = false;
    for (std::size_t i = 0; i < targets.size(); ++i) bad |= (target[i] < 0 || target[i] >= n) && target[i] != ignored;
    for (std::size_t i = 0; bad && i < targets.size(); ++i)
        if (target[i] != ignored && (target[i] < 0 || target[i] >= static_cast<std::int64_t>(classes)))
            throw std::out_of_range("[softmax_cross_entropy] got the target " + std::to_string(target[i]) +
                                    " at position " + std::to_string(i) + "; wanted 0 to " +
                                    std::to_string(static_cast<std::int64_t>(classes) - 1) + ", or " +
                                    std::to_string(ignored) + " to ignore the row");
}

// The axis of the classes brought to the end; the others keep their order.
template <class T>
Variable<T> classes_last(const Variable<T>& x, std::ptrdiff_t axis) {
    std::size_t place = normalize_axis("softmax_cross_entropy", axis, x.dimension());
    if (place + 1 == x.dimension()) return x;
    std::vector<std::size_t> order;
    for (std::size_t d = 0; d < x.dimension(); ++d)
        if (d != place) order.push_back(d);
    order.push_back(place);
    return permute(x, order);
}

}    // namespace

template <class T>
Variable<T> softmax_cross_entropy(const Variable<T>& logits, const IntegerArray& targets, CrossEntropyOptions options) {
    if (!(options.label_smoothing >= 0 && options.label_smoothing <= 1))
        throw std::invalid_argument("[softmax_cross_entropy] got label_smoothing " +
                                    xtape::detail::to_text(options.label_smoothing) + "; wanted 0 to 1");
    Variable<T> x = classes_last(logits, options.axis);
    if (!same_shape(without_last(x.shape()), targets.shape()))
        throw ShapeError("[softmax_cross_entropy] got logits of the shape " + to_string(logits.shape()) +
                         " and targets of the shape " + to_string(targets.shape()) + "; wanted one target a row, " +
                         to_string(without_last(x.shape())));
    check_targets(targets, x.shape().back(), options.ignore_index);
    return apply(IndexCrossEntropy<T>{share(targets), options.ignore_index, static_cast<T>(options.label_smoothing)},
                 x);
}

template <class T>
Variable<T> softmax_cross_entropy(const Variable<T>& logits, const Variable<T>& q, std::ptrdiff_t axis) {
    if (!same_shape(logits.shape(), q.shape()))
        throw ShapeError("[softmax_cross_entropy] got logits of the shape " + to_string(logits.shape()) +
                         " and distributions of the shape " + to_string(q.shape()) + "; wanted the same");
    return apply(DistributionCrossEntropy<T>{}, classes_last(logits, axis), classes_last(q, axis));
}

template Variable<float> softmax_cross_entropy(const Variable<float>&, const IntegerArray&, CrossEntropyOptions);
template Variable<double> softmax_cross_entropy(const Variable<double>&, const IntegerArray&, CrossEntropyOptions);
template Variable<float> softmax_cross_entropy(const Variable<float>&, const Variable<float>&, std::ptrdiff_t);
template Variable<double> softmax_cross_entropy(const Variable<double>&, const Variable<double>&, std::ptrdiff_t);

namespace {

// -sum_c q_c log softmax(x)_c, row by row of matrices.
A naive(const A& x, const A& q) {
    A losses(Shape{x.shape()[0]}, 0.0);
    for (std::size_t i = 0; i < x.shape()[0]; ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < x.shape()[1]; ++j) sum += std::exp(x(i, j));
        for (std::size_t j = 0; j < x.shape()[1]; ++j) losses(i) -= q(i, j) * (x(i, j) - std::log(sum));
    }
    return losses;
}
A some_logits() { return A{{1.5, -2.0, 0.5}, {0.25, 3.0, -1.0}}; }

template <class T>
Samples IndexCrossEntropy<T>::samples() {
    auto with = [](Indices targets, CrossEntropyOptions options) {
        return [=](const auto& x) { return softmax_cross_entropy(x[0], targets, options); };
    };
    auto wanted = [](A q) { return [=](const Arrays& x) { return naive(x[0], q); }; };
    return Samples()
        .add("rows", {some_logits()}, with({2, 0}, {}), wanted({{0.0, 0.0, 1.0}, {1.0, 0.0, 0.0}}))
        .add("smoothed", {some_logits()}, with({2, 0}, {.label_smoothing = 0.3}),
             wanted({{0.1, 0.1, 0.8}, {0.8, 0.1, 0.1}}))
        .add("a row ignored", {some_logits()}, with({7, 1}, {.ignore_index = 7}),
             wanted({{0.0, 0.0, 0.0}, {0.0, 1.0, 0.0}}))
        .add("classes first", {A{{1.5, 0.25}, {-2.0, 3.0}, {0.5, -1.0}}}, with({2, 0}, {.axis = 0}),
             [](const Arrays&) {
                 return naive(some_logits(), A{{0.0, 0.0, 1.0}, {1.0, 0.0, 0.0}});
             })
        .add(
            "one row", {A{1.5, -2.0, 0.5}},
            [](const auto& x) { return softmax_cross_entropy(x[0], Indices(std::int64_t{0})); },
            [](const Arrays&) { return A(std::log(1 + std::exp(-3.5) + std::exp(-1.0))); })
        .add(
            "no rows", {A(Shape{0, 3})}, with(Indices(Shape{0}), {}), [](const Arrays&) { return A(Shape{0}); }, 1)
        .refuse("target 3 of 3 classes", {some_logits()}, with({2, 3}, {}))
        .refuse("target -1", {some_logits()}, with({2, -1}, {}))
        .refuse("three targets for two rows", {some_logits()}, with({2, 0, 0}, {}))
        .refuse("smoothing 2", {some_logits()}, with({2, 0}, {.label_smoothing = 2}))
        .refuse("0-d", {A(1.0)}, with({0}, {}));
}

template <class T>
Samples DistributionCrossEntropy<T>::samples() {
    auto f = [](const auto& x) { return softmax_cross_entropy(x[0], x[1]); };
    auto reference = [](const Arrays& x) { return naive(x[0], x[1]); };
    return Samples()
        .add("rows", {some_logits(), A{{0.25, 0.5, 0.25}, {1.0, 0.0, 0.0}}}, f, reference)
        .add("rows that do not add up to 1", {some_logits(), A{{0.5, 0.5, 0.25}, {2.0, 0.25, 0.0}}}, f, reference)
        .add(
            "classes first", {A{{1.5, 0.25}, {-2.0, 3.0}, {0.5, -1.0}}, A{{0.25, 1.0}, {0.5, 0.0}, {0.25, 0.0}}},
            [](const auto& x) { return softmax_cross_entropy(x[0], x[1], 0); },
            [](const Arrays& x) { return naive(some_logits(), A(xt::transpose(x[1]))); })
        .add(
            "no rows", {A(Shape{0, 3}), A(Shape{0, 3})}, f, [](const Arrays&) { return A(Shape{0}); }, 1)
        .refuse("two and three classes", {some_logits(), A{{0.5, 0.5}, {1.0, 0.0}}}, f);
}

}    // namespace
}    // namespace xtape
