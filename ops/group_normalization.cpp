// Group normalisation. A group of channels of one example lies side by side: it is a row.
#include <xtape/core/operation.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/detail/rows.hpp>
#include <xtape/ops/normalization.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/shape.hpp>

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

// The mean of a row, and 1 / sqrt(v + eps).
template <class T>
struct RowMoments {
    T mean, inverse;
};

template <class T>
struct GroupNorm {
    static constexpr auto name = "group_norm";
    static constexpr auto needs = needs::input(0) | needs::input(1);
    static constexpr About about{
        "normalization", "y = n w + b, n = (x - mean(x)) / sqrt(var(x) + eps) over each group",
        "dx = (g w - mean(g w) - n mean(g w n)) / sqrt(var(x) + eps), dw = sum(g n), db = sum(g)",
        "(N, C, ...), (C,), (C,) -> (N, C, ...)"};
    std::size_t groups;
    double eps;

    struct Layout {
        std::size_t rows, channels, places;    // a row has so many channels of so many places
        std::size_t row() const { return channels * places; }
    };
    Layout layout(const Shape& shape) const {
        Layout at{shape[0] * groups, shape[1] / groups, 1};
        for (std::size_t d = 2; d < shape.size(); ++d) at.places *= shape[d];
        return at;
    }
    template <class Work>
    static void each_row(const Layout& at, const Work& work) {
        detail::parallel_for(at.rows, detail::parallel_grain(at.row()), [&](std::size_t begin, std::size_t end) {
            for (std::size_t r = begin; r < end; ++r) work(r);
        });
    }

    auto forward(const Array<T>& x, const Array<T>& weight, const Array<T>& bias) const {
        Array<T> y = empty_array<T>(x.shape());
        const Layout at = layout(x.shape());
        std::vector<RowMoments<T>> moments(at.rows);
        const T *in = x.storage().data(), *w = weight.storage().data(), *b = bias.storage().data();
        T* out = y.storage().data();
        if (y.size() > 0)
            each_row(at, [&](std::size_t r) {
                const auto row = detail::Moments<T>::of_row(in + r * at.row(), at.row());
                const T mean = row.mean,
                        inverse = static_cast<T>(1 / std::sqrt(static_cast<double>(row.squares / row.count) + eps));
                moments[r] = {mean, inverse};
                for (std::size_t c = 0; c < at.channels; ++c) {
                    const std::size_t first = r * at.row() + c * at.places, channel = r % groups * at.channels + c;
                    const T scale = inverse * w[channel], shift = b[channel];
                    detail::map_row(
                        out + first, at.places, [=](auto v) { return (v - mean) * scale + shift; }, in + first);
                }
            });
        return saving(std::move(y), std::move(moments));
    }

