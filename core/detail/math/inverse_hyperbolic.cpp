#include <xtape/core/detail/math/logarithm.hpp>

#include <limits>

namespace xtape::detail::math {

// asinh x = ln(|x| + sqrt(x^2 + 1)) = log1p(|x| + x^2 / (1 + sqrt(x^2 + 1)))
template <>
Lanes<double> asinh(Lanes<double> x) {
    return xsimd::asinh(x.batch());
}
template <>
Lanes<float> asinh(Lanes<float> x) {
    Lanes<float> large = in_double([](Lanes<double> a) { return log_single(a + sqrt(fma(a, a, 1))); }, abs(x));
    Lanes<float> result = select(abs(x) < 1e-3F, fma(x, x * x * (-1 / 6.0F), x), with_sign(large, x));
    return select(abs(x) < std::numeric_limits<float>::infinity() && x != 0, result, x);    // -0 and NaN as well
}

// acosh x = log1p(t + sqrt(2 t + t^2)), t = x - 1, with what the root and the sum lack.
template <>
Lanes<double> acosh(Lanes<double> x) {
    using L = Lanes<double>;
    L t = x - 1, twice = 2 * t, radicand = fma(t, t, twice), lack = fma(t, t, twice - radicand);
    L root = sqrt(radicand);
    L root_low = select(root == 0, 0, (fma(-root, root, radicand) + lack) / (2 * root));
    Pair<double> sum = two_sum(t, root);
    L u = sum.high, near = log1p(u) + (sum.low + root_low) / (1 + u);
    L result = select(x > 1e8, log(x) + ln2, near);
    return select(x < 1, std::numeric_limits<double>::quiet_NaN(), result);
}
template <>
Lanes<float> acosh(Lanes<float> x) {
    using L = Lanes<float>;
    constexpr float infinity = std::numeric_limits<float>::infinity();
    L result = in_double([](Lanes<double> a) { return log1p((a - 1) + sqrt((a - 1) * (a + 1))); }, x);
    return select(x < 1, std::numeric_limits<float>::quiet_NaN(), select(x == infinity, x, result));
}

}    // namespace xtape::detail::math
