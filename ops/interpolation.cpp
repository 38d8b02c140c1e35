#include <xtape/core/operation.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/interpolation.hpp>
#include <xtape/ops/shape.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

// How the elements of an axis are made of those of another: output i = (1 - t) times input `from`, and t times `next`.
struct Sampling {
    struct Sample {
        std::size_t from, next;
        double t;
    };
    std::size_t axis, input;
    std::vector<Sample> samples;
};
using SharedSampling = std::shared_ptr<const Sampling>;

template <class T>
Variable<T> resample(const Variable<T>& x, const SharedSampling& sampling);
template <class T>
Variable<T> resample_back(const Variable<T>& y, const SharedSampling& sampling);

// An array as (outer, length, inner) around the axis.
struct Around {
    std::size_t outer = 1, inner = 1;
    Around(const Shape& shape, std::size_t axis) {
        for (std::size_t d = 0; d < axis; ++d) outer *= shape[d];
        for (std::size_t d = axis + 1; d < shape.size(); ++d) inner *= shape[d];
    }
};

template <class T>
struct Resample {
    static constexpr auto name = "interpolate";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"interpolation", "y_i = (1 - t) x_j + t x_(j+1) along an axis",
                                 "dx = the transpose of g", "(N, C, ...) -> (N, C, ...)"};
    SharedSampling sampling;

    Array<T> forward(const Array<T>& x) const {
        Shape shape = x.shape();
        const std::size_t inputs = sampling->input, outputs = shape[sampling->axis] = sampling->samples.size();
        const Around at(shape, sampling->axis);
        Array<T> y = empty_array<T>(shape);
        const T* in = x.storage().data();
        T* out = y.storage().data();
        detail::parallel_for(at.outer, detail::parallel_grain(outputs * at.inner),
                             [&](std::size_t begin, std::size_t end) {
                                 for (std::size_t o = begin; o < end; ++o)
                                     for (std::size_t i = 0; i < outputs; ++i) {
                                         const auto& sample = sampling->samples[i];
                                         const T *a = in + (o * inputs + sample.from) * at.inner,
                                                 *b = in + (o * inputs + sample.next) * at.inner;
                                         T* to = out + (o * outputs + i) * at.inner;
                                         const T t = static_cast<T>(sample.t);
                                         if (t == 0)
                                             std::copy_n(a, at.inner, to);
                                         else
                                             for (std::size_t k = 0; k < at.inner; ++k)
                                                 to[k] = (1 - t) * a[k] + t * b[k];
                                     }
                             });
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>&, const Variable<T>&) const {
        return pullbacks([&] { return resample_back(g, sampling); });
    }
    static Samples samples();
};

template <class T>
struct ResampleBack {
    static constexpr auto name = "interpolate_back";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"interpolation", "x_j = the sum of (1 - t) y_i, and of t y_i where j is the next",
                                 "dy = interpolate(g)", "(N, C, ...) -> (N, C, ...)"};
    SharedSampling sampling;

    Array<T> forward(const Array<T>& y) const {
        Shape shape = y.shape();
        const std::size_t outputs = sampling->samples.size(), inputs = shape[sampling->axis] = sampling->input;
        const Around at(shape, sampling->axis);
        Array<T> x(shape, T(0));
        const T* in = y.storage().data();
        T* out = x.storage().data();
        detail::parallel_for(at.outer, detail::parallel_grain(outputs * at.inner),
                             [&](std::size_t begin, std::size_t end) {
                                 for (std::size_t o = begin; o < end; ++o)
                                     for (std::size_t i = 0; i < outputs; ++i) {
                                         const auto& sample = sampling->samples[i];
                                         T *a = out + (o * inputs + sample.from) * at.inner,
                                           *b = out + (o * inputs + sample.next) * at.inner;
                                         const T* from = in + (o * outputs + i) * at.inner;
                                         const T t = static_cast<T>(sample.t);
                                         for (std::size_t k = 0; k < at.inner; ++k) a[k] += (1 - t) * from[k];
                                         if (t != 0)
                                             for (std::size_t k = 0; k < at.inner; ++k) b[k] += t * from[k];
                                     }
                             });
        return x;
    }
    auto vjp(const Variable<T>& g, const Variable<T>&, const Variable<T>&) const {
        return pullbacks([&] { return resample(g, sampling); });
    }
    static Samples samples();
};

