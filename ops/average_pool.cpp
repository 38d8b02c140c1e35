// Average pooling. The rows of a window are added up first, then the columns of that sum.
#include <xtape/core/operation.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/detail/pooling.hpp>
#include <xtape/ops/pooling.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;
using detail::Windows;
using SharedWindows = std::shared_ptr<const Windows>;

// Calls work(first plane, end, a row of scratch) on the planes of arrays (N, C, ...).
template <class T, class Work>
void each_planes(const Windows& windows, std::size_t planes, const Work& work) {
    detail::parallel_for(planes, detail::parallel_grain(windows.inputs() + windows.outputs()),
                         [&](std::size_t begin, std::size_t end) {
                             std::vector<T> row(windows.axes[2].input);
                             for (std::size_t p = begin; p < end; ++p) work(p, row.data());
                         });
}

// Calls work(slice, row) on the rows of a plane's windows, with the first element of each row that they read.
template <class Work>
void each_row(const Windows& windows, const Work& work) {
    for (const auto& slice : windows.axes[0].windows)
        for (const auto& row : windows.axes[1].windows) work(slice, row, slice.count * row.count);
}

using Window = detail::WindowAxis::Window;

template <class T>
struct AveragePool {
    static constexpr auto name = "avg_pool";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"pooling", "y = the mean of x over each window", "dy/dx = 1 / n",
                                 "(N, C, ...) -> (N, C, ...)"};
    SharedWindows windows;

    Array<T> forward(const Array<T>& x) const {
        Array<T> y = empty_array<T>(windows->output_shape(x.shape()));
        const T* in = x.storage().data();
        T* out = y.storage().data();
        const std::size_t inputs = windows->inputs(), outputs = windows->outputs();
        if (y.size() > 0)
            each_planes<T>(*windows, y.size() / outputs,
                           [&](std::size_t p, T* row) { reduce(in + p * inputs, row, out + p * outputs); });
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>&, const Variable<T>&) const {
        return pullbacks([&] { return detail::average_unpool(g, windows); });
    }
    static Samples samples();

private:
    void reduce(const T* x, T* row, T* y) const {
        const auto& columns = windows->axes[2];
        const std::size_t height = windows->axes[1].input, width = columns.input;
        each_row(*windows, [&](const Window& i, const Window& j, double count) {
            bool first = true;
            for (std::size_t a = i.begin; a < i.end; ++a)
                for (std::size_t b = j.begin; b < j.end; ++b) {
                    const T* elements = x + (a * height + b) * width;
                    if (std::exchange(first, false))
                        std::copy_n(elements, width, row);
                    else
                        for (std::size_t k = 0; k < width; ++k) row[k] += elements[k];
                }
            if (first) std::fill_n(row, width, T(0));
            for (const auto& window : columns.windows) {
                T total = 0;
                for (std::size_t k = window.begin; k < window.end; ++k) total += row[k];
                *y++ = total / static_cast<T>(count * window.count);
            }
        });
    }
};

template <class T>
struct AverageUnpool {
    static constexpr auto name = "avg_unpool";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"pooling", "y = the sum of x / n over the windows that read it", "dx = avg_pool(g)",
                                 "(N, C, ...) -> (N, C, ...)"};
    SharedWindows windows;

    Array<T> forward(const Array<T>& y) const {
        Array<T> x = empty_array<T>(windows->input_shape(y.shape()));
        const T* in = y.storage().data();
        T* out = x.storage().data();
        const std::size_t inputs = windows->inputs(), outputs = windows->outputs();
        if (x.size() > 0)
            each_planes<T>(*windows, x.size() / inputs,
                           [&](std::size_t p, T* row) { spread(in + p * outputs, row, out + p * inputs); });
        return x;
    }
    auto vjp(const Variable<T>& g, const Variable<T>&, const Variable<T>&) const {
        return pullbacks([&] { return detail::average_pool(g, windows); });
    }
    static Samples samples();

private:
    void spread(const T* y, T* row, T* x) const {
        const auto& columns = windows->axes[2];
        const std::size_t height = windows->axes[1].input, width = columns.input;
        std::fill_n(x, windows->inputs(), T(0));
        each_row(*windows, [&](const Window& i, const Window& j, double count) {
            std::fill_n(row, width, T(0));
            for (const auto& window : columns.windows) {
                const T share = *y++ / static_cast<T>(count * window.count);
                for (std::size_t k = window.begin; k < window.end; ++k) row[k] += share;
            }
            for (std::size_t a = i.begin; a < i.end; ++a)
                for (std::size_t b = j.begin; b < j.end; ++b) {
                    T* elements = x + (a * height + b) * width;
                    for (std::size_t k = 0; k < width; ++k) elements[k] += row[k];
                }
        });
    }
};

}    // namespace

