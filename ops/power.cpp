#include <xtape/core/detail/vector.hpp>
#include <xtape/core/pointwise.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/exponential.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/selection.hpp>

#include <cmath>
#include <limits>

namespace xtape {
namespace {

using A = Array<double>;

// x^c by multiplications where they are as exact as the C library.
template <class T>
Lanes<T> raise(const Lanes<T>& x, double c) {
    if (c == 0) return 1;
    if (c == 1) return x;
    if (c == 2) return x * x;
    if (c == 3) return x * x * x;
    if (c == 4) return (x * x) * (x * x);
    if (c == 0.5) return sqrt(x);
    if (c == -0.5) return rsqrt(x);
    if (c == -1) return reciprocal(x);
    return pow(x, Lanes<T>(c));
}
template <class T>
Variable<T> raise(const Variable<T>& x, double c) {
    return pow(x, c);
}

// a^(b - 1) from y = a^b; by itself where y is 0, infinite or so small that it has lost digits.
template <class T>
Lanes<T> one_power_less(const Lanes<T>& a, const Lanes<T>& b, const Lanes<T>& y) {
    using Limits = std::numeric_limits<T>;
    auto lost = a == 0 || !(abs(y) >= Limits::min() && abs(y) <= Limits::max());
    return detail::any<T>(lost) ? select(lost, pow(a, b - 1), y / a) : y / a;
}
template <class T>
Variable<T> one_power_less(const Variable<T>& a, const Variable<T>& b, const Variable<T>&) {
    return pow(a, b - 1);
}
template <class T>
Lanes<T> one_power_less(const Lanes<T>& a, double b, const Lanes<T>& y) {
    return b == 3 || b == 4 ? raise(a, b - 1) : one_power_less(a, Lanes<T>(b), y);
}
template <class T>
Variable<T> one_power_less(const Variable<T>& a, double b, const Variable<T>&) {
    return pow(a, b - 1);
}

struct PowNumber {
    static constexpr auto name = "pow_number";
    static constexpr auto needs = needs::all;
    static constexpr About about{"power", "y = x^c", "dy/dx = c x^(c - 1)"};
    double exponent;
    auto forward(const auto& x) const { return raise(x, exponent); }
    auto vjp(const auto& g, const auto& x, const auto& y) const {
        if (exponent == 0) return g * 0.0;    // x^-1 would be infinite at 0
        return g * (exponent * one_power_less(x, exponent, y));
    }
    template <class R>
    static void add(Samples& samples, std::string what, double c, A x, R reference) {
        samples.add(
            std::move(what), {std::move(x)}, [c](const auto& v) { return pow(v[0], c); }, elementwise(reference));
    }
    static Samples samples() {
        const A positive{0.125, 0.5, 0.875, 1.25, 2.0, 3.5}, both{-2.0, -0.75, -0.25, 0.25, 1.0, 2.5};
        Samples samples =
            unary_samples([](const auto& x) { return pow(x[0], 3); }, [](double x) { return std::pow(x, 3.0); }, both);
        add(samples, "broken exponent", 1.7, positive, [](double x) { return std::pow(x, 1.7); });
        add(samples, "integer exponent", 5, both, [](double x) { return x * x * x * x * x; });
        add(samples, "fourth power", 4, both, [](double x) { return x * x * x * x; });
        add(samples, "negative integer exponent", -2, both, [](double x) { return 1 / (x * x); });
        add(samples, "minus one", -1, both, [](double x) { return 1 / x; });
        add(samples, "half", 0.5, positive, [](double x) { return std::sqrt(x); });
        add(samples, "minus a half", -0.5, positive, [](double x) { return 1 / std::sqrt(x); });
        add(samples, "one", 1, both, [](double x) { return x; });
        add(samples, "zero", 0, both, [](double) { return 1.0; });
        return samples;
    }
};

struct NumberPow {
    static constexpr auto name = "number_pow";
    static constexpr auto needs = needs::output;
    static constexpr About about{"power", "y = c^x", "dy/dx = y ln c, 0 for c = 0 and x >= 0"};
    double base;
    template <class T>
    Lanes<T> forward(const Lanes<T>& x) const {
        return base == 2 ? exp2(x) : pow(Lanes<T>(base), x);
    }
    auto vjp(const auto& g, const auto&, const auto& y) const {
        auto slope = g * (y * (base == 0 ? 0 : std::log(base)));
        return base == 0 ? where(y <= 1, slope, -g * y) : slope;    // 0^x is infinite below 0
    }
    static Samples samples() {
        return unary_samples([](const auto& x) { return pow(2.0, x[0]); }, [](double x) { return std::exp2(x); },
                             {-2.0, -0.75, -0.25, 0.25, 1.0, 2.5})
            .add(
                "another base", {A{-2.0, 0.75, 3.5}}, [](const auto& x) { return pow(0.7, x[0]); },
                elementwise([](double x) { return std::pow(0.7, x); }));
    }
};

struct Pow {
    static constexpr auto name = "pow";
    static constexpr auto needs = needs::all;
    static constexpr About about{"power", "y = a^b", "dy/da = b a^(b - 1), dy/db = y ln a"};
    auto forward(const auto& a, const auto& b) const { return pow(a, b); }
    // Where a factor 0 would meet an infinite one, the infinite one is replaced before it arises: chosen away
    // afterwards, it would make the second derivative NaN.
    auto vjp(const auto& g, const auto& a, const auto& b, const auto& y) const {
        return pullbacks([&] { return g * (b * one_power_less(a, where(a == 0 && b == 0, 1, b), y)); },
                         [&] { return g * (y * log(where(a == 0 && b >= 0, 1, a))); });
    }
    static Samples samples() {
        auto f = [](const auto& x) { return pow(x[0], x[1]); };
        auto reference = elementwise([](double a, double b) { return std::pow(a, b); });
        return Samples()
            .add("same shape", {A{{1.5, 2.0, 0.25}, {0.5, 3.0, 1.0}}, A{{0.5, 1.0, -1.5}, {0.0, 2.0, 3.0}}}, f,
                 reference)
            .add("row", {A{{1.5, 2.0}, {0.25, 3.0}}, A{0.5, -1.25}}, f, reference)
            .add("size 0", {A(Shape{0, 2}), A{0.5, -1.25}}, f, reference, 1)
            .add(
                "negative base, integer exponents", {A{-1.5, -2.0, -0.5}},
                [](const auto& x) {
                    using V = std::decay_t<decltype(x[0])>;
                    return pow(x[0], V(Array<typename V::value_type>{2, 3, -1}));
                },
                [](const std::vector<A>&) {
                    return A{2.25, -8.0, -2.0};
                })
            .refuse("lengths 2 and 3", {A{1.0, 2.0}, A{1.0, 2.0, 3.0}}, f);
    }
};

struct Square {
    static constexpr auto name = "square";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"power", "y = x^2", "dy/dx = 2 x"};
    auto forward(const auto& x) const { return x * x; }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g * (2 * x); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return square(x[0]); }, [](double x) { return x * x; },
                             {-2.0, -0.75, -0.25, 0.25, 1.0, 2.5});
    }
};

