// Normalisation over the last axes: each row on its own.
#include <xtape/core/detail/summation.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/detail/evaluate.hpp>
#include <xtape/ops/detail/rows.hpp>
#include <xtape/ops/detail/side_by_side.hpp>
#include <xtape/ops/normalization.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

constexpr std::size_t parallel = 64 * 1024;    // elements from which a second thread pays
constexpr std::size_t block = 32;              // rows whose gradients of w and b are added up together

// The last axes of x, as many as w has; those before them.
struct Features {
    std::vector<std::ptrdiff_t> own;
    std::vector<std::ptrdiff_t> others;
    Features(std::size_t dimension, std::size_t count) {
        for (std::size_t d = 0; d < dimension; ++d)
            (d + count < dimension ? others : own).push_back(static_cast<std::ptrdiff_t>(d));
    }
};

template <class T>
struct LayerNorm {
    static constexpr auto name = "layer_norm";
    static constexpr auto needs = needs::input(0) | needs::input(1);
    static constexpr About about{"normalization", "y = n w + b, n = (x - mean(x)) / sqrt(var(x) + eps), row by row",
                                 "dx = (g w - mean(g w) - n mean(g w n)) / sqrt(var(x) + eps), dw = sum(g n), "
                                 "db = sum(g)",
                                 "(..., D), (D), (D) -> (..., D)"};
    double eps;
    struct Row {
        T mean, inverse;    // 1 / sqrt(v + eps)
    };

    template <class Work>
    static void each_row(std::size_t count, std::size_t size, Work work) {
        detail::parallel_for(count, std::max<std::size_t>(1, parallel / size), [&](std::size_t begin, std::size_t end) {
            for (std::size_t r = begin; r < end; ++r) work(r);
        });
    }

    auto forward(const Array<T>& x, const Array<T>& weight, const Array<T>& bias) const {
        Array<T> y = empty_array<T>(x.shape());
        std::size_t size = weight.size(), count = size == 0 ? 0 : x.size() / size;
        Storage<Row> rows(count);
        if (y.size() == 0) return saving(std::move(y), std::move(rows));
        const T *in = x.storage().data(), *w = weight.storage().data(), *b = bias.storage().data();
        T* out = y.storage().data();
        Row* kept = rows.data();
        if (size < detail::longest_side_by_side) {
            using L = Lanes<T>;
            const T number = static_cast<T>(size), epsilon = static_cast<T>(eps);
            detail::side_by_side<T, 1>(
                count, size, {in}, out, parallel,
                [=](const auto& column, std::size_t step, std::size_t first, std::size_t lines) {
                    T* elements = column[0];
                    const L mean = detail::column_sum<T>(
                                       step, size, [](L v) { return v; }, elements) /
                                   number;
                    const L squares = detail::column_sum<T>(
                        step, size, [=](L v) { return square(v - mean); }, elements);
                    const L inverse = 1 / sqrt(squares / number + epsilon);
                    for (std::size_t k = 0; k < size; ++k)
                        L((L::load(elements + k * step) - mean) * inverse * w[k] + b[k]).store(elements + k * step);
                    T means[L::width], inverses[L::width];
                    mean.store(means);
                    inverse.store(inverses);
                    for (std::size_t c = 0; c < lines; ++c) kept[first + c] = {means[c], inverses[c]};
                });
            return saving(std::move(y), std::move(rows));
        }
        each_row(count, size, [=, this](std::size_t r) {
            auto moments = detail::Moments<T>::of_row(in + r * size, size);
            T mean = moments.mean;
            auto inverse = static_cast<T>(1 / std::sqrt(static_cast<double>(moments.squares / moments.count) + eps));
            kept[r] = {mean, inverse};
            detail::map_row(
                out + r * size, size, [=](auto v, auto a, auto c) { return (v - mean) * inverse * a + c; },
                in + r * size, w, b);
        });
        return saving(std::move(y), std::move(rows));
    }

