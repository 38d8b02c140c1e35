#include <xtape/core/detail/number.hpp>
#include <xtape/core/pointwise.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/exponential.hpp>
#include <xtape/ops/rectifier.hpp>
#include <xtape/ops/selection.hpp>
#include <xtape/ops/shape.hpp>

#include <cmath>
#include <stdexcept>

namespace xtape {
namespace {

using A = Array<double>;

A six_numbers() { return {-2.0, -0.75, -0.25, 0.25, 0.625, 2.5}; }

struct Relu {
    static constexpr auto name = "relu";
    static constexpr auto needs = needs::output;
    static constexpr About about{"rectifier", "y = max(x, 0)", "dy/dx = 1 where x > 0, else 0"};
    auto forward(const auto& x) const { return max(x, 0); }
    auto vjp(const auto& g, const auto&, const auto& y) const { return where(y <= 0, 0, g); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return relu(x[0]); }, [](double x) { return x > 0 ? x : 0; },
                             six_numbers());
    }
};

// For slopes >= 0, so that the sign of the output is that of the input.
struct LeakyRelu {
    static constexpr auto name = "leaky_relu";
    static constexpr auto needs = needs::output;
    static constexpr About about{"rectifier", "y = x where x > 0, else a x", "dy/dx = 1 where x > 0, else a"};
    double slope;
    auto forward(const auto& x) const { return where(x > 0, x, slope * x); }
    auto vjp(const auto& g, const auto&, const auto& y) const { return where(y > 0, g, slope * g); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return leaky_relu(x[0]); },
                             [](double x) { return x > 0 ? x : 0.01 * x; }, six_numbers())
            .add(
                "negative slope below 0", {A{-2.0, 0.5}}, [](const auto& x) { return leaky_relu(x[0], -0.5); },
                [](const std::vector<A>&) {
                    return A{1.0, 0.5};
                });
    }
};

struct Prelu {
    static constexpr auto name = "prelu";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"rectifier", "y = x where x > 0, else w x",
                                 "dy/dx = 1 where x > 0, else w; dy/dw = 0 where x > 0, else x",
                                 "w: one element, or x.shape[1]"};
    auto forward(const auto& x, const auto& w) const { return where(x > 0, x, w * x); }
    auto vjp(const auto& g, const auto& x, const auto& w, const auto&) const {
        return pullbacks([&] { return where(x > 0, g, w * g); }, [&] { return where(x > 0, 0, g * x); });
    }
    static Samples samples() {
        auto f = [](const auto& x) { return prelu(x[0], x[1]); };
        const A x{{{-2.0, 0.5}, {-0.25, 3.0}, {-1.0, -4.0}}};
        return Samples()
            .add("a weight for each channel", {x, A{0.5, 0.25, -2.0}}, f,
                 [](const std::vector<A>&) {
                     return A{{{-1.0, 0.5}, {-0.0625, 3.0}, {2.0, 8.0}}};
                 })
            .add("one weight", {A{-2.0, 0.5}, A{0.25}}, f,
                 [](const std::vector<A>&) {
                     return A{-0.5, 0.5};
                 })
            .add("0-d", {A(-2.0), A(0.25)}, f, [](const std::vector<A>&) { return A(-0.5); })
            .refuse("two weights for three channels", {x, A{0.5, 0.25}}, f);
    }
};

// scale times x, or alpha (e^(rate x) - 1) where x <= 0: elu, selu and celu.
struct ExponentialUnit {
    double alpha, scale, rate;
    static constexpr auto needs = needs::inputs;
    auto forward(const auto& x) const { return where(x > 0, scale * x, (scale * alpha) * expm1(rate * x)); }
    auto vjp(const auto& g, const auto& x, const auto&) const {
        // The exponential of a large x would turn the second derivative into NaN although it is not chosen.
        return where(x > 0, scale * g, g * ((scale * alpha * rate) * exp(rate * where(x > 0, 0, x))));
    }
};