struct Sqrt {
    static constexpr auto name = "sqrt";
    static constexpr auto needs = needs::output;
    static constexpr About about{"power", "y = x^(1/2)", "dy/dx = 1 / (2 y)"};
    auto forward(const auto& x) const { return sqrt(x); }
    auto vjp(const auto& g, const auto&, const auto& y) const { return g / (2 * y); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return sqrt(x[0]); }, [](double x) { return std::sqrt(x); },
                             {0.125, 0.5, 0.875, 1.25, 2.0, 7.5});
    }
};

struct Rsqrt {
    static constexpr auto name = "rsqrt";
    static constexpr auto needs = needs::output;
    static constexpr About about{"power", "y = x^(-1/2)", "dy/dx = -y^3 / 2"};
    auto forward(const auto& x) const { return rsqrt(x); }
    auto vjp(const auto& g, const auto&, const auto& y) const { return g * (-0.5 * y * y * y); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return rsqrt(x[0]); }, [](double x) { return 1 / std::sqrt(x); },
                             {0.125, 0.5, 0.875, 1.25, 2.0, 7.5});
    }
};

struct Cbrt {
    static constexpr auto name = "cbrt";
    static constexpr auto needs = needs::output;
    static constexpr About about{"power", "y = x^(1/3)", "dy/dx = 1 / (3 y^2)"};
    auto forward(const auto& x) const { return cbrt(x); }
    auto vjp(const auto& g, const auto&, const auto& y) const { return g / (3 * y * y); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return cbrt(x[0]); }, [](double x) { return std::cbrt(x); },
                             {-7.5, -1.25, -0.5, 0.25, 1.0, 2.5});
    }
};

