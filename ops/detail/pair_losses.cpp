#include <xtape/core/pointwise.hpp>
#include <xtape/ops/activation.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/detail/pair_losses.hpp>
#include <xtape/ops/selection.hpp>

#include <cmath>

namespace xtape {
namespace {

using A = Array<double>;

struct SquaredDifference {
    static constexpr auto name = "squared_difference";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"pair_losses", "y = (x - t)^2", "dy/dx = 2 (x - t), dy/dt = -2 (x - t)"};
    auto forward(const auto& x, const auto& t) const { return (x - t) * (x - t); }
    auto vjp(const auto& g, const auto& x, const auto& t, const auto&) const {
        return pullbacks([&] { return g * (2 * (x - t)); }, [&] { return g * (2 * (t - x)); });
    }
    static Samples samples() {
        auto f = [](const auto& x) { return detail::squared_difference(x[0], x[1]); };
        return Samples()
            .add("a row", {A{{1.5, -2.0}, {0.25, 3.0}}, A{0.5, 1.0}}, f,
                 elementwise([](double x, double t) { return (x - t) * (x - t); }))
            .refuse("lengths 2 and 3", {A{1.0, 2.0}, A{1.0, 2.0, 3.0}}, f);
    }
};

struct Huber {
    static constexpr auto name = "huber";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"pair_losses",
                                 "y = (x - t)^2 / 2 where |x - t| <= delta, else delta (|x - t| - delta / 2)",
                                 "dy/dx = x - t, at most delta in size; dy/dt = -dy/dx"};
    double delta;
    auto forward(const auto& x, const auto& t) const {
        const auto size = abs(x - t), inner = min(size, delta);
        return inner * (size - inner * 0.5);
    }
    auto vjp(const auto& g, const auto& x, const auto& t, const auto&) const {
        return pullbacks([&] { return g * clamp(x - t, -delta, delta); },
                         [&] { return g * clamp(t - x, -delta, delta); });
    }
    static Samples samples() {
        auto f = [](const auto& x) { return detail::huber(x[0], x[1], 1.25); };
        return Samples()
            .add("inside and outside", {A{{1.5, -2.0}, {0.25, 3.0}}, A{0.5, 1.0}}, f,
                 elementwise([](double x, double t) {
                     const double size = std::abs(x - t);
                     return size <= 1.25 ? size * size / 2 : 1.25 * (size - 0.625);
                 }))
            .refuse("lengths 2 and 3", {A{1.0, 2.0}, A{1.0, 2.0, 3.0}}, f);
    }
};

// The forms keep their relative accuracy in both tails. On lanes one exponential serves both sides.
struct Logistic {
    static constexpr auto name = "logistic";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"pair_losses", "y = -p t log(sigmoid(x)) - (1 - t) log(1 - sigmoid(x))",
                                 "dy/dx = (1 - t) sigmoid(x) - p t sigmoid(-x), "
                                 "dy/dt = log(1 - sigmoid(x)) - p log(sigmoid(x))"};
    double weight;
    template <class T>
    Lanes<T> forward(const Lanes<T>& x, const Lanes<T>& t) const {
        const Lanes<T> rest = log1p(exp(-abs(x)));
        return weight * t * (max(-x, 0) + rest) + (1 - t) * (max(x, 0) + rest);
    }
    auto vjp(const auto& g, const auto& x, const auto& t, const auto&) const {
        return pullbacks([&] { return g * slope(x, t); }, [&] { return g * slope_of_target(x); });
    }
    static Samples samples() {
        auto f = [](const auto& x) { return detail::logistic(x[0], x[1], 2.5); };
        return Samples()
            .add("numbers", {A{{1.5, -2.0}, {0.25, 3.0}}, A{0.75, 0.125}}, f, elementwise([](double x, double t) {
                     return 2.5 * t * std::log1p(std::exp(-x)) + (1 - t) * std::log1p(std::exp(x));
                 }))
            .refuse("lengths 2 and 3", {A{1.0, 2.0}, A{1.0, 2.0, 3.0}}, f);
    }

private:
    template <class T>
    Lanes<T> slope(const Lanes<T>& x, const Lanes<T>& t) const {
        const Lanes<T> e = exp(-abs(x));
        return ((1 - t) * select(x < 0, e, 1) - weight * t * select(x < 0, 1, e)) / (1 + e);
    }
    template <class T>
    Lanes<T> slope_of_target(const Lanes<T>& x) const {
        const Lanes<T> rest = log1p(exp(-abs(x)));
        return weight * (max(-x, 0) + rest) - (max(x, 0) + rest);
    }
    template <class T>
    Variable<T> slope(const Variable<T>& x, const Variable<T>& t) const {
        return (1 - t) * sigmoid(x) - weight * t * sigmoid(-x);
    }
    template <class T>
    Variable<T> slope_of_target(const Variable<T>& x) const {
        return log_sigmoid(-x) - weight * log_sigmoid(x);
    }
};

}    // namespace

template <class T>
Variable<T> detail::squared_difference(const Variable<T>& x, const Variable<T>& target) {
    return pointwise(SquaredDifference{}, x, target);
}
template <class T>
Variable<T> detail::huber(const Variable<T>& x, const Variable<T>& target, double delta) {
    return pointwise(Huber{delta}, x, target);
}
template <class T>
Variable<T> detail::logistic(const Variable<T>& x, const Variable<T>& target, double weight) {
    return pointwise(Logistic{weight}, x, target);
}

template Variable<float> detail::squared_difference(const Variable<float>&, const Variable<float>&);
template Variable<double> detail::squared_difference(const Variable<double>&, const Variable<double>&);
template Variable<float> detail::huber(const Variable<float>&, const Variable<float>&, double);
template Variable<double> detail::huber(const Variable<double>&, const Variable<double>&, double);
template Variable<float> detail::logistic(const Variable<float>&, const Variable<float>&, double);
template Variable<double> detail::logistic(const Variable<double>&, const Variable<double>&, double);

}    // namespace xtape
