#include <xtape/core/operation.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/unfold.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

struct Axis {
    std::size_t input, kernel, stride, dilation, padding, output;
};

// The windows of planes.
struct Sliding {
    std::array<Axis, 2> axes;

    std::size_t inputs() const { return axes[0].input * axes[1].input; }
    std::size_t taps() const { return axes[0].kernel * axes[1].kernel; }
    std::size_t windows() const { return axes[0].output * axes[1].output; }

    // Calls visit(its place in the columns, in the plane) for every tap of a plane's windows that is inside.
    template <class Visit>
    void each(const Visit& visit) const {
        const auto& [a, b] = axes;
        std::size_t column = 0;
        for (std::size_t i = 0; i < a.kernel; ++i)
            for (std::size_t j = 0; j < b.kernel; ++j)
                for (std::size_t p = 0; p < a.output; ++p) {
                    const std::size_t row = p * a.stride + i * a.dilation - a.padding;
                    for (std::size_t q = 0; q < b.output; ++q, ++column) {
                        const std::size_t place = q * b.stride + j * b.dilation - b.padding;
                        if (row < a.input && place < b.input) visit(column, row * b.input + place);
                    }
                }
    }
};

template <class T>
Variable<T> to_columns(const Sliding& sliding, const Variable<T>& x);
template <class T>
Variable<T> from_columns(const Sliding& sliding, const Variable<T>& x);

// Calls work(plane) for `count` planes.
template <class Work>
void each_plane(const Sliding& sliding, std::size_t count, const Work& work) {
    detail::parallel_for(count, detail::parallel_grain(sliding.taps() * sliding.windows()),
                         [&](std::size_t begin, std::size_t end) {
                             for (std::size_t p = begin; p < end; ++p) work(p);
                         });
}

template <class T>
struct Unfold {
    static constexpr auto name = "unfold";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"unfold", "y[(c, k), p] = x at tap k of window p", "dx = fold(g)",
                                 "(N, C, H, W) -> (N, C kernel, windows)"};
    Sliding sliding;

    Array<T> forward(const Array<T>& x) const {
        const std::size_t planes = x.shape()[0] * x.shape()[1], size = sliding.taps() * sliding.windows();
        Array<T> y(Shape{x.shape()[0], x.shape()[1] * sliding.taps(), sliding.windows()}, T(0));
        const T* in = x.storage().data();
        T* out = y.storage().data();
        each_plane(sliding, planes, [&](std::size_t p) {
            sliding.each([&](std::size_t column, std::size_t place) {
                out[p * size + column] = in[p * sliding.inputs() + place];
            });
        });
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>&, const Variable<T>&) const {
        return pullbacks([&] { return from_columns(sliding, g); });
    }
    static Samples samples();
};

template <class T>
struct Fold {
    static constexpr auto name = "fold";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"unfold", "y = the sum of x[(c, k), p] at tap k of window p", "dx = unfold(g)",
                                 "(N, C kernel, windows) -> (N, C, H, W)"};
    Sliding sliding;

    Array<T> forward(const Array<T>& x) const {
        const std::size_t channels = x.shape()[1] / sliding.taps(), planes = x.shape()[0] * channels,
                          size = sliding.taps() * sliding.windows();
        Array<T> y(Shape{x.shape()[0], channels, sliding.axes[0].input, sliding.axes[1].input}, T(0));
        const T* in = x.storage().data();
        T* out = y.storage().data();
        each_plane(sliding, planes, [&](std::size_t p) {
            sliding.each([&](std::size_t column, std::size_t place) {
                out[p * sliding.inputs() + place] += in[p * size + column];
            });
        });
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>&, const Variable<T>&) const {
        return pullbacks([&] { return to_columns(sliding, g); });
    }
    static Samples samples();
};

template <class T>
Variable<T> to_columns(const Sliding& sliding, const Variable<T>& x) {
    return apply(Unfold<T>{sliding}, x);
}
template <class T>
Variable<T> from_columns(const Sliding& sliding, const Variable<T>& x) {
    return apply(Fold<T>{sliding}, x);
}

