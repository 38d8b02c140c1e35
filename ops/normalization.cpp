// Batch normalisation. A batch (N, C, ...) is a table of rows: of N rows with a column for each channel and place (few
// places), or of N C rows that lie in one channel each (many places).
#include <xtape/core/operation.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/detail/batch_parts.hpp>
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
using detail::Moments;

constexpr std::size_t parallel = 64 * 1024;    // elements from which a second thread pays
constexpr std::size_t tile = 256;              // columns that are worked on together
constexpr std::size_t block = 16;              // rows of a tile that stay in the first cache
constexpr std::size_t few_places = 16;

struct Layout {
    std::size_t batch, channels, places;
    explicit Layout(const Shape& shape) : batch(shape[0]), channels(shape[1]), places(1) {
        for (std::size_t d = 2; d < shape.size(); ++d) places *= shape[d];
    }
    bool by_columns() const { return places < few_places; }
    std::size_t row() const { return by_columns() ? channels * places : places; }
    std::size_t rows() const { return by_columns() ? batch : batch * channels; }
    std::size_t count() const { return batch * places; }
};

// Calls work(first column, width) on tiles of columns.
template <class Work>
void each_tile(const Layout& at, Work work) {
    std::size_t columns = at.row();
    detail::parallel_for((columns + tile - 1) / tile, std::max<std::size_t>(1, parallel / (tile * at.batch + 1)),
                         [&](std::size_t begin, std::size_t end) {
                             for (std::size_t t = begin; t < end; ++t)
                                 work(t * tile, std::min(tile, columns - t * tile));
                         });
}

// Calls work(channel) on every channel.
template <class Work>
void each_channel(const Layout& at, Work work) {
    detail::parallel_for(at.channels, std::max<std::size_t>(1, parallel / (at.count() + 1)),
                         [&](std::size_t begin, std::size_t end) {
                             for (std::size_t c = begin; c < end; ++c) work(c);
                         });
}

// The moments of the columns c0 to c0 + width over all rows.
template <class T>
void column_moments(const T* x, const Layout& at, std::size_t c0, std::size_t width, Moments<T>* out) {
    T mean[tile], squares[tile];
    for (std::size_t r0 = 0; r0 < at.batch; r0 += block) {
        std::size_t end = std::min(at.batch, r0 + block);
        auto rows = static_cast<T>(end - r0);
        std::fill_n(mean, width, T(0));
        std::fill_n(squares, width, T(0));
        for (std::size_t r = r0; r < end; ++r) {
            const T* row = x + r * at.row() + c0;
            for (std::size_t c = 0; c < width; ++c) mean[c] += row[c];
        }
        for (std::size_t c = 0; c < width; ++c) mean[c] /= rows;
        for (std::size_t r = r0; r < end; ++r) {
            const T* row = x + r * at.row() + c0;
            for (std::size_t c = 0; c < width; ++c) squares[c] += (row[c] - mean[c]) * (row[c] - mean[c]);
        }
        for (std::size_t c = 0; c < width; ++c) out[c].merge({mean[c], squares[c], rows});
    }
}

template <class T>
std::vector<Moments<T>> channel_moments(const T* x, const Layout& at) {
    std::vector<Moments<T>> result(at.channels);
    if (!at.by_columns()) {
        each_channel(at, [&](std::size_t c) {
            for (std::size_t n = 0; n < at.batch; ++n)
                result[c].merge(Moments<T>::of_row(x + (n * at.channels + c) * at.places, at.places));
        });
        return result;
    }
    std::vector<Moments<T>> columns(at.row());
    each_tile(at, [&](std::size_t c0, std::size_t width) { column_moments(x, at, c0, width, &columns[c0]); });
    for (std::size_t c = 0; c < columns.size(); ++c) result[c / at.places].merge(columns[c]);
    return result;
}

// Numbers of each channel, as the loop over rows reads them: one per channel, or repeated for each place.
template <class T, std::size_t N, class F>
std::array<std::vector<T>, N> spread(const Layout& at, F numbers_of) {
    std::array<std::vector<T>, N> result;
    std::size_t repeat = at.by_columns() ? at.places : 1;
    for (auto& list : result) list.resize(at.channels * repeat);
    for (std::size_t c = 0; c < at.channels; ++c) {
        std::array<T, N> numbers = numbers_of(c);
        for (std::size_t k = 0; k < N; ++k)
            std::fill_n(result[k].begin() + static_cast<std::ptrdiff_t>(c * repeat), repeat, numbers[k]);
    }
    return result;
}

// What a row of the batch is: its index in memory, and its channel's number where it lies in one.
template <class Work>
void each_row(const Layout& at, Work work) {
    detail::parallel_for(at.rows(), std::max<std::size_t>(1, parallel / (at.row() + 1)),
                         [&](std::size_t begin, std::size_t end) {
                             for (std::size_t r = begin; r < end; ++r) work(r, r % at.channels);
                         });
}

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
        const Layout at(x.shape());
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
    Sums sums(const detail::GradientRows<T>& g, const T* x, const Layout& at) const {
        Sums result{std::vector<T>(at.channels), std::vector<T>(at.channels)};
        if (at.by_columns()) {
            std::vector<T> columns(2 * at.row());
            T *total = columns.data(), *total_n = total + at.row();
            auto means = spread<T, 1>(at, [&](std::size_t c) { return std::array<T, 1>{moments[c].mean}; });
            each_tile(at, [&](std::size_t c0, std::size_t width) {
                T some[tile], some_n[tile];
                for (std::size_t r0 = 0; r0 < at.batch; r0 += block) {
                    std::fill_n(some, width, T(0));
                    std::fill_n(some_n, width, T(0));
                    const T* mean = means[0].data() + c0;
                    for (std::size_t r = r0; r < std::min(at.batch, r0 + block); ++r) {
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
        const Layout at(x.shape());
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
            const Layout at(x.shape());
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

// Of all parts, given those of one, in the order of parts.
template <class T>
std::vector<Moments<T>> moments_of_all(detail::BatchParts& parts, const std::vector<Moments<T>>& mine) {
    std::vector<double> numbers;
    for (const Moments<T>& m : mine)
        numbers.insert(numbers.end(), {double(m.mean), double(m.squares), double(m.count)});
    std::vector<Moments<double>> whole(mine.size());
    for (const auto& part : parts.gather(std::move(numbers)))
        for (std::size_t c = 0; c < whole.size(); ++c) whole[c].merge({part[3 * c], part[3 * c + 1], part[3 * c + 2]});
    std::vector<Moments<T>> result;
    for (const Moments<double>& m : whole)
        result.push_back({static_cast<T>(m.mean), static_cast<T>(m.squares), static_cast<T>(m.count)});
    return result;
}

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
    const Layout at(x.shape());
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
    const Layout at(x.shape());
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