template <class T>
Variable<T> detail::average_pool(const Variable<T>& x, const SharedWindows& windows) {
    return apply(AveragePool<T>{windows}, x);
}
template <class T>
Variable<T> detail::average_unpool(const Variable<T>& y, const SharedWindows& windows) {
    return apply(AverageUnpool<T>{windows}, y);
}

template Variable<float> detail::average_pool(const Variable<float>&, const SharedWindows&);
template Variable<double> detail::average_pool(const Variable<double>&, const SharedWindows&);
template Variable<float> detail::average_unpool(const Variable<float>&, const SharedWindows&);
template Variable<double> detail::average_unpool(const Variable<double>&, const SharedWindows&);

namespace {

template <class T>
Samples AveragePool<T>::samples() {
    const A x = make_array<double>({1.0, 5.0, 2.0, -1.0, 3.0, 4.0, 9.0, 0.5, 7.0, 6.0, -2.0, 8.0}, {1, 2, 2, 3}),
            row{{{1.0, 2.0, 4.0}}};
    return Samples()
        .add(
            "a plane", {x}, [](const auto& v) { return avg_pool2d(v[0], 2, {.stride = 1}); },
            [](const Arrays&) {
                return make_array<double>({2.0, 3.5, 3.375, 3.375}, {1, 2, 1, 2});
            })
        .add(
            "padding counted", {row}, [](const auto& v) { return avg_pool1d(v[0], 3, {.stride = 2, .padding = 1}); },
            [](const Arrays&) {
                return A{{{1.0, 2.0}}};
            })
        .add(
            "padding not counted", {row},
            [](const auto& v) { return avg_pool1d(v[0], 3, {.stride = 2, .padding = 1, .count_include_pad = false}); },
            [](const Arrays&) {
                return A{{{1.5, 3.0}}};
            })
        .add(
            "beyond the end", {row}, [](const auto& v) { return avg_pool1d(v[0], 2, {.ceil_mode = true}); },
            [](const Arrays&) {
                return A{{{1.5, 4.0}}};
            })
        .add(
            "another divisor", {row},
            [](const auto& v) { return avg_pool1d(v[0], 2, {.stride = 1, .divisor_override = 3}); },
            [](const Arrays&) {
                return A{{{1.0, 2.0}}};
            })
        .add(
            "parts of a volume", {make_array<double>({1.0, 5.0, 2.0, -1.0, 3.0, 4.0, 9.0, 0.0}, {1, 1, 2, 2, 2})},
            [](const auto& v) {
                return adaptive_avg_pool3d(v[0], {1, 2, 1});
            },
            [](const Arrays&) {
                return make_array<double>({3.25, 2.5}, {1, 1, 1, 2, 1});
            })
        .add(
            "parts that overlap", {row}, [](const auto& v) { return adaptive_avg_pool1d(v[0], 2); },
            [](const Arrays&) {
                return A{{{1.5, 3.0}}};
            })
        .add(
            "no channels", {A(Shape{2, 0, 4})}, [](const auto& v) { return avg_pool1d(v[0], 2); },
            [](const Arrays&) {
                return A(Shape{2, 0, 2});
            },
            1)
        .refuse("a matrix", {A{{1.0, 2.0}}}, [](const auto& v) { return avg_pool1d(v[0], 2); })
        .refuse("a window too long", {x}, [](const auto& v) { return avg_pool2d(v[0], 3); })
        .refuse("a divisor of 0", {row}, [](const auto& v) { return avg_pool1d(v[0], 2, {.divisor_override = 0}); })
        .refuse("parts of length 0", {row}, [](const auto& v) { return adaptive_avg_pool1d(v[0], 0); });
}

template <class T>
Samples AverageUnpool<T>::samples() {
    const auto windows =
        std::make_shared<const Windows>(Windows{1, {detail::WindowAxis{}, {}, {4, 1, {{0, 2, 2}, {1, 4, 3}}}}});
    return Samples().add(
        "windows that overlap", {A{{{1.0, 6.0}}}},
        [windows](const auto& v) { return detail::average_unpool(v[0], windows); },
        [](const Arrays&) {
            return A{{{0.5, 2.5, 2.0, 2.0}}};
        });
}

}    // namespace
}    // namespace xtape