struct Elu : ExponentialUnit {
    static constexpr auto name = "elu";
    static constexpr About about{"rectifier", "y = x where x > 0, else alpha (e^x - 1)",
                                 "dy/dx = 1 where x > 0, else alpha e^x"};
    static Samples samples() {
        return unary_samples([](const auto& x) { return elu(x[0], 0.75); },
                             [](double x) { return x > 0 ? x : 0.75 * std::expm1(x); }, six_numbers());
    }
};

struct Selu : ExponentialUnit {
    static constexpr auto name = "selu";
    static constexpr About about{"rectifier", "y = scale x where x > 0, else scale alpha (e^x - 1)",
                                 "dy/dx = scale where x > 0, else scale alpha e^x"};
    static Samples samples() {
        return unary_samples(
            [](const auto& x) { return selu(x[0]); },
            [](double x) { return x > 0 ? 1.05070098735548 * x : 1.05070098735548 * 1.67326324235438 * std::expm1(x); },
            six_numbers());
    }
};

struct Celu : ExponentialUnit {
    static constexpr auto name = "celu";
    static constexpr About about{"rectifier", "y = x where x > 0, else alpha (e^(x / alpha) - 1)",
                                 "dy/dx = 1 where x > 0, else e^(x / alpha)"};
    static Samples samples() {
        return unary_samples([](const auto& x) { return celu(x[0], 0.5); },
                             [](double x) { return x > 0 ? x : 0.5 * std::expm1(2 * x); }, six_numbers())
            .refuse("alpha 0", {A{1.0}}, [](const auto& x) { return celu(x[0], 0); });
    }
};

struct Hardtanh {
    static constexpr auto name = "hardtanh";
    static constexpr auto needs = needs::output;
    static constexpr About about{"rectifier", "y = min(max(x, lower), upper)",
                                 "dy/dx = 1 where lower < x < upper, else 0"};
    double lower, upper;
    auto forward(const auto& x) const { return min(max(x, lower), upper); }
    auto vjp(const auto& g, const auto&, const auto& y) const { return where(y <= lower || y >= upper, 0, g); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return hardtanh(x[0]); },
                             [](double x) { return std::fmin(std::fmax(x, -1), 1); }, six_numbers())
            .refuse("bounds that cross", {A{1.0}}, [](const auto& x) { return hardtanh(x[0], 1, -1); });
    }
};

struct Relu6 : Hardtanh {
    static constexpr auto name = "relu6";
    static constexpr About about{"rectifier", "y = min(max(x, 0), 6)", "dy/dx = 1 where 0 < x < 6, else 0"};
    static Samples samples() {
        return unary_samples([](const auto& x) { return relu6(x[0]); },
                             [](double x) { return std::fmin(std::fmax(x, 0), 6); },
                             {-2.0, -0.75, 0.25, 1.0, 5.5, 7.0});
    }
};

struct Hardsigmoid {
    static constexpr auto name = "hardsigmoid";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"rectifier", "y = min(max(x + 3, 0), 6) / 6", "dy/dx = 1/6 where -3 < x < 3, else 0"};
    auto forward(const auto& x) const { return min(max(x + 3, 0), 6) / 6; }
    auto vjp(const auto& g, const auto& x, const auto&) const { return where(x > -3 && x < 3, g / 6, 0); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return hardsigmoid(x[0]); },
                             [](double x) { return std::fmin(std::fmax(x + 3, 0), 6) / 6; },
                             {-4.0, -2.5, -0.75, 0.25, 2.5, 4.0});
    }
};

struct Hardswish {
    static constexpr auto name = "hardswish";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"rectifier", "y = x min(max(x + 3, 0), 6) / 6",
                                 "dy/dx = 0 where x < -3, x / 3 + 1/2 where -3 <= x <= 3, 1 where x > 3"};
    auto forward(const auto& x) const { return x * min(max(x + 3, 0), 6) / 6; }
    auto vjp(const auto& g, const auto& x, const auto&) const {
        return where(x < -3, 0, where(x <= 3, g * (x / 3 + 0.5), g));
    }
    static Samples samples() {
        return unary_samples([](const auto& x) { return hardswish(x[0]); },
                             [](double x) { return x * std::fmin(std::fmax(x + 3, 0), 6) / 6; },
                             {-4.0, -2.5, -0.75, 0.25, 2.5, 4.0});
    }
};