template <class T>
Variable<T> resample(const Variable<T>& x, const SharedSampling& sampling) {
    return apply(Resample<T>{sampling}, x);
}
template <class T>
Variable<T> resample_back(const Variable<T>& y, const SharedSampling& sampling) {
    return apply(ResampleBack<T>{sampling}, y);
}

SharedSampling sampling_of(std::size_t axis, std::size_t in, std::size_t out, const InterpolateOptions& options) {
    auto result = std::make_shared<Sampling>(Sampling{axis, in, {}});
    const auto a = static_cast<double>(in), b = static_cast<double>(out);
    for (std::size_t i = 0; i < out; ++i) {
        const auto number = static_cast<double>(i);
        if (options.mode == InterpolationMode::nearest) {
            const std::size_t from = std::min(i * in / out, in - 1);
            result->samples.push_back({from, from, 0});
            continue;
        }
        const double place = options.align_corners ? (out > 1 ? number * (a - 1) / (b - 1) : 0)
                                                   : std::max(0.0, (number + 0.5) * a / b - 0.5);
        const auto from = std::min(static_cast<std::size_t>(place), in - 1);
        const std::size_t next = std::min(from + 1, in - 1);
        result->samples.push_back({from, next, next == from ? 0 : place - static_cast<double>(from)});
    }
    return result;
}

void check_shuffle(const char* name, const Shape& shape, std::size_t r, bool fits, const char* wanted) {
    if (r == 0) throw std::invalid_argument("[" + std::string(name) + "] got r = 0; wanted 1 or more");
    if (shape.size() != 4 || !fits)
        throw ShapeError("[" + std::string(name) + "] got the shape " + to_string(shape) +
                         " and r = " + std::to_string(r) + "; wanted " + wanted);
}

}    // namespace

template <class T>
Variable<T> interpolate(const Variable<T>& x, const InterpolateOptions& options) {
    const Shape& shape = x.shape();
    if (shape.size() < 3 || shape.size() > 5)
        throw ShapeError("[interpolate] got the shape " + to_string(shape) +
                         "; wanted (N, C, ...), one to three axes of places");
    const std::size_t rank = shape.size() - 2;
    if (options.size.empty() == options.scale_factor.empty())
        throw std::invalid_argument("[interpolate] got both size and scale_factor, or neither; wanted one of them");
    if (options.align_corners && options.mode != InterpolationMode::linear)
        throw std::invalid_argument(
            "[interpolate] got align_corners with the mode nearest; wanted it with linear only");
    const Shape numbers = options.size.empty() ? options.scale_factor.of("interpolate", "scale_factor", rank, 1)
                                               : options.size.of("interpolate", "size", rank, 1);
    Variable<T> y = x;
    for (std::size_t d = 0; d < rank; ++d) {
        const std::size_t in = shape[d + 2], out = options.size.empty() ? in * numbers[d] : numbers[d];
        if (in == 0) throw ShapeError("[interpolate] got the shape " + to_string(shape) + "; wanted axes with places");
        if (in != out) y = resample(y, sampling_of(d + 2, in, out, options));
    }
    return y;
}

template <class T>
Variable<T> pixel_shuffle(const Variable<T>& x, std::size_t r) {
    const Shape& s = x.shape();
    check_shuffle("pixel_shuffle", s, r, s.size() == 4 && r > 0 && s[1] % (r * r) == 0, "(N, C r^2, H, W)");
    const std::size_t channels = s[1] / (r * r);
    const Variable<T> parts = permute(reshape(x, Shape{s[0], channels, r, r, s[2], s[3]}), {0, 1, 4, 2, 5, 3});
    return reshape(parts, Shape{s[0], channels, s[2] * r, s[3] * r});
}