    Array<T> gradient(const detail::GradientRows<T>& g, const Array<T>& x, const Array<T>& weight,
                      const Row* kept) const {
        Array<T> result = empty_array<T>(x.shape());
        if (result.size() == 0) return result;
        std::size_t size = weight.size(), count = x.size() / size;
        const T *in = x.storage().data(), *w = weight.storage().data();
        T* out = result.storage().data();
        if (size < detail::longest_side_by_side) {
            using L = Lanes<T>;
            const T number = static_cast<T>(size);
            detail::side_by_side<T, 2>(
                count, size, {g[0], in}, out, parallel,
                [=](const auto& column, std::size_t step, std::size_t first, std::size_t lines) {
                    T *slopes = column[0], *elements = column[1], means[L::width] = {}, inverses[L::width] = {};
                    for (std::size_t c = 0; c < lines; ++c) {
                        means[c] = kept[first + c].mean;
                        inverses[c] = kept[first + c].inverse;
                    }
                    const L mean = L::load(means), inverse = L::load(inverses);
                    L total(0), total_n(0);
                    for (std::size_t k = 0; k < size; ++k) {
                        const L slope = L::load(slopes + k * step) * w[k];
                        total += slope;
                        total_n += slope * (L::load(elements + k * step) - mean);
                    }
                    const L b = -total_n * inverse * inverse * inverse / number, c = -total * inverse / number;
                    for (std::size_t k = 0; k < size; ++k) {
                        const L slope = L::load(slopes + k * step), v = L::load(elements + k * step);
                        L(slope * w[k] * inverse + (v - mean) * b + c).store(slopes + k * step);
                    }
                });
            return result;
        }
        each_row(count, size, [=, &g](std::size_t r) {
            auto [mean_copy, inverse_copy] = kept[r];
            T mean = mean_copy, inverse = inverse_copy;
            const T *slope = g[r], *row = in + r * size;
            T total = detail::sum_of<T>(
                size, [](auto s, auto a) { return s * a; }, slope, w);
            T total_n = detail::sum_of<T>(
                size, [=](auto s, auto a, auto v) { return s * a * (v - mean); }, slope, w, row);
            T b = -total_n * inverse * inverse * inverse / static_cast<T>(size),
              c = -total * inverse / static_cast<T>(size);
            detail::map_row(
                out + r * size, size, [=](auto s, auto a, auto v) { return s * a * inverse + (v - mean) * b + c; },
                slope, w, row);
        });
        return result;
    }

    // sum(g n) and sum(g) over the rows.
    std::array<Array<T>, 2> sums(const detail::GradientRows<T>& g, const Array<T>& x, const Shape& shape,
                                 const Row* kept) const {
        std::array<Array<T>, 2> result{Array<T>(shape, T(0)), Array<T>(shape, T(0))};
        if (x.size() == 0) return result;
        std::size_t size = element_count(shape), count = x.size() / size, blocks = (count + block - 1) / block;
        if (size < detail::longest_side_by_side) {
            Array<T> means = empty_array<T>({count, 1}), inverses = empty_array<T>({count, 1});
            for (std::size_t r = 0; r < count; ++r) {
                means.storage()[r] = kept[r].mean;
                inverses.storage()[r] = kept[r].inverse;
            }
            const Shape matrix{count, size}, line{1, size};
            const Variable<T> slopes(g.rows(count, size)), values(share(x, matrix));
            const Variable<T> normal =
                detail::evaluate([](auto s, auto v, auto m, auto i) { return s * ((v - m) * i); }, slopes, values,
                                 Variable<T>(std::move(means)), Variable<T>(std::move(inverses)));
            return {share(detail::sum_to(detail::view_of(normal), line), shape),
                    share(detail::sum_to(detail::view_of(slopes), line), shape)};
        }
        std::vector<T> partial(2 * size * blocks);
        const T* in = x.storage().data();
        T* some = partial.data();
        detail::parallel_for(blocks, std::max<std::size_t>(1, parallel / (size * block)),
                             [=, &g](std::size_t begin, std::size_t end) {
                                 for (std::size_t k = begin; k < end; ++k)
                                     for (std::size_t r = k * block; r < std::min(count, (k + 1) * block); ++r) {
                                         T mean = kept[r].mean, inverse = kept[r].inverse;
                                         T *total_n = some + 2 * size * k, *total = total_n + size;
                                         const T *slope = g[r], *row = in + r * size;
                                         for (std::size_t c = 0; c < size; ++c) {
                                             total_n[c] += slope[c] * ((row[c] - mean) * inverse);
                                             total[c] += slope[c];
                                         }
                                     }
                             });
        for (std::size_t k = 0; k < blocks; ++k)
            for (std::size_t j = 0; j < 2; ++j) {
                T* total = result[j].storage().data();
                const T* part = some + size * (2 * k + j);
                for (std::size_t c = 0; c < size; ++c) total[c] += part[c];
            }
        return result;
    }

    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>& weight, const Variable<T>&,
             const Variable<T>&, const Storage<Row>& rows) const {
        struct Swept {
            detail::GradientRows<T> g;
            std::array<Array<T>, 2> sums{};
            bool summed = false;
        };
        std::shared_ptr<Swept> swept;
        if (!is_recording()) swept = std::make_shared<Swept>(Swept{{detail::view_of(g), weight.size()}});
        auto summed = [&x, &weight, &rows, swept, this](std::size_t which) {
            if (!std::exchange(swept->summed, true))
                swept->sums = sums(swept->g, x.value(), weight.shape(), rows.data());
            return Variable<T>(std::move(swept->sums[which]));
        };
        return pullbacks(
            [&g, &x, &weight, &rows, swept, this] {
                if (swept) return Variable<T>(gradient(swept->g, x.value(), weight.value(), rows.data()));
                auto [axes, normal, inverse] = composite(x, weight.dimension());
                Variable<T> slope = g * weight;
                return inverse * (slope - mean(slope, axes.own, {.keep_dims = true}) -
                                  normal * mean(slope * normal, axes.own, {.keep_dims = true}));
            },
            [&g, &x, &weight, swept, summed, this] {
                if (swept) return summed(0);
                auto [axes, normal, inverse] = composite(x, weight.dimension());
                return sum(g * normal, axes.others);
            },
            [&g, &x, &weight, swept, summed] {
                if (swept) return summed(1);
                return sum(g, Features(x.dimension(), weight.dimension()).others);
            });
    }

    struct Composite {
        Features axes;
        Variable<T> normal, inverse;
    };
    Composite composite(const Variable<T>& x, std::size_t count) const {
        Features axes(x.dimension(), count);
        Variable<T> centred = x - mean(x, axes.own, {.keep_dims = true});
        Variable<T> inverse = rsqrt(mean(square(centred), axes.own, {.keep_dims = true}) + eps);
        return {axes, centred * inverse, inverse};
    }
    static Samples samples();
};

