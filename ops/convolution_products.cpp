#include <xtape/core/operation.hpp>
#include <xtape/ops/convolution.hpp>
#include <xtape/ops/detail/convolution/problem.hpp>
#include <xtape/ops/reduce.hpp>

#include <cmath>
#include <utility>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;
using detail::Problem;

template <class T>
const T* elements(const Array<T>& x) {
    return x.storage().data();
}

// The gradient of a bias.
template <class T>
Variable<T> sum_by_channel(const Variable<T>& g) {
    Strides axes{0};
    for (std::size_t d = 2; d < g.dimension(); ++d) axes.push_back(static_cast<std::ptrdiff_t>(d));
    return sum(g, Axes(axes));
}

template <class T>
struct Convolution {
    static constexpr auto name = "convolution";
    static constexpr auto needs = needs::input(0) | needs::input(1);
    static constexpr About about{"convolution",
                                 "y[o, p] = b[o] + sum over c, k of w[o, c, k] x[c, p stride + k dilation - padding]",
                                 "dx = conv_transpose(g, w), dw = conv(x, g), db = sum(g)",
                                 "(N, C, ...), (O, C / groups, ...), (O,) -> (N, O, ...)"};
    Problem problem;

    Array<T> forward(const Array<T>& x, const Array<T>& w) const { return run(x, w, nullptr); }
    Array<T> forward(const Array<T>& x, const Array<T>& w, const Array<T>& b) const { return run(x, w, elements(b)); }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>& w, const Variable<T>&) const {
        return pullbacks([&g, &w, this] { return detail::convolution_transposed(problem, g, w); },
                         [&g, &x, this] { return detail::convolution_for_weights(problem, x, g); });
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>& w, const Variable<T>&,
             const Variable<T>&) const {
        return pullbacks([&g, &w, this] { return detail::convolution_transposed(problem, g, w); },
                         [&g, &x, this] { return detail::convolution_for_weights(problem, x, g); },
                         [&g] { return sum_by_channel(g); });
    }
    static Samples samples();

private:
    Array<T> run(const Array<T>& x, const Array<T>& w, const T* bias) const {
        Array<T> y = empty_array<T>(problem.y());
        detail::convolve(problem.sizes, elements(x), elements(w), bias, y.storage().data());
        return y;
    }
};

template <class T>
struct ConvolutionTransposed {
    static constexpr auto name = "convolution_transposed";
    static constexpr auto needs = needs::input(0) | needs::input(1);
    static constexpr About about{
        "convolution", "y[o, p] = b[o] + sum over c, q stride + k dilation - padding = p of w[c, o, k] x[c, q]",
        "dx = conv(g, w), dw = conv(g, x), db = sum(g)", "(N, C, ...), (C, O / groups, ...), (O,) -> (N, O, ...)"};
    Problem problem;    // that this one turns around

    Array<T> forward(const Array<T>& y, const Array<T>& w) const { return run(y, w, nullptr); }
    Array<T> forward(const Array<T>& y, const Array<T>& w, const Array<T>& b) const { return run(y, w, elements(b)); }
    auto vjp(const Variable<T>& g, const Variable<T>& y, const Variable<T>& w, const Variable<T>&) const {
        return pullbacks([&g, &w, this] { return detail::convolution(problem, g, w); },
                         [&g, &y, this] { return detail::convolution_for_weights(problem, g, y); });
    }
    auto vjp(const Variable<T>& g, const Variable<T>& y, const Variable<T>& w, const Variable<T>&,
             const Variable<T>&) const {
        return pullbacks([&g, &w, this] { return detail::convolution(problem, g, w); },
                         [&g, &y, this] { return detail::convolution_for_weights(problem, g, y); },
                         [&g] { return sum_by_channel(g); });
    }
    static Samples samples();

private:
    Array<T> run(const Array<T>& y, const Array<T>& w, const T* bias) const {
        Array<T> x = empty_array<T>(problem.x());
        detail::convolve_transposed(problem.sizes, elements(y), elements(w), bias, x.storage().data());
        return x;
    }
};

template <class T>
struct ConvolutionForWeights {
    static constexpr auto name = "convolution_for_weights";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{
        "convolution", "w[o, c, k] = sum over n, p of g[n, o, p] x[n, c, p stride + k dilation - padding]",
        "dx = conv_transpose(g, dw), dg = conv(x, dw)", "(N, C, ...), (N, O, ...) -> (O, C / groups, ...)"};
    Problem problem;

