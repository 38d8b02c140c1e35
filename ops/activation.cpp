#include <xtape/core/detail/math/blocks.hpp>
#include <xtape/core/pointwise.hpp>
#include <xtape/ops/activation.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/exponential.hpp>
#include <xtape/ops/hyperbolic.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/rounding.hpp>
#include <xtape/ops/selection.hpp>
#include <xtape/ops/special.hpp>

#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>

namespace xtape {
namespace {

using A = Array<double>;

A six_numbers() { return {-2.0, -0.75, -0.25, 0.25, 1.0, 2.5}; }

// What the derivatives below need of each other, for lanes; Variables have the operations of the same names.
template <class T>
Lanes<T> tanh_softplus(const Lanes<T>& x) {
    Lanes<T> e = exp(min(x, 20));    // beyond 20 the result rounds to 1
    Lanes<T> n = e * (e + 2);
    return n / (n + 2);
}
template <class T>
Variable<T> tanh_softplus(const Variable<T>& x) {
    return tanh(softplus(x));
}

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

// The derivative of sigmoid. As y (1 - y) it would lose all its digits where sigmoid is nearly 1.
struct SigmoidSlope {
    static constexpr auto name = "sigmoid_slope";
    static constexpr auto needs = needs::all;
    static constexpr About about{"activation", "y = sigmoid(x) sigmoid(-x)", "dy/dx = -y tanh(x / 2)"};
    auto forward(const auto& x) const { return sigmoid_slope(x); }
    auto vjp(const auto& g, const auto& x, const auto& y) const { return g * (-y * tanh(0.5 * x)); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return pointwise(SigmoidSlope{}, x[0]); },
                             [](double x) { return sigmoid_of(x) * sigmoid_of(-x); }, six_numbers());
    }
};
template <class T>
Variable<T> sigmoid_slope(const Variable<T>& x) {
    return pointwise(SigmoidSlope{}, x);
}
template <class T>
Variable<T> gelu_slope(const Variable<T>& x) {
    constexpr double half_sqrt = 0.5 * std::numbers::sqrt2, density = std::numbers::inv_sqrtpi * half_sqrt;
    return 0.5 * erfc(-half_sqrt * x) + x * (density * exp(-0.5 * square(x)));
}

struct Sigmoid {
    static constexpr auto name = "sigmoid";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"activation", "y = 1 / (1 + e^-x)", "dy/dx = sigmoid(x) sigmoid(-x)"};
    static constexpr bool keeps_slope = true;
    auto forward(const auto& x) const { return sigmoid(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g * sigmoid_slope(x); }
    static void of_block(const auto* x, auto* y, auto* slope, std::size_t count) {
        detail::math::sigmoid(x, y, slope, count);
    }
    static Samples samples() {
        return unary_samples([](const auto& x) { return sigmoid(x[0]); }, sigmoid_of, six_numbers());
    }
};

struct Logit {
    static constexpr auto name = "logit";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"activation", "y = ln(x / (1 - x))", "dy/dx = 1 / (x (1 - x))"};
    auto forward(const auto& x) const { return log(x / (1 - x)); }
    auto vjp(const auto& g, const auto& x, const auto&) const {
        return where(x >= 0 && x <= 1, g / (x * (1 - x)), std::numeric_limits<double>::quiet_NaN());
    }
    static Samples samples() {
        auto reference = [](double x) { return std::log(x / (1 - x)); };
        return unary_samples([](const auto& x) { return logit(x[0]); }, reference, {0.125, 0.25, 0.4, 0.5, 0.7, 0.9})
            .add(
                "eps", {A{-0.5, 0.125, 0.5, 0.875, 2.0}}, [](const auto& x) { return logit(x[0], 0.25); },
                elementwise([reference](double x) { return reference(std::fmin(std::fmax(x, 0.25), 0.75)); }));
    }
};

struct LogSigmoid {
    static constexpr auto name = "log_sigmoid";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"activation", "y = ln sigmoid(x)", "dy/dx = sigmoid(-x)"};
    auto forward(const auto& x) const { return log_sigmoid(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g * sigmoid(-x); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return log_sigmoid(x[0]); },
                             [](double x) { return std::log(sigmoid_of(x)); }, six_numbers());
    }
};

struct Softplus {
    static constexpr auto name = "softplus";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"activation", "y = ln(1 + e^(beta x)) / beta, x where beta x > threshold",
                                 "dy/dx = sigmoid(beta x), 1 where beta x > threshold"};
    double beta, threshold;
    auto forward(const auto& x) const {
        auto z = beta * x;
        return where(z > threshold, x, softplus(z) / beta);
    }
    auto vjp(const auto& g, const auto& x, const auto&) const {
        auto z = beta * x;
        return where(z > threshold, g, g * sigmoid(z));
    }
    static Samples samples() {
        return unary_samples([](const auto& x) { return softplus(x[0]); },
                             [](double x) { return std::log(1 + std::exp(x)); }, six_numbers())
            .add(
                "beta 2, threshold 3", {A{-2.0, 0.5, 1.25, 1.75, 4.0}},
                [](const auto& x) { return softplus(x[0], 2, 3); },
                elementwise([](double x) { return 2 * x > 3 ? x : std::log(1 + std::exp(2 * x)) / 2; }))
            .refuse("beta 0", {A{1.0}}, [](const auto& x) { return softplus(x[0], 0); });
    }
};

