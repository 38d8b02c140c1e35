#include <xtape/core/detail/math/blocks.hpp>
#include <xtape/core/pointwise.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/exponential.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/special.hpp>

#include <cmath>
#include <numbers>
#include <stdexcept>
#include <string>

namespace xtape {
namespace {

using A = Array<double>;

constexpr double two_over_sqrt_pi = 2 * std::numbers::inv_sqrtpi;

// What the derivatives need as lanes have it.
template <class T>
Variable<T> exp_minus_square(const Variable<T>& x) {
    return exp(-square(x));
}

struct Erf {
    static constexpr auto name = "erf";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"special", "y = 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x",
                                 "dy/dx = 2 / sqrt(pi) e^(-x^2)"};
    static constexpr bool keeps_slope = true;
    auto forward(const auto& x) const { return erf(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g * (two_over_sqrt_pi * exp_minus_square(x)); }
    static void of_block(const auto* x, auto* y, auto* slope, std::size_t count) {
        detail::math::erf(x, y, slope, count);
    }
    static Samples samples() {
        return unary_samples([](const auto& x) { return erf(x[0]); }, [](double x) { return std::erf(x); },
                             {-2.0, -0.75, -0.25, 0.25, 1.0, 2.5});
    }
};

struct Erfc {
    static constexpr auto name = "erfc";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"special", "y = 1 - erf(x)", "dy/dx = -2 / sqrt(pi) e^(-x^2)"};
    auto forward(const auto& x) const { return erfc(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g * (-two_over_sqrt_pi * exp_minus_square(x)); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return erfc(x[0]); }, [](double x) { return std::erfc(x); },
                             {-2.0, -0.75, -0.25, 0.25, 1.0, 2.5});
    }
};

struct Lgamma {
    static constexpr auto name = "lgamma";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"special", "y = ln |gamma(x)|", "dy/dx = digamma(x)"};
    auto forward(const auto& x) const { return lgamma(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g * digamma(x); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return lgamma(x[0]); }, [](double x) { return std::lgamma(x); },
                             {-1.5, -0.75, 0.25, 0.5, 1.25, 4.5});
    }
};

struct Polygamma {
    static constexpr auto name = "polygamma";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"special", "y = the n-th derivative of digamma(x)", "dy/dx = polygamma(n + 1, x)"};
    int n;
    auto forward(const auto& x) const { return polygamma(n, x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g * polygamma(n + 1, x); }
    // References: mpmath's polygamma.
    static Samples samples() {
        const A x{-1.5, 0.25, 1.0, 4.5};
        auto of_order = [](int n) { return [n](const auto& v) { return polygamma(n, v[0]); }; };
        auto wanted = [](A y) { return [y](const std::vector<A>&) { return y; }; };
        return Samples()
            .add(
                "digamma", {x}, [](const auto& v) { return digamma(v[0]); },
                wanted(A{0.703156640645243187, -4.22745353337626541, -0.577215664901532861, 1.3888709263595289}))
            .add("trigamma", {x}, of_order(1),
                 wanted(A{9.37924664498912375, 17.1973291545071107, 1.64493406684822644, 0.248725103039010375}))
            .add("order 2, 0-d", {A(0.25)}, of_order(2), wanted(A(-129.32773993753692)))
            .refuse("negative order", {x}, of_order(-1));
    }
};

}    // namespace

template <class T>
Variable<T> erf(const Variable<T>& x) {
    return pointwise(Erf{}, x);
}
template <class T>
Variable<T> erfc(const Variable<T>& x) {
    return pointwise(Erfc{}, x);
}
template <class T>
Variable<T> lgamma(const Variable<T>& x) {
    return pointwise(Lgamma{}, x);
}
template <class T>
Variable<T> digamma(const Variable<T>& x) {
    return pointwise(Polygamma{0}, x);
}
template <class T>
Variable<T> polygamma(int n, const Variable<T>& x) {
    if (n < 0)
        throw std::invalid_argument("[polygamma] got the order " + std::to_string(n) + "; wanted 0 or a larger one");
    return pointwise(Polygamma{n}, x);
}

template Variable<float> erf(const Variable<float>&);
template Variable<double> erf(const Variable<double>&);
template Variable<float> erfc(const Variable<float>&);
template Variable<double> erfc(const Variable<double>&);
template Variable<float> lgamma(const Variable<float>&);
template Variable<double> lgamma(const Variable<double>&);
template Variable<float> digamma(const Variable<float>&);
template Variable<double> digamma(const Variable<double>&);
template Variable<float> polygamma(int, const Variable<float>&);
template Variable<double> polygamma(int, const Variable<double>&);

}    // namespace xtape