    Array<T> forward(const Array<T>& x, const Array<T>& y) const {
        Array<T> w = empty_array<T>(problem.w());
        detail::convolve_for_weights(problem.sizes, elements(x), elements(y), w.storage().data());
        return w;
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>& y, const Variable<T>&) const {
        return pullbacks([&g, &y, this] { return detail::convolution_transposed(problem, y, g); },
                         [&g, &x, this] { return detail::convolution(problem, x, g); });
    }
    static Samples samples();
};

}    // namespace

template <class T>
Variable<T> detail::convolution(const Problem& problem, const Variable<T>& x, const Variable<T>& w,
                                const Variable<T>& bias) {
    return bias.defined() ? apply(Convolution<T>{problem}, x, w, bias) : apply(Convolution<T>{problem}, x, w);
}
template <class T>
Variable<T> detail::convolution_transposed(const Problem& problem, const Variable<T>& y, const Variable<T>& w,
                                           const Variable<T>& bias) {
    return bias.defined() ? apply(ConvolutionTransposed<T>{problem}, y, w, bias)
                          : apply(ConvolutionTransposed<T>{problem}, y, w);
}
template <class T>
Variable<T> detail::convolution_for_weights(const Problem& problem, const Variable<T>& x, const Variable<T>& y) {
    return apply(ConvolutionForWeights<T>{problem}, x, y);
}

template Variable<float> detail::convolution(const Problem&, const Variable<float>&, const Variable<float>&,
                                             const Variable<float>&);
template Variable<float> detail::convolution_transposed(const Problem&, const Variable<float>&, const Variable<float>&,
                                                        const Variable<float>&);
template Variable<float> detail::convolution_for_weights(const Problem&, const Variable<float>&,
                                                         const Variable<float>&);
template Variable<double> detail::convolution(const Problem&, const Variable<double>&, const Variable<double>&,
                                              const Variable<double>&);
template Variable<double> detail::convolution_transposed(const Problem&, const Variable<double>&,
                                                         const Variable<double>&, const Variable<double>&);
template Variable<double> detail::convolution_for_weights(const Problem&, const Variable<double>&,
                                                          const Variable<double>&);

