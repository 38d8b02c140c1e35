#include <xtape/core/detail/math/blocks.hpp>
#include <xtape/core/pointwise.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/hyperbolic.hpp>
#include <xtape/ops/power.hpp>

#include <cmath>

namespace xtape {
namespace {

// The derivative of tanh. As 1 - y^2 it would lose all its digits where tanh is nearly 1.
struct TanhSlope {
    static constexpr auto name = "tanh_slope";
    static constexpr auto needs = needs::all;
    static constexpr About about{"hyperbolic", "y = 1 / cosh(x)^2", "dy/dx = -2 y tanh x"};
    auto forward(const auto& x) const { return tanh_slope(x); }
    auto vjp(const auto& g, const auto& x, const auto& y) const { return g * (-2 * y * tanh(x)); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return pointwise(TanhSlope{}, x[0]); },
                             [](double x) { return 1 / (std::cosh(x) * std::cosh(x)); },
                             {-2.0, -0.75, -0.25, 0.25, 1.0, 2.5});
    }
};
template <class T>
Variable<T> tanh_slope(const Variable<T>& x) {
    return pointwise(TanhSlope{}, x);
}

template <class T>
Lanes<T> length_with_one(const Lanes<T>& x) {
    return hypot(x, Lanes<T>(1));
}
template <class T>
Variable<T> length_with_one(const Variable<T>& x) {
    return sqrt(x * x + 1);
}

struct Sinh {
    static constexpr auto name = "sinh";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"hyperbolic", "y = sinh x", "dy/dx = cosh x"};
    auto forward(const auto& x) const { return sinh(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g * cosh(x); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return sinh(x[0]); }, [](double x) { return std::sinh(x); },
                             {-2.0, -0.75, -0.25, 0.25, 1.0, 2.5});
    }
};

struct Cosh {
    static constexpr auto name = "cosh";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"hyperbolic", "y = cosh x", "dy/dx = sinh x"};
    auto forward(const auto& x) const { return cosh(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g * sinh(x); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return cosh(x[0]); }, [](double x) { return std::cosh(x); },
                             {-2.0, -0.75, -0.25, 0.25, 1.0, 2.5});
    }
};

struct Tanh {
    static constexpr auto name = "tanh";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"hyperbolic", "y = tanh x", "dy/dx = 1 / cosh(x)^2"};
    static constexpr bool keeps_slope = true;
    auto forward(const auto& x) const { return tanh(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g * tanh_slope(x); }
    static void of_block(const auto* x, auto* y, auto* slope, std::size_t count) {
        detail::math::tanh(x, y, slope, count);
    }
    static Samples samples() {
        return unary_samples([](const auto& x) { return tanh(x[0]); }, [](double x) { return std::tanh(x); },
                             {-2.0, -0.75, -0.25, 0.25, 1.0, 2.5});
    }
};

struct Asinh {
    static constexpr auto name = "asinh";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"hyperbolic", "y = asinh x", "dy/dx = 1 / sqrt(x^2 + 1)"};
    auto forward(const auto& x) const { return asinh(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g / length_with_one(x); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return asinh(x[0]); }, [](double x) { return std::asinh(x); },
                             {-2.0, -0.75, -0.25, 0.25, 1.0, 2.5});
    }
};

struct Acosh {
    static constexpr auto name = "acosh";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"hyperbolic", "y = acosh x", "dy/dx = 1 / sqrt(x^2 - 1)"};
    auto forward(const auto& x) const { return acosh(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g / (sqrt(x - 1) * sqrt(x + 1)); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return acosh(x[0]); }, [](double x) { return std::acosh(x); },
                             {1.5, 1.75, 2.0, 2.5, 3.0, 8.0});
    }
};

struct Atanh {
    static constexpr auto name = "atanh";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"hyperbolic", "y = atanh x", "dy/dx = 1 / (1 - x^2)"};
    auto forward(const auto& x) const { return atanh(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g / ((1 - x) * (1 + x)); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return atanh(x[0]); }, [](double x) { return std::atanh(x); },
                             {-0.9, -0.5, -0.25, 0.125, 0.4, 0.8});
    }
};

}    // namespace

template <class T>
Variable<T> sinh(const Variable<T>& x) {
    return pointwise(Sinh{}, x);
}
template <class T>
Variable<T> cosh(const Variable<T>& x) {
    return pointwise(Cosh{}, x);
}
template <class T>
Variable<T> tanh(const Variable<T>& x) {
    return pointwise(Tanh{}, x);
}
template <class T>
Variable<T> asinh(const Variable<T>& x) {
    return pointwise(Asinh{}, x);
}
template <class T>
Variable<T> acosh(const Variable<T>& x) {
    return pointwise(Acosh{}, x);
}
template <class T>
Variable<T> atanh(const Variable<T>& x) {
    return pointwise(Atanh{}, x);
}

template Variable<float> sinh(const Variable<float>&);
template Variable<double> sinh(const Variable<double>&);
template Variable<float> cosh(const Variable<float>&);
template Variable<double> cosh(const Variable<double>&);
template Variable<float> tanh(const Variable<float>&);
template Variable<double> tanh(const Variable<double>&);
template Variable<float> asinh(const Variable<float>&);
template Variable<double> asinh(const Variable<double>&);
template Variable<float> acosh(const Variable<float>&);
template Variable<double> acosh(const Variable<double>&);
template Variable<float> atanh(const Variable<float>&);
template Variable<double> atanh(const Variable<double>&);

}    // namespace xtape