    // Of each channel of each example: sum(g) and sum(g (x - mean)).
    struct Sums {
        Array<T> g;
        std::vector<T> ones, distances;
    };
    std::shared_ptr<const Sums> sums(const Variable<T>& g, const Array<T>& x,
                                     const std::vector<RowMoments<T>>& moments) const {
        const Layout at = layout(x.shape());
        auto result = std::make_shared<Sums>();
        result->g = share(g.value());
        result->ones.resize(at.rows * at.channels);
        result->distances.resize(at.rows * at.channels);
        const T *slopes = std::as_const(result->g).storage().data(), *in = x.storage().data();
        each_row(at, [&](std::size_t r) {
            const T mean = moments[r].mean;
            for (std::size_t i = r * at.channels; i < (r + 1) * at.channels; ++i) {
                result->ones[i] = detail::sum_of<T>(
                    at.places, [](auto a) { return a; }, slopes + i * at.places);
                result->distances[i] = detail::sum_of<T>(
                    at.places, [=](auto a, auto v) { return a * (v - mean); }, slopes + i * at.places,
                    in + i * at.places);
            }
        });
        return result;
    }
    Array<T> gradient(const Sums& of, const Array<T>& x, const Array<T>& weight,
                      const std::vector<RowMoments<T>>& moments) const {
        const Layout at = layout(x.shape());
        Array<T> result = empty_array<T>(x.shape());
        const T *slopes = of.g.storage().data(), *in = x.storage().data(), *w = weight.storage().data();
        T* out = result.storage().data();
        each_row(at, [&](std::size_t r) {
            const T mean = moments[r].mean, inverse = moments[r].inverse;
            const T* factor = w + r % groups * at.channels;
            T slope = 0, mixed = 0;
            for (std::size_t c = 0; c < at.channels; ++c) {
                slope += factor[c] * of.ones[r * at.channels + c];
                mixed += factor[c] * of.distances[r * at.channels + c];
            }
            const auto count = static_cast<T>(at.row());
            const T by_distance = -inverse * inverse * inverse * mixed / count, constant = -inverse * slope / count;
            for (std::size_t c = 0; c < at.channels; ++c) {
                const std::size_t first = r * at.row() + c * at.places;
                const T scale = inverse * factor[c];
                detail::map_row(
                    out + first, at.places,
                    [=](auto a, auto v) { return a * scale + ((v - mean) * by_distance + constant); }, slopes + first,
                    in + first);
            }
        });
        return result;
    }
    // The total over examples, by channel.
    template <class Of>
    Variable<T> by_channel(const Shape& shape, const Of& of) const {
        Array<T> total(Shape{shape[1]}, T(0));
        T* to = total.storage().data();
        for (std::size_t i = 0; i < shape[0] * shape[1]; ++i) to[i % shape[1]] += of(i);
        return Variable<T>(std::move(total));
    }

    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>& weight, const Variable<T>&,
             const Variable<T>&, const std::vector<RowMoments<T>>& moments) const {
        std::shared_ptr<const Sums> swept;
        if (!is_recording() && x.size() > 0) swept = sums(g, x.value(), moments);
        return pullbacks(
            [&g, &x, &weight, &moments, swept, this] {
                if (swept) return Variable<T>(gradient(*swept, x.value(), weight.value(), moments));
                auto [normal, inverse] = composite(x);
                const Variable<T> slopes = rows(g * reshape(weight, channel_shape(x)));
                return reshape(inverse * (slopes - mean(slopes, -1, {.keep_dims = true}) -
                                          normal * mean(slopes * normal, -1, {.keep_dims = true})),
                               x.shape());
            },
            [&g, &x, &moments, swept, this] {
                const std::size_t channels = x.shape()[1] / groups;
                if (swept)
                    return by_channel(
                        x.shape(), [&](std::size_t i) { return swept->distances[i] * moments[i / channels].inverse; });
                return sum(g * reshape(composite(x).normal, x.shape()), other_axes(x));
            },
            [&g, &x, swept, this] {
                if (swept) return by_channel(x.shape(), [&](std::size_t i) { return swept->ones[i]; });
                return sum(g, other_axes(x));
            });
    }

    static Axes other_axes(const Variable<T>& x) {
        std::vector<std::size_t> axes{0};
        for (std::size_t d = 2; d < x.dimension(); ++d) axes.push_back(d);
        return axes;
    }
    static Shape channel_shape(const Variable<T>& x) {
        Shape shape(x.dimension() - 1, 1);
        shape[0] = x.shape()[1];
        return shape;
    }
    Variable<T> rows(const Variable<T>& x) const {
        const Layout at = layout(x.shape());
        return reshape(x, Shape{at.rows, at.row()});
    }
    struct Composite {
        Variable<T> normal, inverse;
    };
    Composite composite(const Variable<T>& x) const {
        const Variable<T> row = rows(x), centred = row - mean(row, -1, {.keep_dims = true});
        const Variable<T> inverse = rsqrt(mean(square(centred), -1, {.keep_dims = true}) + eps);
        return {centred * inverse, inverse};
    }
    static Samples samples();
};