namespace {

// The sum that a convolution is, in a loop over everything.
template <class Visit>
void each_product(const Problem& problem, const Visit& visit) {
    const auto& sizes = problem.sizes;
    const auto& [a, b, c] = sizes.axes;
    auto input = [](const detail::ConvolutionAxis& axis, std::size_t o, std::size_t k) {
        return o * axis.stride + k * axis.dilation - static_cast<std::size_t>(axis.padding);
    };
    for (std::size_t n = 0; n < sizes.batch; ++n)
        for (std::size_t o = 0; o < sizes.groups * sizes.out; ++o)
            for (std::size_t i = 0; i < sizes.in; ++i)
                for (std::size_t y = 0; y < sizes.outputs(); ++y)
                    for (std::size_t k = 0; k < sizes.taps(); ++k) {
                        const std::size_t p = input(a, y / c.output / b.output, k / c.kernel / b.kernel),
                                          q = input(b, y / c.output % b.output, k / c.kernel % b.kernel),
                                          r = input(c, y % c.output, k % c.kernel);
                        if (p >= a.input || q >= b.input || r >= c.input) continue;
                        const std::size_t channel = (n * sizes.groups + o / sizes.out) * sizes.in + i;
                        visit(channel * sizes.inputs() + (p * b.input + q) * c.input + r,
                              (o * sizes.in + i) * sizes.taps() + k,
                              (n * sizes.groups * sizes.out + o) * sizes.outputs() + y);
                    }
}

A numbers(const Shape& shape) {
    A x = empty_array<double>(shape);
    for (std::size_t i = 0; i < x.size(); ++i) x.storage()[i] = std::sin(1.7 * static_cast<double>(i) + 0.4);
    return x;
}

Problem line(std::size_t batch, std::size_t groups, std::size_t in, std::size_t out, detail::ConvolutionAxis axis) {
    return {{batch, groups, in, out, {detail::ConvolutionAxis{}, {}, axis}}, 1};
}
Problem plane(std::size_t batch, std::size_t groups, std::size_t in, std::size_t out, detail::ConvolutionAxis rows,
              detail::ConvolutionAxis columns) {
    return {{batch, groups, in, out, {detail::ConvolutionAxis{}, rows, columns}}, 2};
}

template <class T>
Samples Convolution<T>::samples() {
    Samples samples;
    auto add = [&](const char* what, const Problem& problem, int order = 3) {
        auto reference = [problem](const Arrays& x) {
            A y(problem.y(), 0.0);
            each_product(problem, [&](std::size_t i, std::size_t k, std::size_t o) {
                y.storage()[o] += x[0].storage()[i] * x[1].storage()[k];
            });
            return y;
        };
        samples.add(
            what, {numbers(problem.x()), numbers(problem.w())},
            [problem](const auto& x) { return detail::convolution(problem, x[0], x[1]); }, reference, order);
    };
    add("stride, padding, dilation", line(2, 1, 2, 2, {5, 2, 3, 2, 2, 1}));
    add("two groups of a plane", plane(1, 2, 2, 1, {3, 2, 2, 1, 1, 0}, {4, 3, 2, 2, 1, 1}), 2);
    add("depthwise", plane(1, 2, 1, 1, {3, 2, 4, 1, 1, 1}, {3, 2, 2, 1, 1, 0}), 2);
    add("a volume",
        {{1, 1, 1, 2, {detail::ConvolutionAxis{2, 2, 1, 1, 1, 0}, {3, 2, 2, 1, 1, 0}, {2, 1, 2, 1, 1, 0}}}, 3}, 2);
    add("no images", line(0, 1, 2, 3, {4, 2, 3, 1, 1, 0}), 1);
    add("no channels", line(2, 1, 0, 3, {4, 2, 3, 1, 1, 0}), 1);
    const Problem biased = line(2, 1, 1, 2, {4, 3, 2, 1, 1, 0});
    const A x = numbers({2, 1, 4}), w = numbers({2, 1, 3});
    samples.add(
        "a bias", {x, w, A{0.5, -1.0}}, [](const auto& v) { return conv1d(v[0], v[1], v[2]); },
        [biased](const Arrays& v) {
            A y(biased.y(), 0.0);
            each_product(biased, [&](std::size_t i, std::size_t k, std::size_t o) {
                y.storage()[o] += v[0].storage()[i] * v[1].storage()[k];
            });
            for (std::size_t i = 0; i < y.size(); ++i) y.storage()[i] += v[2](i / 2 % 2);
            return y;
        });
    return samples
        .add(
            "nothing around", {A{{{1.0, 2.0, 3.0}}}, A{{{1.0, 10.0}}}},
            [](const auto& v) {
                return conv1d(v[0], v[1], {.padding = Padding::same, .padding_mode = PaddingMode::circular});
            },
            [](const Arrays&) {
                return A{{{21.0, 32.0, 13.0}}};
            })
        .refuse("a matrix", {numbers({4, 4}), w}, [](const auto& v) { return conv1d(v[0], v[1]); })
        .refuse("a kernel for planes", {x, numbers({2, 1, 3, 3})}, [](const auto& v) { return conv1d(v[0], v[1]); })
        .refuse("an empty kernel", {x, numbers({2, 1, 0})}, [](const auto& v) { return conv1d(v[0], v[1]); })
        .refuse("other channels", {x, numbers({2, 3, 3})}, [](const auto& v) { return conv1d(v[0], v[1]); })
        .refuse("groups that do not divide", {numbers({2, 2, 4}), numbers({3, 1, 3})},
                [](const auto& v) { return conv1d(v[0], v[1], {.groups = 2}); })
        .refuse("no groups", {x, w}, [](const auto& v) { return conv1d(v[0], v[1], {.groups = 0}); })
        .refuse("a window too long", {x, w}, [](const auto& v) { return conv1d(v[0], v[1], {.dilation = 2}); })
        .refuse("a stride of 0", {x, w}, [](const auto& v) { return conv1d(v[0], v[1], {.stride = 0}); })
        .refuse("a negative padding", {x, w}, [](const auto& v) { return conv1d(v[0], v[1], {.padding = -1}); })
        .refuse("two strides for one axis", {x, w},
                [](const auto& v) {
                    return conv1d(v[0], v[1], {.stride = {1, 1}});
                })
        .refuse("the same length with a stride", {x, w},
                [](const auto& v) { return conv1d(v[0], v[1], {.stride = 2, .padding = Padding::same}); })
        .refuse("a bias of another length", {x, w, A{1.0}}, [](const auto& v) { return conv1d(v[0], v[1], v[2]); });
}

template <class T>
Samples ConvolutionTransposed<T>::samples() {
    Samples samples;
    auto add = [&](const char* what, const Problem& problem, int order = 3) {
        auto reference = [problem](const Arrays& y) {
            A x(problem.x(), 0.0);
            each_product(problem, [&](std::size_t i, std::size_t k, std::size_t o) {
                x.storage()[i] += y[0].storage()[o] * y[1].storage()[k];
            });
            return x;
        };
        samples.add(
            what, {numbers(problem.y()), numbers(problem.w())},
            [problem](const auto& x) { return detail::convolution_transposed(problem, x[0], x[1]); }, reference, order);
    };
    add("stride, padding, dilation", line(2, 1, 2, 2, {5, 2, 3, 2, 2, 1}));
    add("two groups of a plane", plane(1, 2, 2, 1, {3, 2, 2, 1, 1, 0}, {4, 3, 2, 2, 1, 1}), 2);
    add("depthwise, with places that no tap reaches", plane(1, 2, 1, 1, {5, 1, 2, 3, 1, 0}, {3, 2, 2, 1, 1, 0}), 2);
    add("no images", line(0, 1, 2, 3, {4, 2, 3, 1, 1, 0}), 1);
    const A x = numbers({1, 2, 3}), w = numbers({2, 1, 3});
    return samples
        .add(
            "a bias and places at the end", {A{{{1.0, 2.0}}}, A{{{1.0, 10.0}}}, A{0.5}},
            [](const auto& v) { return conv_transpose1d(v[0], v[1], v[2], {.stride = 2, .output_padding = 1}); },
            [](const Arrays& v) {
                const auto &a = v[0], &k = v[1];
                const double b = v[2](0);
                return A{{{a(0, 0, 0) * k(0, 0, 0) + b, a(0, 0, 0) * k(0, 0, 1) + b, a(0, 0, 1) * k(0, 0, 0) + b,
                           a(0, 0, 1) * k(0, 0, 1) + b, b}}};
            })
        .refuse("other channels", {x, numbers({3, 1, 3})}, [](const auto& v) { return conv_transpose1d(v[0], v[1]); })
        .refuse("output_padding as long as the stride", {x, w},
                [](const auto& v) { return conv_transpose1d(v[0], v[1], {.stride = 2, .output_padding = 2}); })
        .refuse("a padding that leaves nothing", {x, w},
                [](const auto& v) { return conv_transpose1d(v[0], v[1], {.padding = 3}); })
        .refuse("a bias of another length", {x, w, A{1.0, 2.0}},
                [](const auto& v) { return conv_transpose1d(v[0], v[1], v[2]); })
        .refuse("no places", {A(Shape{1, 2, 0}), w}, [](const auto& v) { return conv_transpose1d(v[0], v[1]); });
}

template <class T>
Samples ConvolutionForWeights<T>::samples() {
    Samples samples;
    auto add = [&](const char* what, const Problem& problem, int order = 3) {
        auto reference = [problem](const Arrays& v) {
            A w(problem.w(), 0.0);
            each_product(problem, [&](std::size_t i, std::size_t k, std::size_t o) {
                w.storage()[k] += v[0].storage()[i] * v[1].storage()[o];
            });
            return w;
        };
        samples.add(
            what, {numbers(problem.x()), numbers(problem.y())},
            [problem](const auto& v) { return detail::convolution_for_weights(problem, v[0], v[1]); }, reference,
            order);
    };
    add("stride, padding, dilation", line(2, 1, 2, 2, {5, 2, 3, 2, 2, 1}));
    add("two groups of a plane", plane(1, 2, 2, 1, {3, 2, 2, 1, 1, 0}, {4, 3, 2, 2, 1, 1}), 2);
    add("depthwise", plane(1, 2, 1, 1, {3, 2, 4, 1, 1, 1}, {3, 2, 2, 1, 1, 0}), 2);
    add("no images", line(0, 1, 2, 3, {4, 2, 3, 1, 1, 0}), 1);
    return samples;
}

}    // namespace
}    // namespace xtape