struct Reciprocal {
    static constexpr auto name = "reciprocal";
    static constexpr auto needs = needs::output;
    static constexpr About about{"power", "y = 1 / x", "dy/dx = -y^2"};
    auto forward(const auto& x) const { return reciprocal(x); }
    auto vjp(const auto& g, const auto&, const auto& y) const { return -(g * y * y); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return reciprocal(x[0]); }, [](double x) { return 1 / x; },
                             {-2.0, -0.75, -0.5, 0.5, 1.0, 2.5});
    }
};

struct Hypot {
    static constexpr auto name = "hypot";
    static constexpr auto needs = needs::all;
    static constexpr About about{"power", "y = sqrt(a^2 + b^2)", "dy/da = a / y, dy/db = b / y"};
    auto forward(const auto& a, const auto& b) const { return hypot(a, b); }
    auto vjp(const auto& g, const auto& a, const auto& b, const auto& y) const {
        return pullbacks([&] { return g * (a / y); }, [&] { return g * (b / y); });
    }
    static Samples samples() {
        auto f = [](const auto& x) { return hypot(x[0], x[1]); };
        auto reference = elementwise([](double a, double b) { return std::hypot(a, b); });
        return Samples()
            .add("same shape", {A{1.5, -2.0, 0.25, -3.0}, A{0.5, 1.0, -7.0, 0.0}}, f, reference)
            .add("row", {A{{1.5, -2.0}, {0.25, 3.0}}, A{0.5, -1.25}}, f, reference)
            .refuse("lengths 2 and 3", {A{1.0, 2.0}, A{1.0, 2.0, 3.0}}, f);
    }
};

}    // namespace

template <class T>
Variable<T> pow(const Variable<T>& x, double exponent) {
    if (exponent == 2) return square(x);
    if (exponent == 0.5) return sqrt(x);
    if (exponent == -0.5) return rsqrt(x);
    if (exponent == -1) return reciprocal(x);
    return pointwise(PowNumber{exponent}, x);
}
template <class T>
Variable<T> pow(const Variable<T>& base, const Variable<T>& exponent) {
    return pointwise(Pow{}, base, exponent);
}
template <class T>
Variable<T> pow(double base, const Variable<T>& x) {
    return pointwise(NumberPow{base}, x);
}
template <class T>
Variable<T> square(const Variable<T>& x) {
    return pointwise(Square{}, x);
}
template <class T>
Variable<T> sqrt(const Variable<T>& x) {
    return pointwise(Sqrt{}, x);
}
template <class T>
Variable<T> rsqrt(const Variable<T>& x) {
    return pointwise(Rsqrt{}, x);
}
template <class T>
Variable<T> cbrt(const Variable<T>& x) {
    return pointwise(Cbrt{}, x);
}
template <class T>
Variable<T> reciprocal(const Variable<T>& x) {
    return pointwise(Reciprocal{}, x);
}
template <class T>
Variable<T> hypot(const Variable<T>& a, const Variable<T>& b) {
    return pointwise(Hypot{}, a, b);
}

template Variable<float> pow(const Variable<float>&, double);
template Variable<double> pow(const Variable<double>&, double);
template Variable<float> pow(const Variable<float>&, const Variable<float>&);
template Variable<double> pow(const Variable<double>&, const Variable<double>&);
template Variable<float> pow(double, const Variable<float>&);
template Variable<double> pow(double, const Variable<double>&);
template Variable<float> square(const Variable<float>&);
template Variable<double> square(const Variable<double>&);
template Variable<float> sqrt(const Variable<float>&);
template Variable<double> sqrt(const Variable<double>&);
template Variable<float> rsqrt(const Variable<float>&);
template Variable<double> rsqrt(const Variable<double>&);
template Variable<float> cbrt(const Variable<float>&);
template Variable<double> cbrt(const Variable<double>&);
template Variable<float> reciprocal(const Variable<float>&);
template Variable<double> reciprocal(const Variable<double>&);
template Variable<float> hypot(const Variable<float>&, const Variable<float>&);
template Variable<double> hypot(const Variable<double>&, const Variable<double>&);

}    // namespace xtape