// The weight under a shape that broadcasts along axis 1 of x.
template <class T>
Variable<T> along_channels(const Variable<T>& x, const Variable<T>& weight) {
    const bool fits = x.dimension() > 1 && weight.dimension() == 1 && weight.shape()[0] == x.shape()[1];
    if (weight.dimension() > 1 || (weight.size() != 1 && !fits))
        throw ShapeError("[prelu] got a weight of shape " + to_string(weight.shape()) + " for x of shape " +
                         to_string(x.shape()) + "; wanted one element, or one for each position along axis 1");
    Shape shape(fits ? x.dimension() - 1 : 0, 1);
    if (fits) shape[0] = weight.size();
    return reshape(weight, shape);
}

}    // namespace

template <class T>
Variable<T> relu(const Variable<T>& x) {
    return pointwise(Relu{}, x);
}
template <class T>
Variable<T> relu6(const Variable<T>& x) {
    return pointwise(Relu6{{0, 6}}, x);
}
template <class T>
Variable<T> leaky_relu(const Variable<T>& x, double negative_slope) {
    if (!(negative_slope >= 0)) return where(x > 0, x, negative_slope * x);
    return pointwise(LeakyRelu{negative_slope}, x);
}
template <class T>
Variable<T> prelu(const Variable<T>& x, const Variable<T>& weight) {
    return pointwise(Prelu{}, x, along_channels(x, weight));
}
template <class T>
Variable<T> elu(const Variable<T>& x, double alpha) {
    return pointwise(Elu{{alpha, 1, 1}}, x);
}
template <class T>
Variable<T> selu(const Variable<T>& x) {
    return pointwise(Selu{{1.6732632423543772848170429916717, 1.0507009873554804934193349852946, 1}}, x);
}
template <class T>
Variable<T> celu(const Variable<T>& x, double alpha) {
    if (alpha == 0) throw std::invalid_argument("[celu] got alpha = 0; wanted another number");
    return pointwise(Celu{{alpha, 1, 1 / alpha}}, x);
}
template <class T>
Variable<T> hardtanh(const Variable<T>& x, double lower, double upper) {
    if (lower > upper)
        throw std::invalid_argument("[hardtanh] got the bounds " + detail::to_text(lower) + " and " +
                                    detail::to_text(upper) + "; wanted the lower one first");
    return pointwise(Hardtanh{lower, upper}, x);
}
template <class T>
Variable<T> hardsigmoid(const Variable<T>& x) {
    return pointwise(Hardsigmoid{}, x);
}
template <class T>
Variable<T> hardswish(const Variable<T>& x) {
    return pointwise(Hardswish{}, x);
}

template Variable<float> relu(const Variable<float>&);
template Variable<double> relu(const Variable<double>&);
template Variable<float> relu6(const Variable<float>&);
template Variable<double> relu6(const Variable<double>&);
template Variable<float> leaky_relu(const Variable<float>&, double);
template Variable<double> leaky_relu(const Variable<double>&, double);
template Variable<float> prelu(const Variable<float>&, const Variable<float>&);
template Variable<double> prelu(const Variable<double>&, const Variable<double>&);
template Variable<float> elu(const Variable<float>&, double);
template Variable<double> elu(const Variable<double>&, double);
template Variable<float> selu(const Variable<float>&);
template Variable<double> selu(const Variable<double>&);
template Variable<float> celu(const Variable<float>&, double);
template Variable<double> celu(const Variable<double>&, double);
template Variable<float> hardtanh(const Variable<float>&, double, double);
template Variable<double> hardtanh(const Variable<double>&, double, double);
template Variable<float> hardsigmoid(const Variable<float>&);
template Variable<double> hardsigmoid(const Variable<double>&);
template Variable<float> hardswish(const Variable<float>&);
template Variable<double> hardswish(const Variable<double>&);

}    // namespace xtape
