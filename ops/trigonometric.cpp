#include <xtape/core/pointwise.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/trigonometric.hpp>

#include <cmath>

namespace xtape {
namespace {

using A = Array<double>;

struct Sin {
    static constexpr auto name = "sin";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"trigonometric", "y = sin x", "dy/dx = cos x"};
    auto forward(const auto& x) const { return sin(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g * cos(x); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return sin(x[0]); }, [](double x) { return std::sin(x); },
                             {-2.0, -0.75, -0.25, 0.25, 1.0, 2.5});
    }
};

struct Cos {
    static constexpr auto name = "cos";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"trigonometric", "y = cos x", "dy/dx = -sin x"};
    auto forward(const auto& x) const { return cos(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return -(g * sin(x)); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return cos(x[0]); }, [](double x) { return std::cos(x); },
                             {-2.0, -0.75, -0.25, 0.25, 1.0, 2.5});
    }
};

struct Tan {
    static constexpr auto name = "tan";
    static constexpr auto needs = needs::output;
    static constexpr About about{"trigonometric", "y = tan x", "dy/dx = 1 + y^2"};
    auto forward(const auto& x) const { return tan(x); }
    auto vjp(const auto& g, const auto&, const auto& y) const { return g * (1 + y * y); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return tan(x[0]); }, [](double x) { return std::tan(x); },
                             {-1.0, -0.75, -0.25, 0.25, 0.5, 1.25});
    }
};

struct Asin {
    static constexpr auto name = "asin";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"trigonometric", "y = asin x", "dy/dx = 1 / sqrt(1 - x^2)"};
    auto forward(const auto& x) const { return asin(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g / sqrt((1 - x) * (1 + x)); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return asin(x[0]); }, [](double x) { return std::asin(x); },
                             {-0.9, -0.5, -0.25, 0.125, 0.4, 0.8});
    }
};

struct Acos {
    static constexpr auto name = "acos";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"trigonometric", "y = acos x", "dy/dx = -1 / sqrt(1 - x^2)"};
    auto forward(const auto& x) const { return acos(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return -(g / sqrt((1 - x) * (1 + x))); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return acos(x[0]); }, [](double x) { return std::acos(x); },
                             {-0.9, -0.5, -0.25, 0.125, 0.4, 0.8});
    }
};

struct Atan {
    static constexpr auto name = "atan";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"trigonometric", "y = atan x", "dy/dx = 1 / (1 + x^2)"};
    auto forward(const auto& x) const { return atan(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g / (1 + x * x); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return atan(x[0]); }, [](double x) { return std::atan(x); },
                             {-2.0, -0.75, -0.25, 0.25, 1.0, 2.5});
    }
};

struct Atan2 {
    static constexpr auto name = "atan2";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"trigonometric", "y = the angle of the point (b, a)",
                                 "dy/da = b / (a^2 + b^2), dy/db = -a / (a^2 + b^2)"};
    auto forward(const auto& a, const auto& b) const { return atan2(a, b); }
    auto vjp(const auto& g, const auto& a, const auto& b, const auto&) const {
        auto slope = [&](const auto& side) {    // the sum of squares would overflow long before its root
            auto length = hypot(a, b);
            return g * (side / length) / length;
        };
        return pullbacks([&, slope] { return slope(b); }, [&, slope] { return -slope(a); });
    }
    static Samples samples() {
        auto f = [](const auto& x) { return atan2(x[0], x[1]); };
        auto reference = elementwise([](double a, double b) { return std::atan2(a, b); });
        return Samples()
            .add("four quadrants", {A{1.5, -2.0, 0.25, -3.0}, A{0.5, 1.0, -7.0, -2.0}}, f, reference)
            .add("row", {A{{1.5, -2.0}, {0.25, 3.0}}, A{0.5, -1.0}}, f, reference)
            .refuse("lengths 2 and 3", {A{1.0, 2.0}, A{1.0, 2.0, 3.0}}, f);
    }
};

}    // namespace

template <class T>
Variable<T> sin(const Variable<T>& x) {
    return pointwise(Sin{}, x);
}
template <class T>
Variable<T> cos(const Variable<T>& x) {
    return pointwise(Cos{}, x);
}
template <class T>
Variable<T> tan(const Variable<T>& x) {
    return pointwise(Tan{}, x);
}
template <class T>
Variable<T> asin(const Variable<T>& x) {
    return pointwise(Asin{}, x);
}
template <class T>
Variable<T> acos(const Variable<T>& x) {
    return pointwise(Acos{}, x);
}
template <class T>
Variable<T> atan(const Variable<T>& x) {
    return pointwise(Atan{}, x);
}
template <class T>
Variable<T> atan2(const Variable<T>& a, const Variable<T>& b) {
    return pointwise(Atan2{}, a, b);
}

template Variable<float> sin(const Variable<float>&);
template Variable<double> sin(const Variable<double>&);
template Variable<float> cos(const Variable<float>&);
template Variable<double> cos(const Variable<double>&);
template Variable<float> tan(const Variable<float>&);
template Variable<double> tan(const Variable<double>&);
template Variable<float> asin(const Variable<float>&);
template Variable<double> asin(const Variable<double>&);
template Variable<float> acos(const Variable<float>&);
template Variable<double> acos(const Variable<double>&);
template Variable<float> atan(const Variable<float>&);
template Variable<double> atan(const Variable<double>&);
template Variable<float> atan2(const Variable<float>&, const Variable<float>&);
template Variable<double> atan2(const Variable<double>&, const Variable<double>&);

}    // namespace xtape
