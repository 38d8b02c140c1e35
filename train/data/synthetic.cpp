#include <xtape/core/random.hpp>
#include <xtape/train/data/synthetic.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <string>

namespace xtape::train {
namespace {

constexpr double pi = std::numbers::pi;

void require(const char* who, bool right, const char* what) {
    if (!right) throw std::invalid_argument("[" + std::string(who) + "] wanted " + what);
}

// What the data sets are drawn with: numbers in double, so that float and double data are the same points.
struct Draws {
    explicit Draws(std::uint64_t seed) : stream(seed, 0) {}
    Array<double> uniform(std::size_t rows, std::size_t columns) { return stream.uniform<double>({rows, columns}); }
    Array<double> normal(std::size_t rows, std::size_t columns) { return stream.normal<double>({rows, columns}); }
    Stream stream;
};

template <class T>
Dataset<T> made(const Array<double>& inputs, Indices labels) {
    return Dataset<T>(Array<T>(inputs), std::move(labels));
}

// An angle for each of `count` points, evenly spread over [0, range].
double angle(std::size_t i, std::size_t count, double range) {
    return count < 2 ? 0 : range * static_cast<double>(i) / static_cast<double>(count - 1);
}

}    // namespace

template <class T>
Dataset<T> spirals(const SpiralOptions& o) {
    require("spirals", o.classes >= 1 && o.per_class >= 1, "at least one class and one example of each");
    require("spirals", o.noise >= 0, "noise of 0 or more");
    const std::size_t count = o.classes * o.per_class;
    Array<double> x = empty_array<double>({count, 2});
    Indices labels = empty_array<std::int64_t>({count});
    Draws draws(o.seed);
    const Array<double> noise = draws.normal(count, 1);
    for (std::size_t c = 0; c < o.classes; ++c)
        for (std::size_t k = 0; k < o.per_class; ++k) {
            const std::size_t i = c * o.per_class + k;
            const double radius = angle(k, o.per_class, 1);
            const double turn =
                o.turns * radius + static_cast<double>(c) / static_cast<double>(o.classes) + o.noise * noise(i, 0);
            x(i, 0) = radius * std::sin(2 * pi * turn);
            x(i, 1) = radius * std::cos(2 * pi * turn);
            labels(i) = static_cast<std::int64_t>(c);
        }
    return made<T>(x, std::move(labels));
}

template <class T>
Dataset<T> moons(const MoonOptions& o) {
    require("moons", o.count >= 2, "at least two examples");
    require("moons", o.noise >= 0, "noise of 0 or more");
    Draws draws(o.seed);
    Array<double> x = o.noise * draws.normal(o.count, 2);
    Indices labels = empty_array<std::int64_t>({o.count});
    const std::size_t outer = o.count / 2;
    for (std::size_t i = 0; i < o.count; ++i) {
        const bool inner = i >= outer;
        const double a = inner ? angle(i - outer, o.count - outer, pi) : angle(i, outer, pi);
        x(i, 0) += inner ? 1 - std::cos(a) : std::cos(a);
        x(i, 1) += inner ? 0.5 - std::sin(a) : std::sin(a);
        labels(i) = inner;
    }
    return made<T>(x, std::move(labels));
}

template <class T>
Dataset<T> circles(const CircleOptions& o) {
    require("circles", o.count >= 2, "at least two examples");
    require("circles", o.noise >= 0 && o.factor > 0 && o.factor < 1, "noise of 0 or more and a factor between 0 and 1");
    Draws draws(o.seed);
    Array<double> x = o.noise * draws.normal(o.count, 2);
    Indices labels = empty_array<std::int64_t>({o.count});
    const std::size_t outer = o.count / 2;
    for (std::size_t i = 0; i < o.count; ++i) {
        const bool inner = i >= outer;
        const std::size_t place = inner ? i - outer : i, of = inner ? o.count - outer : outer;
        const double a = 2 * pi * static_cast<double>(place) / static_cast<double>(of), radius = inner ? o.factor : 1;
        x(i, 0) += radius * std::cos(a);
        x(i, 1) += radius * std::sin(a);
        labels(i) = inner;
    }
    return made<T>(x, std::move(labels));
}

template <class T>
Dataset<T> blobs(const BlobOptions& o) {
    require("blobs", o.classes >= 1 && o.per_class >= 1 && o.features >= 1, "at least one class, example and feature");
    require("blobs", o.spread >= 0, "a spread of 0 or more");
    const std::size_t count = o.classes * o.per_class;
    Draws draws(o.seed);
    const Array<double> centres = 20 * draws.uniform(o.classes, o.features) - 10;
    Array<double> x = o.spread * draws.normal(count, o.features);
    Indices labels = empty_array<std::int64_t>({count});
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t c = i / o.per_class;
        for (std::size_t d = 0; d < o.features; ++d) x(i, d) += centres(c, d);
        labels(i) = static_cast<std::int64_t>(c);
    }
    return made<T>(x, std::move(labels));
}

template <class T>
Dataset<T> linear_regression(const LinearOptions& o) {
    require("linear_regression", o.count >= 1 && o.features >= 1, "at least one example and one feature");
    require("linear_regression", o.informative <= o.features && o.noise >= 0,
            "at most as many informative features as features, and noise of 0 or more");
    Draws draws(o.seed);
    const Array<double> weights = draws.normal(o.features, 1), x = draws.normal(o.count, o.features);
    Array<double> y = o.noise * draws.normal(o.count, 1);
    const std::size_t used = o.informative == 0 ? o.features : o.informative;
    for (std::size_t i = 0; i < o.count; ++i) {
        y(i, 0) += 1;
        for (std::size_t d = 0; d < used; ++d) y(i, 0) += x(i, d) * weights(d, 0);
    }
    return Dataset<T>(Array<T>(x), Array<T>(y));
}

template <class T>
Dataset<T> friedman(const FriedmanOptions& o) {
    require("friedman", o.count >= 1 && o.features >= 5, "at least one example and five features");
    require("friedman", o.noise >= 0, "noise of 0 or more");
    Draws draws(o.seed);
    const Array<double> x = draws.uniform(o.count, o.features);
    Array<double> y = o.noise * draws.normal(o.count, 1);
    for (std::size_t i = 0; i < o.count; ++i)
        y(i, 0) +=
            10 * std::sin(pi * x(i, 0) * x(i, 1)) + 20 * (x(i, 2) - 0.5) * (x(i, 2) - 0.5) + 10 * x(i, 3) + 5 * x(i, 4);
    return Dataset<T>(Array<T>(x), Array<T>(y));
}

template Dataset<float> spirals(const SpiralOptions&);
template Dataset<double> spirals(const SpiralOptions&);
template Dataset<float> moons(const MoonOptions&);
template Dataset<double> moons(const MoonOptions&);
template Dataset<float> circles(const CircleOptions&);
template Dataset<double> circles(const CircleOptions&);
template Dataset<float> blobs(const BlobOptions&);
template Dataset<double> blobs(const BlobOptions&);
template Dataset<float> linear_regression(const LinearOptions&);
template Dataset<double> linear_regression(const LinearOptions&);
template Dataset<float> friedman(const FriedmanOptions&);
template Dataset<double> friedman(const FriedmanOptions&);

}    // namespace xtape::train
