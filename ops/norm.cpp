#include <xtape/core/detail/fold.hpp>
#include <xtape/core/pointwise.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/detail/rows.hpp>
#include <xtape/ops/extrema.hpp>
#include <xtape/ops/norm.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/rounding.hpp>
#include <xtape/ops/selection.hpp>
#include <xtape/ops/shape.hpp>

#include <cmath>
#include <stdexcept>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

template <class T>
Variable<T> quotient(const Variable<T>& a, const Variable<T>& b) {
    return detail::safe_divide(a, b);
}
template <class T>
Lanes<T> quotient(const Lanes<T>& a, const Lanes<T>& b) {
    return select(b == 0, 0, a / b);
}

struct SafeDivide {
    static constexpr auto name = "safe_divide";
    static constexpr auto needs = needs::input(1) | needs::output;
    static constexpr About about{"norm", "y = a / b, 0 where b = 0", "dy/da = 1 / b, dy/db = -y / b, 0 where b = 0"};
    auto forward(const auto& a, const auto& b) const { return quotient(a, b); }
    auto vjp(const auto& g, const auto&, const auto& b, const auto& y) const {
        return pullbacks([&] { return quotient(g, b); }, [&] { return -quotient(g * y, b); });
    }
    static Samples samples() {
        auto f = [](const auto& x) { return detail::safe_divide(x[0], x[1]); };
        return Samples()
            .add("numbers", {A{{1.5, -2.0}, {0.25, 3.0}}, A{0.5, -1.25}}, f,
                 elementwise([](double a, double b) { return a / b; }))
            .refuse("lengths 2 and 3", {A{1.0, 2.0}, A{1.0, 2.0, 3.0}}, f);
    }
};

struct Root {
    static constexpr auto name = "root";
    static constexpr auto needs = needs::output;
    static constexpr About about{"norm", "y = sqrt(x)", "dy/dx = 1 / (2 y), 0 where y = 0"};
    auto forward(const auto& x) const { return sqrt(x); }
    auto vjp(const auto& g, const auto&, const auto& y) const { return quotient(g, 2 * y); }
    static Samples samples() {
        return Samples().add(
            "numbers", {A{0.25, 3.0}}, [](const auto& x) { return detail::root(x[0]); },
            elementwise([](double x) { return std::sqrt(x); }));
    }
};

template <class T>
struct Squares {
    static constexpr bool parametric = false;
    static T identity() { return 0; }
    static Lanes<T> map(Lanes<T> x, Lanes<T>) { return x * x; }
    static Lanes<T> combine(Lanes<T> a, Lanes<T> b) { return a + b; }
};

template <class T>
struct Powers {
    static constexpr bool parametric = false;
    double p;
    static T identity() { return 0; }
    Lanes<T> map(Lanes<T> x, Lanes<T>) const { return pow(abs(x), Lanes<T>(p)); }
    static Lanes<T> combine(Lanes<T> a, Lanes<T> b) { return a + b; }
};

template <class T>
struct SumSquares {
    static constexpr auto name = "sum_squares";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"norm", "y = sum of x^2 over axes", "dy/dx = 2 x", "the axes dropped, or of length 1"};
    Shape kept;
    Shape result;
    Array<T> forward(const View<T>& x) const {
        return detail::fold(Squares<T>{}, detail::Arranged<T>(x, kept), result);
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>&) const {
        return pullbacks([&] { return reshape(2 * g, kept) * x; });
    }
    static Samples samples();
};

template <class T>
struct PowerNorm {
    static constexpr auto name = "power_norm";
    static constexpr auto needs = needs::all;
    static constexpr About about{"norm", "y = (sum of |x|^p over axes)^(1/p)",
                                 "dy/dx = sign(x) (|x| / y)^(p - 1), 0 at 0", "the axes dropped, or of length 1"};
    Shape kept;
    Shape result;
    double p;
    Array<T> forward(const View<T>& x) const {
        Array<T> y = detail::fold(Powers<T>{p}, detail::Arranged<T>(x, kept), result);
        T* norms = y.storage().data();
        const Lanes<T> root(1 / p);
        detail::parallel_for(y.size(), detail::parallel_functions, [=](std::size_t begin, std::size_t end) {
            detail::map_row(
                norms + begin, end - begin, [=](Lanes<T> sum) { return pow(sum, root); }, norms + begin);
        });
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>& y) const {
        return pullbacks([&] {
            Variable<T> ratio = detail::safe_divide(x, reshape(y, kept));
            Variable<T> size = where(ratio == 0, 1.0, abs(ratio));    // 0 is a kink: its powers may be infinite
            return reshape(g, kept) * (sign(ratio) * pow(size, p - 1));
        });
    }
    static Samples samples();
};

}    // namespace

namespace detail {

template <class T>
Variable<T> root(const Variable<T>& x) {
    return pointwise(Root{}, x);
}
template <class T>
Variable<T> safe_divide(const Variable<T>& a, const Variable<T>& b) {
    return pointwise(SafeDivide{}, a, b);
}

}    // namespace detail

