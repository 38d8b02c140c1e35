#include <xtape/core/pointwise.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/exponential.hpp>

#include <cmath>
#include <numbers>

namespace xtape {
namespace {

struct Exp {
    static constexpr auto name = "exp";
    static constexpr auto needs = needs::output;
    static constexpr About about{"exponential", "y = e^x", "dy/dx = y"};
    auto forward(const auto& x) const { return exp(x); }
    auto vjp(const auto& g, const auto&, const auto& y) const { return g * y; }
    static Samples samples() {
        return unary_samples([](const auto& x) { return exp(x[0]); }, [](double x) { return std::exp(x); },
                             {-2.0, -0.75, -0.25, 0.25, 1.0, 2.5});
    }
};

struct Exp2 {
    static constexpr auto name = "exp2";
    static constexpr auto needs = needs::output;
    static constexpr About about{"exponential", "y = 2^x", "dy/dx = y ln 2"};
    auto forward(const auto& x) const { return exp2(x); }
    auto vjp(const auto& g, const auto&, const auto& y) const { return g * y * std::numbers::ln2; }
    static Samples samples() {
        return unary_samples([](const auto& x) { return exp2(x[0]); }, [](double x) { return std::exp2(x); },
                             {-2.0, -0.75, -0.25, 0.25, 1.0, 2.5});
    }
};

struct Expm1 {
    static constexpr auto name = "expm1";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"exponential", "y = e^x - 1", "dy/dx = e^x"};
    auto forward(const auto& x) const { return expm1(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g * exp(x); }    // y + 1 would cancel
    static Samples samples() {
        return unary_samples([](const auto& x) { return expm1(x[0]); }, [](double x) { return std::expm1(x); },
                             {-2.0, -0.75, -0.25, 0.25, 1.0, 2.5});
    }
};

struct Log {
    static constexpr auto name = "log";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"exponential", "y = ln x", "dy/dx = 1 / x"};
    auto forward(const auto& x) const { return log(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g / x; }
    static Samples samples() {
        return unary_samples([](const auto& x) { return log(x[0]); }, [](double x) { return std::log(x); },
                             {0.125, 0.5, 0.875, 1.25, 2.0, 7.5});
    }
};

struct Log2 {
    static constexpr auto name = "log2";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"exponential", "y = log2 x", "dy/dx = 1 / (x ln 2)"};
    auto forward(const auto& x) const { return log2(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g / (x * std::numbers::ln2); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return log2(x[0]); }, [](double x) { return std::log2(x); },
                             {0.125, 0.5, 0.875, 1.25, 2.0, 7.5});
    }
};

struct Log10 {
    static constexpr auto name = "log10";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"exponential", "y = log10 x", "dy/dx = 1 / (x ln 10)"};
    auto forward(const auto& x) const { return log10(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g / (x * std::numbers::ln10); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return log10(x[0]); }, [](double x) { return std::log10(x); },
                             {0.125, 0.5, 0.875, 1.25, 2.0, 7.5});
    }
};

struct Log1p {
    static constexpr auto name = "log1p";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"exponential", "y = ln(1 + x)", "dy/dx = 1 / (1 + x)"};
    auto forward(const auto& x) const { return log1p(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g / (1 + x); }
    static Samples samples() {
        return unary_samples([](const auto& x) { return log1p(x[0]); }, [](double x) { return std::log1p(x); },
                             {-0.75, -0.25, 0.125, 0.5, 2.0, 7.5});
    }
};

}    // namespace

template <class T>
Variable<T> exp(const Variable<T>& x) {
    return pointwise(Exp{}, x);
}
template <class T>
Variable<T> exp2(const Variable<T>& x) {
    return pointwise(Exp2{}, x);
}
template <class T>
Variable<T> expm1(const Variable<T>& x) {
    return pointwise(Expm1{}, x);
}
template <class T>
Variable<T> log(const Variable<T>& x) {
    return pointwise(Log{}, x);
}
template <class T>
Variable<T> log2(const Variable<T>& x) {
    return pointwise(Log2{}, x);
}
template <class T>
Variable<T> log10(const Variable<T>& x) {
    return pointwise(Log10{}, x);
}
template <class T>
Variable<T> log1p(const Variable<T>& x) {
    return pointwise(Log1p{}, x);
}

template Variable<float> exp(const Variable<float>&);
template Variable<double> exp(const Variable<double>&);
template Variable<float> exp2(const Variable<float>&);
template Variable<double> exp2(const Variable<double>&);
template Variable<float> expm1(const Variable<float>&);
template Variable<double> expm1(const Variable<double>&);
template Variable<float> log(const Variable<float>&);
template Variable<double> log(const Variable<double>&);
template Variable<float> log2(const Variable<float>&);
template Variable<double> log2(const Variable<double>&);
template Variable<float> log10(const Variable<float>&);
template Variable<double> log10(const Variable<double>&);
template Variable<float> log1p(const Variable<float>&);
template Variable<double> log1p(const Variable<double>&);

}    // namespace xtape