void check_features(const char* name, const Shape& x, const Shape& weight) {
    bool fits = !weight.empty() && weight.size() <= x.size() && std::equal(weight.rbegin(), weight.rend(), x.rbegin());
    if (!fits)
        throw ShapeError("[" + std::string(name) + "] got the shapes " + to_string(x) + " and " + to_string(weight) +
                         "; wanted the second to be the end of the first");
}

}    // namespace

template <class T>
Variable<T> layer_norm(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias, double eps) {
    check_features("layer_norm", x.shape(), weight.shape());
    if (!same_shape(weight.shape(), bias.shape()))
        throw ShapeError("[layer_norm] got a weight and a bias of the shapes " + to_string(weight.shape()) + " and " +
                         to_string(bias.shape()) + "; wanted the same");
    return apply(LayerNorm<T>{eps}, x, weight, bias);
}

template <class T>
Variable<T> rms_norm(const Variable<T>& x, const Variable<T>& weight, double eps) {
    check_features("rms_norm", x.shape(), weight.shape());
    Features axes(x.dimension(), weight.dimension());
    return x * rsqrt(mean(square(x), axes.own, {.keep_dims = true}) + eps) * weight;
}

template <class T>
Variable<T> rms_norm(const Variable<T>& x, const Variable<T>& weight) {
    return rms_norm(x, weight, static_cast<double>(std::numeric_limits<T>::epsilon()));
}

template Variable<float> layer_norm(const Variable<float>&, const Variable<float>&, const Variable<float>&, double);
template Variable<double> layer_norm(const Variable<double>&, const Variable<double>&, const Variable<double>&, double);
template Variable<float> rms_norm(const Variable<float>&, const Variable<float>&);
template Variable<double> rms_norm(const Variable<double>&, const Variable<double>&);
template Variable<float> rms_norm(const Variable<float>&, const Variable<float>&, double);
template Variable<double> rms_norm(const Variable<double>&, const Variable<double>&, double);

namespace {

A naive(const A& x, const A& w, const A& b, double eps) {
    A y = x;
    for (std::size_t r = 0; r < x.size(); r += w.size()) {
        double mean = 0, variance = 0;
        for (std::size_t c = 0; c < w.size(); ++c) mean += x.storage()[r + c] / static_cast<double>(w.size());
        for (std::size_t c = 0; c < w.size(); ++c)
            variance += std::pow(x.storage()[r + c] - mean, 2) / static_cast<double>(w.size());
        for (std::size_t c = 0; c < w.size(); ++c)
            y.storage()[r + c] =
                (x.storage()[r + c] - mean) / std::sqrt(variance + eps) * w.storage()[c] + b.storage()[c];
    }
    return y;
}

template <class T>
Samples LayerNorm<T>::samples() {
    auto f = [](const auto& x) { return layer_norm(x[0], x[1], x[2], 0.1); };
    auto reference = [](const Arrays& x) { return naive(x[0], x[1], x[2], 0.1); };
    A x{{1.5, -2.0, 0.5}, {0.25, 3.0, -1.0}}, w{1.5, -0.5, 2.0}, b{0.25, 1.0, -1.0};
    return Samples()
        .add("rows", {x, w, b}, f, reference)
        .add("one row", {A{1.5, -2.0, 0.5}, w, b}, f, reference)
        .add("two axes", {A{{{1.5, -2.0}, {0.5, 1.0}}}, A{{1.5, -0.5}, {2.0, 1.0}}, A{{0.25, 1.0}, {0.0, -1.0}}}, f,
             reference)
        .add(
            "no rows", {A(Shape{0, 3}), w, b}, f, [](const Arrays& in) { return in[0]; }, 1)
        .add(
            "root mean square", {x, w}, [](const auto& in) { return rms_norm(in[0], in[1], 0.1); },
            [](const Arrays& in) {
                A y = in[0];
                for (std::size_t r = 0; r < 2; ++r) {
                    double squares = 0;
                    for (std::size_t c = 0; c < 3; ++c) squares += in[0](r, c) * in[0](r, c);
                    for (std::size_t c = 0; c < 3; ++c) y(r, c) *= in[1](c) / std::sqrt(squares / 3 + 0.1);
                }
                return y;
            })
        .refuse("two features for three", {x, A{1.5, -0.5}, A{0.25, 1.0}}, f)
        .refuse("a number", {A(1.0), w, b}, f);
}

}    // namespace
}    // namespace xtape