template <class T>
Variable<T> norm(const Variable<T>& x, double p, const Axes& axes, ReduceOptions options) {
    if (std::isnan(p)) throw std::invalid_argument("[norm] got p = NaN; wanted a number");
    detail::Reduced reduced("norm", x.shape(), axes, options.keep_dims);
    if (p == 2) return detail::root(apply(SumSquares<T>{std::move(reduced.kept), std::move(reduced.result)}, x));
    if (p == 1) return sum(abs(x), axes, options);
    if (p == 0) return sum(abs(sign(x)), axes, options);
    if (std::isinf(p)) return p > 0 ? amax(abs(x), axes, options) : amin(abs(x), axes, options);
    return apply(PowerNorm<T>{std::move(reduced.kept), std::move(reduced.result), p}, x);
}

template Variable<float> detail::root(const Variable<float>&);
template Variable<double> detail::root(const Variable<double>&);
template Variable<float> detail::safe_divide(const Variable<float>&, const Variable<float>&);
template Variable<double> detail::safe_divide(const Variable<double>&, const Variable<double>&);
template Variable<float> norm(const Variable<float>&, double, const Axes&, ReduceOptions);
template Variable<double> norm(const Variable<double>&, double, const Axes&, ReduceOptions);

namespace {

A table() { return A{{3.0, -4.0, 0.5}, {1.0, 2.0, -2.0}}; }

template <class T>
Samples SumSquares<T>::samples() {
    return Samples()
        .add(
            "all", {table()}, [](const auto& x) { return norm(x[0]); },
            [](const Arrays&) { return A(std::sqrt(34.25)); })
        .add(
            "rows, kept", {table()}, [](const auto& x) { return norm(x[0], 2, 1, {.keep_dims = true}); },
            [](const Arrays&) {
                return make_array<double>({std::sqrt(25.25), 3.0}, {2, 1});
            })
        .add(
            "columns", {table()}, [](const auto& x) { return norm(x[0], 2, 0); },
            [](const Arrays&) {
                return A{std::sqrt(10.0), std::sqrt(20.0), std::sqrt(4.25)};
            })
        .add(
            "0-d", {A(-3.0)}, [](const auto& x) { return norm(x[0]); }, [](const Arrays&) { return A(3.0); })
        .add(
            "of nothing", {A(Shape{2, 0})}, [](const auto& x) { return norm(x[0], 2, 1); },
            [](const Arrays&) {
                return A{0.0, 0.0};
            },
            1)
        .refuse("no such axis", {table()}, [](const auto& x) { return norm(x[0], 2, 2); })
        .refuse("p is NaN", {table()}, [](const auto& x) { return norm(x[0], std::nan("")); });
}

template <class T>
Samples PowerNorm<T>::samples() {
    return Samples()
        .add(
            "p = 3", {table()}, [](const auto& x) { return norm(x[0], 3); },
            [](const Arrays&) { return A(std::cbrt(27 + 64 + 0.125 + 1 + 8 + 8)); })
        .add(
            "p = 1.5, columns, kept", {table()}, [](const auto& x) { return norm(x[0], 1.5, 0, {.keep_dims = true}); },
            [](const Arrays& x) {
                A y(Shape{1, 3});
                for (std::size_t c = 0; c < 3; ++c)
                    y(0, c) =
                        std::pow(std::pow(std::abs(x[0](0, c)), 1.5) + std::pow(std::abs(x[0](1, c)), 1.5), 2 / 3.0);
                return y;
            })
        .add(
            "p = -2, rows", {table()}, [](const auto& x) { return norm(x[0], -2, -1); },
            [](const Arrays&) {
                return A{1 / std::sqrt(1 / 9.0 + 1 / 16.0 + 4.0), 1 / std::sqrt(1.5)};
            })
        .add(
            "p = 1", {table()}, [](const auto& x) { return norm(x[0], 1, 1); },
            [](const Arrays&) {
                return A{7.5, 5.0};
            })
        .add(
            "p = infinity", {table()}, [](const auto& x) { return norm(x[0], INFINITY, 0); },
            [](const Arrays&) {
                return A{3.0, 4.0, 2.0};
            })
        .add(
            "p = -infinity, 0", {table()},
            [](const auto& x) { return norm(x[0], -INFINITY, 0) + norm(x[0], 0, 0) * norm(x[0], 1, 0); },
            [](const Arrays&) {
                return A{9.0, 14.0, 5.5};
            })
        .add(
            "0-d", {A(-3.0)}, [](const auto& x) { return norm(x[0], 3); }, [](const Arrays&) { return A(3.0); })
        .refuse("max of nothing", {A(Shape{0})}, [](const auto& x) { return norm(x[0], INFINITY); });
}

}    // namespace
}    // namespace xtape