Sliding sliding_windows(const std::string& name, const Shape& input, const PerAxis& kernel_size,
                        const UnfoldOptions& options) {
    const Shape kernel = kernel_size.of(name, "kernel", 2, 1), stride = options.stride.of(name, "stride", 2, 1),
                dilation = options.dilation.of(name, "dilation", 2, 1),
                padding = options.padding.of(name, "padding", 2, 0);
    Sliding result{};
    for (std::size_t d = 0; d < 2; ++d) {
        const std::size_t window = dilation[d] * (kernel[d] - 1) + 1, length = input[d] + 2 * padding[d];
        if (length < window)
            throw ShapeError("[" + name + "] got images of size " + to_string(input) + "; wanted at least " +
                             std::to_string(window) + " places, padding included, on axis " + std::to_string(d + 2));
        result.axes[d] = {input[d], kernel[d], stride[d], dilation[d], padding[d], (length - window) / stride[d] + 1};
    }
    return result;
}

}    // namespace

template <class T>
Variable<T> unfold(const Variable<T>& x, const PerAxis& kernel, const UnfoldOptions& options) {
    const Shape& shape = x.shape();
    if (shape.size() != 4) throw ShapeError("[unfold] got the shape " + to_string(shape) + "; wanted (N, C, H, W)");
    return to_columns(sliding_windows("unfold", Shape{shape[2], shape[3]}, kernel, options), x);
}

template <class T>
Variable<T> fold(const Variable<T>& x, const PerAxis& output_size, const PerAxis& kernel,
                 const UnfoldOptions& options) {
    const Shape& shape = x.shape();
    const Sliding sliding = sliding_windows("fold", output_size.of("fold", "output_size", 2, 1), kernel, options);
    if (shape.size() != 3 || shape[1] % sliding.taps() != 0 || shape[2] != sliding.windows())
        throw ShapeError("[fold] got the shape " + to_string(shape) + "; wanted (N, " + std::to_string(sliding.taps()) +
                         " C, " + std::to_string(sliding.windows()) + ")");
    return from_columns(sliding, x);
}

template Variable<float> unfold(const Variable<float>&, const PerAxis&, const UnfoldOptions&);
template Variable<double> unfold(const Variable<double>&, const PerAxis&, const UnfoldOptions&);
template Variable<float> fold(const Variable<float>&, const PerAxis&, const PerAxis&, const UnfoldOptions&);
template Variable<double> fold(const Variable<double>&, const PerAxis&, const PerAxis&, const UnfoldOptions&);

namespace {

template <class T>
Samples Unfold<T>::samples() {
    const A x = make_array<double>({1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, {1, 1, 2, 3});
    return Samples()
        .add(
            "pairs of columns", {x},
            [](const auto& v) {
                return unfold(v[0], {2, 2});
            },
            [](const Arrays&) {
                return make_array<double>({1.0, 2.0, 2.0, 3.0, 4.0, 5.0, 5.0, 6.0}, {1, 4, 2});
            })
        .add(
            "stride, padding and dilation", {x},
            [](const auto& v) {
                return unfold(v[0], {1, 2}, {.dilation = 2, .padding = {0, 1}, .stride = 2});
            },
            [](const Arrays&) {
                return make_array<double>({0.0, 2.0, 2.0, 0.0}, {1, 2, 2});
            })
        .add(
            "no images", {A(Shape{0, 1, 2, 3})}, [](const auto& v) { return unfold(v[0], 2); },
            [](const Arrays&) {
                return A(Shape{0, 4, 2});
            },
            1)
        .refuse("a window too long", {x}, [](const auto& v) { return unfold(v[0], 3); })
        .refuse("a line", {A{{{1.0, 2.0}}}}, [](const auto& v) { return unfold(v[0], 1); });
}

template <class T>
Samples Fold<T>::samples() {
    const A x = make_array<double>({1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0}, {1, 4, 2});
    return Samples()
        .add(
            "windows that overlap", {x},
            [](const auto& v) {
                return fold(v[0], {2, 3}, 2);
            },
            [](const Arrays&) {
                return make_array<double>({1.0, 5.0, 4.0, 5.0, 13.0, 8.0}, {1, 1, 2, 3});
            })
        .refuse("another number of windows", {x},
                [](const auto& v) {
                    return fold(v[0], {3, 3}, 2);
                })
        .refuse("channels that the kernel does not divide", {x}, [](const auto& v) {
            return fold(v[0], {3, 4}, 3);
        });
}

}    // namespace
}    // namespace xtape
