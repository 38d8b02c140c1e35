// Batch normalisation.
#include <xtape/core/operation.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/detail/batch_parts.hpp>
#include <xtape/ops/detail/batch_table.hpp>
#include <xtape/ops/detail/rows.hpp>
#include <xtape/ops/map.hpp>
#include <xtape/ops/normalization.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/shape.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;
using detail::BatchTable;
using detail::channel_moments;
using detail::each_channel;
using detail::each_row;
using detail::each_tile;
using detail::Moments;
using detail::moments_of_all;
using detail::spread;

template <class T>
struct BatchNorm {
    static constexpr auto name = "batch_norm";
    static constexpr auto needs = needs::input(0) | needs::input(1);
    static constexpr About about{"normalization", "y = n w + b, n = (x - mean(x)) / sqrt(var(x) + eps)",
                                 "dx = w / sqrt(var(x) + eps) (g - mean(g) - n mean(g n)), dw = sum(g n), db = sum(g)",
                                 "(N, C, ...), (C,), (C,) -> (N, C, ...)"};
    double eps;
    std::vector<Moments<T>> moments;                        // of x, or of all parts, one for each channel
    std::shared_ptr<detail::BatchParts> parts = nullptr;    // if x is one

    T inverse_deviation(std::size_t c) const {
        return static_cast<T>(1 / std::sqrt(static_cast<double>(moments[c].squares / moments[c].count) + eps));
    }

    Array<T> forward(const Array<T>& x, const Array<T>& weight, const Array<T>& bias) const {
        Array<T> y = empty_array<T>(x.shape());
        const BatchTable at(x.shape());
        const T *in = x.storage().data(), *w = weight.storage().data(), *b = bias.storage().data();
        if (y.size() == 0) return y;
        auto numbers = spread<T, 3>(at, [&](std::size_t c) {
            return std::array<T, 3>{moments[c].mean, w[c] * inverse_deviation(c), b[c]};
        });
        const T *mean = numbers[0].data(), *scale = numbers[1].data(), *shift = numbers[2].data();
        T* out = y.storage().data();
        std::size_t row = at.row();
        if (at.by_columns())
            each_row(at, [=](std::size_t r, std::size_t) {
                detail::map_row(
                    out + r * row, row, [](auto v, auto m, auto s, auto t) { return (v - m) * s + t; }, in + r * row,
                    mean, scale, shift);
            });
        else
            each_row(at, [=](std::size_t r, std::size_t c) {
                T m = mean[c], s = scale[c], t = shift[c];
                detail::map_row(
                    out + r * row, row, [=](auto v) { return (v - m) * s + t; }, in + r * row);
            });
        return y;
    }

    // Of each channel: sum(g) and sum(g n).
    struct Sums {
        std::vector<T> g, g_n;
    };
    Sums sums(const detail::GradientRows<T>& g, const T* x, const BatchTable& at) const {
        Sums result{std::vector<T>(at.channels), std::vector<T>(at.channels)};
        if (at.by_columns()) {
            std::vector<T> columns(2 * at.row());
            T *total = columns.data(), *total_n = total + at.row();
            auto means = spread<T, 1>(at, [&](std::size_t c) { return std::array<T, 1>{moments[c].mean}; });
            each_tile(at, [&](std::size_t c0, std::size_t width) {
                T some[BatchTable::tile], some_n[BatchTable::tile];
                for (std::size_t r0 = 0; r0 < at.batch; r0 += BatchTable::block) {
                    std::fill_n(some, width, T(0));
                    std::fill_n(some_n, width, T(0));
                    const T* mean = means[0].data() + c0;
                    for (std::size_t r = r0; r < std::min(at.batch, r0 + BatchTable::block); ++r) {
                        const T *slope = g[r] + c0, *value = x + r * at.row() + c0;
                        for (std::size_t c = 0; c < width; ++c) {
                            some[c] += slope[c];
                            some_n[c] += slope[c] * (value[c] - mean[c]);
                        }
                    }
                    for (std::size_t c = 0; c < width; ++c) {
                        total[c0 + c] += some[c];
                        total_n[c0 + c] += some_n[c];
                    }
                }
            });
            for (std::size_t c = 0; c < at.row(); ++c) {
                result.g[c / at.places] += total[c];
                result.g_n[c / at.places] += total_n[c];
            }
        } else {
            each_channel(at, [&](std::size_t c) {
                T mean = moments[c].mean;
                for (std::size_t n = 0; n < at.batch; ++n) {
                    std::size_t r = n * at.channels + c;
                    result.g[c] += detail::sum_of<T>(
                        at.places, [](auto a) { return a; }, g[r]);
                    result.g_n[c] += detail::sum_of<T>(
                        at.places, [=](auto a, auto v) { return a * (v - mean); }, g[r], x + r * at.places);
                }
            });
        }
        for (std::size_t c = 0; c < at.channels; ++c) result.g_n[c] *= inverse_deviation(c);
        return result;
    }