struct Gelu {
    static constexpr auto name = "gelu";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"activation", "y = x P(x), P(x) = (1 + erf(x / sqrt 2)) / 2",
                                 "dy/dx = P(x) + x e^(-x^2 / 2) / sqrt(2 pi)"};
    static constexpr bool keeps_slope = true;
    auto forward(const auto& x) const { return gelu(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g * gelu_slope(x); }
    static void of_block(const auto* x, auto* y, auto* slope, std::size_t count) {
        detail::math::gelu(x, y, slope, count);
    }
    static Samples samples() {
        return unary_samples([](const auto& x) { return gelu(x[0]); },
                             [](double x) { return 0.5 * x * std::erfc(-x / std::sqrt(2.0)); }, six_numbers());
    }
};

struct GeluTanh {
    static constexpr auto name = "gelu_tanh";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"activation", "y = x s, s = sigmoid(z), z = 2 sqrt(2 / pi) (x + 0.044715 x^3)",
                                 "dy/dx = s + x sigmoid(z) sigmoid(-z) dz/dx"};
    static constexpr double slope = 2 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi, cubic = 0.044715;
    static constexpr bool keeps_slope = true;
    auto forward(const auto& x) const { return x * sigmoid(slope * x * (1 + cubic * (x * x))); }
    auto vjp(const auto& g, const auto& x, const auto&) const {
        auto squared = x * x, z = slope * x * (1 + cubic * squared);
        return g * (sigmoid(z) + slope * x * sigmoid_slope(z) * (1 + (3 * cubic) * squared));
    }
    static Samples samples() {
        return unary_samples(
            [](const auto& x) { return gelu(x[0], GeluApproximation::tanh); },
            [](double x) {
                return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * std::pow(x, 3.0))));
            },
            six_numbers());
    }
};

struct Silu {
    static constexpr auto name = "silu";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"activation", "y = x s, s = sigmoid(x)", "dy/dx = s (1 + x (1 - s))"};
    static constexpr bool keeps_slope = true;
    auto forward(const auto& x) const { return x * sigmoid(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const {
        auto s = sigmoid(x);
        return g * (s * (1 + x * (1 - s)));
    }
    static void of_block(const auto* x, auto* y, auto* slope, std::size_t count) {
        detail::math::silu(x, y, slope, count);
    }
    static Samples samples() {
        return unary_samples([](const auto& x) { return silu(x[0]); }, [](double x) { return x * sigmoid_of(x); },
                             six_numbers());
    }
};

struct Mish {
    static constexpr auto name = "mish";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"activation", "y = x t, t = tanh(ln(1 + e^x))", "dy/dx = t + x sigmoid(x) (1 - t^2)"};
    auto forward(const auto& x) const { return x * tanh_softplus(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const {
        auto t = tanh_softplus(x);
        return g * (t + x * sigmoid(x) * (1 - t * t));
    }
    static Samples samples() {
        return unary_samples([](const auto& x) { return mish(x[0]); },
                             [](double x) { return x * std::tanh(std::log(1 + std::exp(x))); }, six_numbers());
    }
};

struct Softsign {
    static constexpr auto name = "softsign";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"activation", "y = x / (1 + |x|)", "dy/dx = 1 / (1 + |x|)^2"};
    auto forward(const auto& x) const { return x / (1 + abs(x)); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g / square(1 + abs(x)); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return softsign(x[0]); },
                             [](double x) { return x / (1 + std::fabs(x)); }, six_numbers());
    }
};

}    // namespace

template <class T>
Variable<T> sigmoid(const Variable<T>& x) {
    return pointwise(Sigmoid{}, x);
}
template <class T>
Variable<T> logit(const Variable<T>& x, std::optional<double> eps) {
    return pointwise(Logit{}, eps ? clamp(x, *eps, 1 - *eps) : x);
}
template <class T>
Variable<T> log_sigmoid(const Variable<T>& x) {
    return pointwise(LogSigmoid{}, x);
}
template <class T>
Variable<T> softplus(const Variable<T>& x, double beta, double threshold) {
    if (beta == 0) throw std::invalid_argument("[softplus] got beta = 0; wanted another number");
    return pointwise(Softplus{beta, threshold}, x);
}
template <class T>
Variable<T> gelu(const Variable<T>& x, GeluApproximation approximation) {
    return approximation == GeluApproximation::tanh ? pointwise(GeluTanh{}, x) : pointwise(Gelu{}, x);
}
template <class T>
Variable<T> silu(const Variable<T>& x) {
    return pointwise(Silu{}, x);
}
template <class T>
Variable<T> mish(const Variable<T>& x) {
    return pointwise(Mish{}, x);
}
template <class T>
Variable<T> softsign(const Variable<T>& x) {
    return pointwise(Softsign{}, x);
}

template Variable<float> sigmoid(const Variable<float>&);
template Variable<double> sigmoid(const Variable<double>&);
template Variable<float> logit(const Variable<float>&, std::optional<double>);
template Variable<double> logit(const Variable<double>&, std::optional<double>);
template Variable<float> log_sigmoid(const Variable<float>&);
template Variable<double> log_sigmoid(const Variable<double>&);
template Variable<float> softplus(const Variable<float>&, double, double);
template Variable<double> softplus(const Variable<double>&, double, double);
template Variable<float> gelu(const Variable<float>&, GeluApproximation);
template Variable<double> gelu(const Variable<double>&, GeluApproximation);
template Variable<float> silu(const Variable<float>&);
template Variable<double> silu(const Variable<double>&);
template Variable<float> mish(const Variable<float>&);
template Variable<double> mish(const Variable<double>&);
template Variable<float> softsign(const Variable<float>&);
template Variable<double> softsign(const Variable<double>&);

}    // namespace xtape
