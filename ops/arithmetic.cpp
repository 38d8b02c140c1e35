#include <xtape/core/pointwise.hpp>
#include <xtape/ops/arithmetic.hpp>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

struct Subtract {
    static constexpr auto name = "subtract";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"arithmetic", "y = a - b", "dy/da = 1, dy/db = -1"};
    auto forward(const auto& a, const auto& b) const { return a - b; }
    auto vjp(const auto& g, const auto&, const auto&, const auto&) const {
        return pullbacks(pass, [&] { return -g; });
    }
    static Samples samples() {
        auto f = [](const auto& x) { return x[0] - x[1]; };
        auto reference = [](const Arrays& x) -> A { return x[0] - x[1]; };
        return Samples()
            .add("same shape", {A{{1.5, -2.0}, {0.25, 3.0}}, A{{0.5, 1.0}, {-7.0, 2.0}}}, f, reference)
            .add("column", {A{{1.5, -2.0, 1.0}, {0.25, 3.0, 7.0}}, A(Shape{2, 1}, 0.5)}, f, reference)
            .refuse("lengths 2 and 3", {A{1.0, 2.0}, A{1.0, 2.0, 3.0}}, f);
    }
};

struct Multiply {
    static constexpr auto name = "multiply";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"arithmetic", "y = a b", "dy/da = b, dy/db = a"};
    auto forward(const auto& a, const auto& b) const { return a * b; }
    auto vjp(const auto& g, const auto& a, const auto& b, const auto&) const {
        return pullbacks([&] { return g * b; }, [&] { return g * a; });
    }
    static Samples samples() {
        auto f = [](const auto& x) { return x[0] * x[1]; };
        auto reference = [](const Arrays& x) -> A { return x[0] * x[1]; };
        return Samples()
            .add("same shape", {A{{1.5, -2.0}, {0.25, 3.0}}, A{{0.5, 1.0}, {-7.0, 2.0}}}, f, reference)
            .add("row", {A{{1.5, -2.0}, {0.25, 3.0}}, A{0.5, 1.0}}, f, reference)
            .add(
                "with itself", {A{1.5, -2.0}}, [](const auto& x) { return x[0] * x[0]; },
                [](const Arrays& x) -> A { return x[0] * x[0]; })
            .refuse("lengths 2 and 3", {A{1.0, 2.0}, A{1.0, 2.0, 3.0}}, f);
    }
};

struct Divide {
    static constexpr auto name = "divide";
    static constexpr auto needs = needs::input(1) | needs::output;
    static constexpr About about{"arithmetic", "y = a / b", "dy/da = 1 / b, dy/db = -y / b"};
    auto forward(const auto& a, const auto& b) const { return a / b; }
    auto vjp(const auto& g, const auto&, const auto& b, const auto& y) const {
        return pullbacks([&] { return g / b; }, [&] { return -(g * y / b); });
    }
    static Samples samples() {
        auto f = [](const auto& x) { return x[0] / x[1]; };
        auto reference = [](const Arrays& x) -> A { return x[0] / x[1]; };
        return Samples()
            .add("same shape", {A{{1.5, -2.0}, {0.25, 3.0}}, A{{0.5, 1.0}, {-2.0, 2.0}}}, f, reference)
            .add("row", {A{{1.5, -2.0}, {0.25, 3.0}}, A{0.5, -1.25}}, f, reference)
            .refuse("lengths 2 and 3", {A{1.0, 2.0}, A{1.0, 2.0, 3.0}}, f);
    }
};

struct Negative {
    static constexpr auto name = "negative";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"arithmetic", "y = -x", "dy/dx = -1"};
    auto forward(const auto& x) const { return -x; }
    auto vjp(const auto& g, const auto&, const auto&) const { return -g; }
    static Samples samples() {
        return Samples().add(
            "numbers", {A{{1.5, -2.0}, {0.25, 3.0}}}, [](const auto& x) { return -x[0]; },
            [](const Arrays& x) -> A { return -x[0]; });
    }
};

struct AddNumber {
    static constexpr auto name = "add_number";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"arithmetic", "y = x + c", "dy/dx = 1"};
    double number;
    auto forward(const auto& x) const { return x + number; }
    auto vjp(const auto&, const auto&, const auto&) const { return pass; }
    static Samples samples() {
        return Samples().add(
            "all forms", {A{1.5, -2.0}}, [](const auto& x) { return (x[0] + 1) + (0.5 + x[0]) + (x[0] - 2.0); },
            [](const Arrays& x) -> A { return 3.0 * x[0] - 0.5; });
    }
};