    Sums of_all_parts(const Sums& mine) const {
        std::vector<double> numbers(mine.g.begin(), mine.g.end());
        numbers.insert(numbers.end(), mine.g_n.begin(), mine.g_n.end());
        std::vector<double> total(numbers.size(), 0);
        for (const auto& part : parts->gather(std::move(numbers)))
            for (std::size_t i = 0; i < total.size(); ++i) total[i] += part[i];
        const auto half = total.begin() + static_cast<std::ptrdiff_t>(mine.g.size());
        auto rounded = [](auto begin, auto end) {
            std::vector<T> list;
            for (; begin != end; ++begin) list.push_back(static_cast<T>(*begin));
            return list;
        };
        return {rounded(total.begin(), half), rounded(half, total.end())};
    }

    // The ordinary derivative: what its pullbacks share.
    struct Swept {
        detail::GradientRows<T> g;
        Sums sums;     // of x
        Sums whole;    // of the batch that x is a part of
    };
    Array<T> gradient(const Swept& swept, const Array<T>& x, const Array<T>& weight) const {
        Array<T> result = empty_array<T>(x.shape());
        if (result.size() == 0) return result;
        const BatchTable at(x.shape());
        const Sums& whole = parts ? swept.whole : swept.sums;
        auto count = parts ? moments.front().count : static_cast<T>(at.count());
        auto numbers = spread<T, 4>(at, [&](std::size_t c) {
            T inverse = inverse_deviation(c), scale = weight.storage()[c] * inverse;
            return std::array<T, 4>{moments[c].mean, scale, -scale * whole.g_n[c] / count * inverse,
                                    -scale * whole.g[c] / count};
        });
        const T *mean = numbers[0].data(), *scale = numbers[1].data(), *slope = numbers[2].data(),
                *shift = numbers[3].data(), *in = x.storage().data();
        T* out = result.storage().data();
        std::size_t row = at.row();
        if (at.by_columns())
            each_row(at, [=, &swept](std::size_t r, std::size_t) {
                detail::map_row(
                    out + r * row, row,
                    [](auto g, auto v, auto m, auto a, auto b, auto c) { return g * a + (v - m) * b + c; }, swept.g[r],
                    in + r * row, mean, scale, slope, shift);
            });
        else
            each_row(at, [=, &swept](std::size_t r, std::size_t channel) {
                T m = mean[channel], a = scale[channel], b = slope[channel], c = shift[channel];
                detail::map_row(
                    out + r * row, row, [=](auto g, auto v) { return g * a + (v - m) * b + c; }, swept.g[r],
                    in + r * row);
            });
        return result;
    }
    static Variable<T> of_channels(const std::vector<T>& numbers) {
        return Variable<T>(make_array<T>(Storage<T>(numbers.begin(), numbers.end()), Shape{numbers.size()}));
    }

    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>& weight, const Variable<T>&,
             const Variable<T>&) const {
        std::shared_ptr<Swept> swept;
        if (!is_recording()) {
            const BatchTable at(x.shape());
            swept = std::make_shared<Swept>(Swept{{detail::view_of(g), at.row()}, {}, {}});
            swept->sums = sums(swept->g, x.value().storage().data(), at);
            if (parts) swept->whole = of_all_parts(swept->sums);
        } else if (parts) {
            throw GradError(
                "[batch_norm] got a derivative that is to be differentiated, of a part of a batch; wanted whole "
                "batches");
        }
        return pullbacks(
            [&g, &x, &weight, swept, this] {
                if (swept) return Variable<T>(gradient(*swept, x.value(), weight.value()));
                auto [axes, normal, inverse] = composite(x);
                Variable<T> slopes = mean(g, axes, {.keep_dims = true});
                Variable<T> mixed = mean(g * normal, axes, {.keep_dims = true});
                return reshape(weight, inverse.shape()) * inverse * (g - slopes - normal * mixed);
            },
            [&g, &x, swept, this] {
                if (swept) return of_channels(swept->sums.g_n);
                auto [axes, normal, inverse] = composite(x);
                return sum(g * normal, axes);
            },
            [&g, &x, swept] {
                if (swept) return of_channels(swept->sums.g);
                return sum(g, other_axes(x));
            });
    }

    static Axes other_axes(const Variable<T>& x) {
        std::vector<std::size_t> axes{0};
        for (std::size_t d = 2; d < x.dimension(); ++d) axes.push_back(d);
        return axes;
    }
    struct Composite {
        Axes axes;
        Variable<T> normal, inverse;
    };
    Composite composite(const Variable<T>& x) const {
        Axes axes = other_axes(x);
        Variable<T> centred = x - mean(x, axes, {.keep_dims = true});
        Variable<T> inverse = rsqrt(mean(square(centred), axes, {.keep_dims = true}) + eps);
        return {axes, centred * inverse, inverse};
    }
    static Samples samples();
};

