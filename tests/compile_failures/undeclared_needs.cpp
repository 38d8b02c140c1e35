// expect: reads an input or the output that the operation's `needs` does not declare
#include <xtape/core/pointwise.hpp>
#include <xtape/ops/arithmetic.hpp>

struct Exp {
    static constexpr auto name = "exp";
#ifndef RIGHT
    static constexpr auto needs = xtape::needs::input(0);
#else
    static constexpr auto needs = xtape::needs::output;
#endif
    auto forward(const auto& x) const { return exp(x); }
    auto vjp(const auto& g, const auto&, const auto& y) const { return g * y; }
};

xtape::Variable<double> y(const xtape::Variable<double>& x) { return xtape::pointwise(Exp{}, x); }