struct SubtractFromNumber {
    static constexpr auto name = "subtract_from_number";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"arithmetic", "y = c - x", "dy/dx = -1"};
    double number;
    auto forward(const auto& x) const { return number - x; }
    auto vjp(const auto& g, const auto&, const auto&) const { return -g; }
    static Samples samples() {
        return Samples().add(
            "numbers", {A{1.5, -2.0}}, [](const auto& x) { return 0.5 - x[0]; },
            [](const Arrays& x) -> A { return 0.5 - x[0]; });
    }
};

struct MultiplyNumber {
    static constexpr auto name = "multiply_number";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"arithmetic", "y = c x", "dy/dx = c"};
    double number;
    auto forward(const auto& x) const { return number * x; }
    auto vjp(const auto& g, const auto&, const auto&) const { return g * number; }
    static Samples samples() {
        return Samples().add(
            "both sides", {A{{1.5, -2.0}, {0.25, 3.0}}}, [](const auto& x) { return 2 * x[0] + x[0] * 0.5; },
            [](const Arrays& x) -> A { return 2.5 * x[0]; });
    }
};

struct DivideByNumber {
    static constexpr auto name = "divide_by_number";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"arithmetic", "y = x / c", "dy/dx = 1 / c"};
    double number;
    auto forward(const auto& x) const { return x / number; }
    auto vjp(const auto& g, const auto&, const auto&) const { return g / number; }
    static Samples samples() {
        return Samples().add(
            "numbers", {A{{1.5, -2.0}, {0.25, 3.0}}}, [](const auto& x) { return x[0] / 3; },
            [](const Arrays& x) -> A { return x[0] / 3.0; });
    }
};

struct DivideNumber {
    static constexpr auto name = "divide_number";
    static constexpr auto needs = needs::all;
    static constexpr About about{"arithmetic", "y = c / x", "dy/dx = -y / x"};
    double number;
    auto forward(const auto& x) const { return number / x; }
    auto vjp(const auto& g, const auto& x, const auto& y) const { return -(g * y / x); }
    static Samples samples() {
        return Samples().add(
            "numbers", {A{{1.5, -2.0}, {0.25, 3.0}}}, [](const auto& x) { return 2.5 / x[0]; },
            [](const Arrays& x) -> A { return 2.5 / x[0]; });
    }
};

}    // namespace

template <class T>
Variable<T> subtract(const Variable<T>& a, const Variable<T>& b) {
    return pointwise(Subtract{}, a, b);
}
template <class T>
Variable<T> multiply(const Variable<T>& a, const Variable<T>& b) {
    return pointwise(Multiply{}, a, b);
}
template <class T>
Variable<T> divide(const Variable<T>& a, const Variable<T>& b) {
    return pointwise(Divide{}, a, b);
}
template <class T>
Variable<T> negative(const Variable<T>& x) {
    return pointwise(Negative{}, x);
}
template <class T>
Variable<T> add(const Variable<T>& x, double number) {
    return pointwise(AddNumber{number}, x);
}
template <class T>
Variable<T> subtract(double number, const Variable<T>& x) {
    return pointwise(SubtractFromNumber{number}, x);
}
template <class T>
Variable<T> multiply(const Variable<T>& x, double number) {
    return pointwise(MultiplyNumber{number}, x);
}
template <class T>
Variable<T> divide(const Variable<T>& x, double number) {
    return pointwise(DivideByNumber{number}, x);
}
template <class T>
Variable<T> divide(double number, const Variable<T>& x) {
    return pointwise(DivideNumber{number}, x);
}

template Variable<float> subtract(const Variable<float>&, const Variable<float>&);
template Variable<double> subtract(const Variable<double>&, const Variable<double>&);
template Variable<float> multiply(const Variable<float>&, const Variable<float>&);
template Variable<double> multiply(const Variable<double>&, const Variable<double>&);
template Variable<float> divide(const Variable<float>&, const Variable<float>&);
template Variable<double> divide(const Variable<double>&, const Variable<double>&);
template Variable<float> negative(const Variable<float>&);
template Variable<double> negative(const Variable<double>&);
template Variable<float> add(const Variable<float>&, double);
template Variable<double> add(const Variable<double>&, double);
template Variable<float> subtract(double, const Variable<float>&);
template Variable<double> subtract(double, const Variable<double>&);
template Variable<float> multiply(const Variable<float>&, double);
template Variable<double> multiply(const Variable<double>&, double);
template Variable<float> divide(const Variable<float>&, double);
template Variable<double> divide(const Variable<double>&, double);
template Variable<float> divide(double, const Variable<float>&);
template Variable<double> divide(double, const Variable<double>&);

}    // namespace xtape