template <class T>
void check_channels(const char* name, const Variable<T>& x, const Shape& weight, const Shape& bias) {
    if (x.dimension() < 2 || weight.size() != 1 || weight[0] != x.shape()[1] || !same_shape(weight, bias))
        throw ShapeError("[" + std::string(name) + "] got the shapes " + to_string(x.shape()) + ", " +
                         to_string(weight) + " and " + to_string(bias) + "; wanted (N, C, ...), (C,) and (C,)");
}

}    // namespace

template <class T>
Variable<T> batch_norm(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias, double eps,
                       BatchStatistics<T>* statistics) {
    check_channels("batch_norm", x, weight.shape(), bias.shape());
    const BatchTable at(x.shape());
    auto moments = channel_moments(x.value().storage().data(), at);
    std::size_t count = at.count();
    const auto parts = detail::batch_part;
    if (parts && at.channels > 0) {
        moments = moments_of_all(*parts, moments);
        count = static_cast<std::size_t>(moments.front().count);
    }
    if (count < 2)
        throw ShapeError("[batch_norm] got the shape " + to_string(x.shape()) +
                         "; wanted more than one value for each channel, to have a variance");
    if (statistics != nullptr) {
        *statistics = {empty_array<T>(weight.shape()), empty_array<T>(weight.shape()), count};
        for (std::size_t c = 0; c < at.channels; ++c) {
            statistics->mean.storage()[c] = moments[c].mean;
            statistics->variance.storage()[c] = moments[c].squares / moments[c].count;
        }
    }
    return apply(BatchNorm<T>{eps, std::move(moments), at.channels > 0 ? parts : nullptr}, x, weight, bias);
}