template <class T>
Variable<T> normalize_groups(const char* name, const Variable<T>& x, std::size_t groups, const Variable<T>& weight,
                             const Variable<T>& bias, double eps) {
    const Shape& shape = x.shape();
    if (shape.size() < 2 || !same_shape(weight.shape(), Shape{shape[1]}) || !same_shape(bias.shape(), Shape{shape[1]}))
        throw ShapeError("[" + std::string(name) + "] got the shapes " + to_string(shape) + ", " +
                         to_string(weight.shape()) + " and " + to_string(bias.shape()) +
                         "; wanted (N, C, ...), (C,) and (C,)");
    if (groups == 0 || shape[1] % groups != 0)
        throw ShapeError("[" + std::string(name) + "] got " + std::to_string(groups) + " groups for the shape " +
                         to_string(shape) + "; wanted a number that divides the channels");
    return apply(GroupNorm<T>{groups, eps}, x, weight, bias);
}

}    // namespace

template <class T>
Variable<T> group_norm(const Variable<T>& x, std::size_t groups, const Variable<T>& weight, const Variable<T>& bias,
                       double eps) {
    return normalize_groups("group_norm", x, groups, weight, bias, eps);
}
template <class T>
Variable<T> instance_norm(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias, double eps) {
    return normalize_groups("instance_norm", x, x.dimension() < 2 || x.shape()[1] == 0 ? 1 : x.shape()[1], weight, bias,
                            eps);
}

template Variable<float> group_norm(const Variable<float>&, std::size_t, const Variable<float>&, const Variable<float>&,
                                    double);
template Variable<double> group_norm(const Variable<double>&, std::size_t, const Variable<double>&,
                                     const Variable<double>&, double);
template Variable<float> instance_norm(const Variable<float>&, const Variable<float>&, const Variable<float>&, double);
template Variable<double> instance_norm(const Variable<double>&, const Variable<double>&, const Variable<double>&,
                                        double);

namespace {

A numbers(const Shape& shape) {
    A x = empty_array<double>(shape);
    for (std::size_t i = 0; i < x.size(); ++i) x.storage()[i] = std::sin(1.7 * static_cast<double>(i)) * 1.5 + 0.3;
    return x;
}

A naive(const A& x, const A& w, const A& b, std::size_t groups, double eps) {
    A y = x;
    const std::size_t channels = x.shape()[1], size = x.size() / x.shape()[0] / groups,
                      places = size * groups / channels;
    for (std::size_t r = 0; r < x.shape()[0] * groups; ++r) {
        double mean = 0, variance = 0;
        for (std::size_t i = r * size; i < (r + 1) * size; ++i) mean += x.storage()[i] / static_cast<double>(size);
        for (std::size_t i = r * size; i < (r + 1) * size; ++i)
            variance += std::pow(x.storage()[i] - mean, 2) / static_cast<double>(size);
        for (std::size_t i = r * size; i < (r + 1) * size; ++i) {
            const std::size_t c = i / places % channels;
            y.storage()[i] = (x.storage()[i] - mean) / std::sqrt(variance + eps) * w(c) + b(c);
        }
    }
    return y;
}

template <class T>
Samples GroupNorm<T>::samples() {
    const A w{1.5, -0.5, 2.0, 1.0}, b{0.25, 1.0, -1.0, 0.5};
    auto f = [](const auto& x) { return group_norm(x[0], 2, x[1], x[2], 0.1); };
    return Samples()
        .add(
            "two groups", {numbers({2, 4, 2}), w, b}, f,
            [](const Arrays& x) { return naive(x[0], x[1], x[2], 2, 0.1); }, 2)
        .add("without places", {numbers({2, 4}), w, b}, f,
             [](const Arrays& x) { return naive(x[0], x[1], x[2], 2, 0.1); })
        .add(
            "each channel by itself", {numbers({1, 2, 2, 2}), A{1.5, -0.5}, A{0.25, 1.0}},
            [](const auto& x) { return instance_norm(x[0], x[1], x[2], 0.1); },
            [](const Arrays& x) { return naive(x[0], x[1], x[2], 2, 0.1); }, 2)
        .add(
            "no examples", {A(Shape{0, 4, 2}), w, b}, f, [](const Arrays& x) { return x[0]; }, 1)
        .refuse("groups that do not divide", {numbers({2, 3}), A{1.0, 1.0, 1.0}, A{0.0, 0.0, 0.0}}, f)
        .refuse("other channels", {numbers({2, 2}), w, b}, f)
        .refuse("a vector", {numbers({4}), w, b}, f);
}

}    // namespace
}    // namespace xtape
