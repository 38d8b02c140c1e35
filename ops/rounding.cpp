#include <xtape/core/pointwise.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/rounding.hpp>

#include <cmath>

namespace xtape {
namespace {

// A derivative that is 0 whatever the gradient is, infinite ones included.
template <class G>
G zero_like(const G& g) {
    if constexpr (is_variable<G>) {
        auto zeros = empty_array<typename G::value_type>(g.shape());
        zeros.fill(0);
        return G(std::move(zeros));
    } else {
        return G(0);
    }
}

Array<double> between_steps() { return {-2.75, -1.25, -0.25, 0.3, 1.625, 2.75}; }

struct Abs {
    static constexpr auto name = "abs";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"rounding", "y = |x|", "dy/dx = sign(x)"};
    auto forward(const auto& x) const { return abs(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g * sign(x); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return abs(x[0]); }, [](double x) { return std::fabs(x); },
                             between_steps());
    }
};

struct Sign {
    static constexpr auto name = "sign";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"rounding", "y = 1 where x > 0, -1 where x < 0, 0 at 0", "dy/dx = 0"};
    auto forward(const auto& x) const { return sign(x); }
    auto vjp(const auto& g, const auto&, const auto&) const { return zero_like(g); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return sign(x[0]); }, [](double x) { return std::copysign(1.0, x); },
                             between_steps());
    }
};

struct Floor {
    static constexpr auto name = "floor";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"rounding", "y = the largest integer <= x", "dy/dx = 0"};
    auto forward(const auto& x) const { return floor(x); }
    auto vjp(const auto& g, const auto&, const auto&) const { return zero_like(g); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return floor(x[0]); }, [](double x) { return std::floor(x); },
                             between_steps());
    }
};

struct Ceil {
    static constexpr auto name = "ceil";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"rounding", "y = the smallest integer >= x", "dy/dx = 0"};
    auto forward(const auto& x) const { return ceil(x); }
    auto vjp(const auto& g, const auto&, const auto&) const { return zero_like(g); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return ceil(x[0]); }, [](double x) { return std::ceil(x); },
                             between_steps());
    }
};

struct Round {
    static constexpr auto name = "round";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"rounding", "y = the integer nearest to x, halves to the even one", "dy/dx = 0"};
    auto forward(const auto& x) const { return round(x); }
    auto vjp(const auto& g, const auto&, const auto&) const { return zero_like(g); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return round(x[0]); }, [](double x) { return std::round(x); },
                             between_steps());
    }
};

}    // namespace

template <class T>
Variable<T> abs(const Variable<T>& x) {
    return pointwise(Abs{}, x);
}
template <class T>
Variable<T> sign(const Variable<T>& x) {
    return pointwise(Sign{}, x);
}
template <class T>
Variable<T> floor(const Variable<T>& x) {
    return pointwise(Floor{}, x);
}
template <class T>
Variable<T> ceil(const Variable<T>& x) {
    return pointwise(Ceil{}, x);
}
template <class T>
Variable<T> round(const Variable<T>& x) {
    return pointwise(Round{}, x);
}

template Variable<float> abs(const Variable<float>&);
template Variable<double> abs(const Variable<double>&);
template Variable<float> sign(const Variable<float>&);
template Variable<double> sign(const Variable<double>&);
template Variable<float> floor(const Variable<float>&);
template Variable<double> floor(const Variable<double>&);
template Variable<float> ceil(const Variable<float>&);
template Variable<double> ceil(const Variable<double>&);
template Variable<float> round(const Variable<float>&);
template Variable<double> round(const Variable<double>&);

}    // namespace xtape