template <class T>
Variable<T> batch_norm_with(const Variable<T>& x, const Array<T>& mean, const Array<T>& variance,
                            const Variable<T>& weight, const Variable<T>& bias, double eps) {
    check_channels("batch_norm_with", x, weight.shape(), bias.shape());
    if (!same_shape(mean.shape(), weight.shape()) || !same_shape(variance.shape(), weight.shape()))
        throw ShapeError("[batch_norm_with] got a mean and a variance of the shapes " + to_string(mean.shape()) +
                         " and " + to_string(variance.shape()) + "; wanted " + to_string(weight.shape()));
    Array<T> inverse = empty_array<T>(mean.shape());
    for (std::size_t c = 0; c < inverse.size(); ++c)
        inverse.storage()[c] = static_cast<T>(1 / std::sqrt(static_cast<double>(variance.storage()[c]) + eps));
    Variable<T> scale = weight * Variable<T>(std::move(inverse));
    Variable<T> shift = bias - Variable<T>(share(mean)) * scale;
    Shape shape(x.dimension() - 1, 1);
    shape[0] = x.shape()[1];
    return x * reshape(scale, shape) + reshape(shift, shape);
}

#define XTAPE_INSTANTIATE(T)                                                                                       \
    template Variable<T> batch_norm(const Variable<T>&, const Variable<T>&, const Variable<T>&, double,            \
                                    BatchStatistics<T>*);                                                          \
    template Variable<T> batch_norm_with(const Variable<T>&, const Array<T>&, const Array<T>&, const Variable<T>&, \
                                         const Variable<T>&, double);
XTAPE_INSTANTIATE(float)
XTAPE_INSTANTIATE(double)
#undef XTAPE_INSTANTIATE

namespace {

// (N, C, places), in double.
A naive(const A& x, const A& w, const A& b, double eps) {
    const BatchTable at(x.shape());
    A y = x;
    for (std::size_t c = 0; c < at.channels; ++c) {
        double sum = 0, squares = 0;
        auto element = [&](std::size_t n, std::size_t s) { return (n * at.channels + c) * at.places + s; };
        for (std::size_t n = 0; n < at.batch; ++n)
            for (std::size_t s = 0; s < at.places; ++s) sum += x.storage()[element(n, s)];
        double m = sum / static_cast<double>(at.count());
        for (std::size_t n = 0; n < at.batch; ++n)
            for (std::size_t s = 0; s < at.places; ++s) squares += std::pow(x.storage()[element(n, s)] - m, 2);
        double v = squares / static_cast<double>(at.count());
        for (std::size_t n = 0; n < at.batch; ++n)
            for (std::size_t s = 0; s < at.places; ++s)
                y.storage()[element(n, s)] = (x.storage()[element(n, s)] - m) / std::sqrt(v + eps) * w(c) + b(c);
    }
    return y;
}

A numbers(const Shape& shape) {
    A x = empty_array<double>(shape);
    for (std::size_t i = 0; i < x.size(); ++i) x.storage()[i] = std::sin(1.7 * static_cast<double>(i)) * 1.5 + 0.3;
    return x;
}

template <class T>
Samples BatchNorm<T>::samples() {
    auto f = [](const auto& x) { return batch_norm(x[0], x[1], x[2], 0.1); };
    auto reference = [](const Arrays& x) { return naive(x[0], x[1], x[2], 0.1); };
    A w{1.5, -0.5}, b{0.25, 1.0};
    return Samples()
        .add("rows", {numbers({3, 2}), w, b}, f, reference)
        .add("few places", {numbers({2, 2, 2}), w, b}, f, reference)
        .add("many places", {numbers({2, 1, 4, 4}), A{1.5}, A{0.25}}, f, reference, 2)
        .add(
            "no channels", {A(Shape{2, 0}), A(Shape{0}), A(Shape{0})}, f, [](const Arrays& x) { return x[0]; }, 1)
        .refuse("one value per channel", {numbers({1, 2}), w, b}, f)
        .refuse("a vector", {numbers({2}), w, b}, f)
        .refuse("three channels", {numbers({2, 3}), w, b}, f);
}

}    // namespace
}    // namespace xtape
