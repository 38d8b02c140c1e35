#include <xtape/core/detail/fold.hpp>
#include <xtape/core/pointwise.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/detail/rows.hpp>
#include <xtape/ops/logsumexp.hpp>
#include <xtape/ops/shape.hpp>

#include <cmath>
#include <limits>
#include <utility>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

constexpr double infinity = std::numeric_limits<double>::infinity();

// y = g exp(x - s), for the derivative of logsumexp in one pass; closed under differentiation.
struct SoftmaxPull {
    static constexpr auto name = "logsumexp_pull";
    static constexpr auto needs = needs::input(1) | needs::input(2) | needs::output;
    static constexpr About about{"logsumexp", "y = g exp(x - s), g exp(x) where s = -infinity",
                                 "dy/dg = exp(x - s), dy/dx = y, dy/ds = -y"};
    template <class T>
    static Variable<T> run(const Variable<T>& g, const Variable<T>& x, const Variable<T>& s) {
        return pointwise(SoftmaxPull{}, g, x, s);
    }
    template <class T>
    static Lanes<T> run(const Lanes<T>& g, const Lanes<T>& x, const Lanes<T>& s) {
        return g * exp(x - select(s == -infinity, 0, s));
    }
    auto forward(const auto& g, const auto& x, const auto& s) const { return run(g, x, s); }
    auto vjp(const auto& h, const auto&, const auto& x, const auto& s, const auto& y) const {
        return pullbacks([&] { return run(h, x, s); }, [&] { return h * y; }, [&] { return -(h * y); });
    }
    static Samples samples() {
        auto f = [](const auto& x) { return run(x[0], x[1], x[2]); };
        return Samples().add("broadcast", {A{0.5, 2.0}, A{{1.0, -2.0}, {3.0, 0.25}}, A(1.5)}, f,
                             elementwise([](double g, double x, double s) { return g * std::exp(x - s); }));
    }
};

template <class T>
struct Exponentials {
    static constexpr bool parametric = true;
    static T identity() { return 0; }
    static Lanes<T> map(Lanes<T> x, Lanes<T> largest) { return exp(x - largest); }
    static Lanes<T> combine(Lanes<T> a, Lanes<T> b) { return a + b; }
};

template <class T>
struct LogSumExp {
    static constexpr auto name = "logsumexp";
    static constexpr auto needs = needs::all;
    static constexpr About about{"logsumexp", "y = log of the sum of exp(x) over axes", "dy/dx = exp(x - y)",
                                 "the axes dropped, or of length 1"};
    Shape kept;
    Shape result;
    // y = log(sums) + largest has lost the digits of the logarithm where x is large; the gradient need not, so both are
    // saved.
    auto forward(const View<T>& x) const {
        const detail::Arranged<T> elements(x, kept);
        Array<T> largest = detail::fold(detail::Largest<T>{}, elements, kept);
        T* shift = largest.storage().data();
        for (std::size_t k = 0; k < largest.size(); ++k)
            shift[k] = std::isinf(shift[k]) ? 0 : shift[k];    // infinity - infinity would be NaN
        Array<T> sums = detail::fold(Exponentials<T>{}, elements, kept, shift);
        Array<T> y = empty_array<T>(result);
        detail::map_row(
            y.storage().data(), y.size(), [](auto s, auto m) { return log(s) + m; },
            std::as_const(sums).storage().data(), std::as_const(largest).storage().data());
        for (T& sum : sums.storage()) sum = sum == 0 ? 1 : sum;    // a row of -infinity: its softmax is 0, not 0 / 0
        return saving(std::move(y), Variable<T>(std::move(largest)), Variable<T>(std::move(sums)));
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>& y, const Variable<T>& largest,
             const Variable<T>& sums) const {
        return pullbacks([&] {
            if (is_recording()) return SoftmaxPull::run(reshape(g, kept), x, reshape(y, kept));
            return SoftmaxPull::run(reshape(g, kept) / sums, x, largest);
        });
    }
    static Samples samples();
};

}    // namespace

template <class T>
Variable<T> logsumexp(const Variable<T>& x, const Axes& axes, ReduceOptions options) {
    detail::Reduced reduced("logsumexp", x.shape(), axes, options.keep_dims);
    return apply(LogSumExp<T>{std::move(reduced.kept), std::move(reduced.result)}, x);
}

template Variable<float> logsumexp(const Variable<float>&, const Axes&, ReduceOptions);
template Variable<double> logsumexp(const Variable<double>&, const Axes&, ReduceOptions);

namespace {

template <class T>
Samples LogSumExp<T>::samples() {
    const A x{{1.0, -2.0, 0.5}, {3.0, 0.25, -1.0}};
    auto of = [](std::initializer_list<double> elements) {
        double sum = 0;
        for (double element : elements) sum += std::exp(element);
        return std::log(sum);
    };
    return Samples()
        .add(
            "all", {x}, [](const auto& v) { return logsumexp(v[0]); },
            [of](const Arrays&) {
                return A(of({1.0, -2.0, 0.5, 3.0, 0.25, -1.0}));
            })
        .add(
            "rows, kept", {x}, [](const auto& v) { return logsumexp(v[0], -1, {.keep_dims = true}); },
            [of](const Arrays&) {
                return make_array<double>({of({1.0, -2.0, 0.5}), of({3.0, 0.25, -1.0})}, {2, 1});
            })
        .add(
            "columns", {x}, [](const auto& v) { return logsumexp(v[0], 0); },
            [of](const Arrays&) {
                return A{of({1.0, 3.0}), of({-2.0, 0.25}), of({0.5, -1.0})};
            })
        .add(
            "large numbers", {A{1e4, 1e4 - 1, -1e4}}, [](const auto& v) { return logsumexp(v[0]); },
            [of](const Arrays&) {
                return A(1e4 + of({0.0, -1.0}));
            },
            1)
        .add(
            "0-d", {A(3.0)}, [](const auto& v) { return logsumexp(v[0]); }, [](const Arrays&) { return A(3.0); })
        .add(
            "of nothing is -infinity", {A(Shape{1, 0})}, [](const auto& v) { return logsumexp(v[0], 1); },
            [](const Arrays&) { return A{-infinity}; }, 1)
        .refuse("no such axis", {x}, [](const auto& v) { return logsumexp(v[0], 2); });
}

}    // namespace
}    // namespace xtape