template <class T>
Variable<T> pixel_unshuffle(const Variable<T>& x, std::size_t r) {
    const Shape& s = x.shape();
    check_shuffle("pixel_unshuffle", s, r, s.size() == 4 && r > 0 && s[2] % r == 0 && s[3] % r == 0,
                  "(N, C, H r, W r)");
    const Variable<T> parts = permute(reshape(x, Shape{s[0], s[1], s[2] / r, r, s[3] / r, r}), {0, 1, 3, 5, 2, 4});
    return reshape(parts, Shape{s[0], s[1] * r * r, s[2] / r, s[3] / r});
}

template Variable<float> interpolate(const Variable<float>&, const InterpolateOptions&);
template Variable<double> interpolate(const Variable<double>&, const InterpolateOptions&);
template Variable<float> pixel_shuffle(const Variable<float>&, std::size_t);
template Variable<double> pixel_shuffle(const Variable<double>&, std::size_t);
template Variable<float> pixel_unshuffle(const Variable<float>&, std::size_t);
template Variable<double> pixel_unshuffle(const Variable<double>&, std::size_t);

namespace {

template <class T>
Samples Resample<T>::samples() {
    const A line{{{1.0, 3.0, 2.0}}}, plane = make_array<double>({1.0, 2.0, 3.0, 5.0}, {1, 1, 2, 2});
    return Samples()
        .add(
            "the nearest", {line}, [](const auto& v) { return interpolate(v[0], {.size = 5}); },
            [](const Arrays&) {
                return A{{{1.0, 1.0, 3.0, 3.0, 2.0}}};
            })
        .add(
            "between, edges in place", {line},
            [](const auto& v) { return interpolate(v[0], {.scale_factor = 2, .mode = InterpolationMode::linear}); },
            [](const Arrays&) {
                return A{{{1.0, 1.5, 2.5, 2.75, 2.25, 2.0}}};
            })
        .add(
            "between, corners in place, of a plane", {plane},
            [](const auto& v) {
                return interpolate(v[0], {.size = {3, 2}, .mode = InterpolationMode::linear, .align_corners = true});
            },
            [](const Arrays&) {
                return make_array<double>({1.0, 2.0, 2.0, 3.5, 3.0, 5.0}, {1, 1, 3, 2});
            })
        .add(
            "fewer places", {line},
            [](const auto& v) { return interpolate(v[0], {.size = 2, .mode = InterpolationMode::linear}); },
            [](const Arrays&) {
                return A{{{1.5, 2.25}}};
            })
        .add(
            "no images", {A(Shape{0, 1, 2})}, [](const auto& v) { return interpolate(v[0], {.size = 4}); },
            [](const Arrays&) {
                return A(Shape{0, 1, 4});
            },
            1)
        .refuse("no size", {line}, [](const auto& v) { return interpolate(v[0], {.align_corners = false}); })
        .refuse("corners of the nearest", {line},
                [](const auto& v) { return interpolate(v[0], {.size = 2, .align_corners = true}); })
        .refuse("a matrix", {A{{1.0, 2.0}}}, [](const auto& v) { return interpolate(v[0], {.size = 2}); })
        .refuse("no places", {A(Shape{1, 1, 0})}, [](const auto& v) { return interpolate(v[0], {.size = 2}); })
        .refuse("channels that do not make pixels", {plane}, [](const auto& v) { return pixel_shuffle(v[0], 2); })
        .refuse("places that do not make channels", {plane}, [](const auto& v) { return pixel_unshuffle(v[0], 3); });
}

template <class T>
Samples ResampleBack<T>::samples() {
    const auto sampling = std::make_shared<const Sampling>(Sampling{2, 2, {{0, 0, 0}, {0, 1, 0.25}, {1, 1, 0}}});
    return Samples().add(
        "three places to two", {A{{{1.0, 4.0, 2.0}}}},
        [sampling](const auto& v) { return resample_back(v[0], sampling); },
        [](const Arrays&) {
            return A{{{4.0, 3.0}}};
        });
}

}    // namespace
}    // namespace xtape
