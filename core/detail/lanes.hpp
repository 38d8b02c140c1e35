// Lanes<T>: the numbers that pointwise bodies compute with, as many as a SIMD register holds. All functions are friends
// found through their argument, and take plain numbers in any place: `max(x, 0)`, `pow(x, 1.5)`, `select(x < 1, x, 2)`.
#pragma once

#include <xtape/core/detail/build_flags.hpp>

#include <xsimd/xsimd.hpp>

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>

namespace xtape {

template <class T>
concept Arithmetic = std::integral<T> || std::floating_point<T>;

template <class T>
class Lanes;

// A function's value and its derivative, which share most of their work.
template <class V>
struct ValueAndSlope {
    V value, slope;
};

namespace detail {

// Functions on lanes that xsimd lacks, or computes with more than two units in the last place of error: compiled once,
// in core/detail/math/. See docs/adr/accuracy-of-functions.md.
namespace math {

template <class T>
Lanes<T> exp(Lanes<T> x);
template <class T>
Lanes<T> exp2(Lanes<T> x);
template <class T>
Lanes<T> expm1(Lanes<T> x);
template <class T>
Lanes<T> exp_minus_square(Lanes<T> x);
template <class T>
Lanes<T> pow(Lanes<T> x, Lanes<T> y);
template <class T>
Lanes<T> cbrt(Lanes<T> x);
template <class T>
Lanes<T> hypot(Lanes<T> x, Lanes<T> y);
template <class T>
Lanes<T> tan(Lanes<T> x);
template <class T>
Lanes<T> asin(Lanes<T> x);
template <class T>
Lanes<T> atan(Lanes<T> x);
template <class T>
Lanes<T> atan2(Lanes<T> y, Lanes<T> x);
template <class T>
Lanes<T> sinh(Lanes<T> x);
template <class T>
Lanes<T> cosh(Lanes<T> x);
template <class T>
Lanes<T> tanh(Lanes<T> x);
template <class T>
Lanes<T> tanh_slope(Lanes<T> x);
template <class T>
ValueAndSlope<Lanes<T>> tanh_and_slope(Lanes<T> x);
template <class T>
Lanes<T> sigmoid(Lanes<T> x);
template <class T>
Lanes<T> sigmoid_slope(Lanes<T> x);
template <class T>
ValueAndSlope<Lanes<T>> sigmoid_and_slope(Lanes<T> x);
template <class T>
Lanes<T> asinh(Lanes<T> x);
template <class T>
Lanes<T> acosh(Lanes<T> x);
template <class T>
Lanes<T> erf(Lanes<T> x);
template <class T>
ValueAndSlope<Lanes<T>> erf_and_slope(Lanes<T> x);
template <class T>
Lanes<T> erfc(Lanes<T> x);
template <class T>
Lanes<T> ndtr(Lanes<T> x);
template <class T>
Lanes<T> gelu(Lanes<T> x);
template <class T>
Lanes<T> gelu_slope(Lanes<T> x);
template <class T>
ValueAndSlope<Lanes<T>> gelu_and_slope(Lanes<T> x);
template <class T>
Lanes<T> lgamma(Lanes<T> x);
template <class T>
Lanes<T> polygamma(int n, Lanes<T> x);

}    // namespace math
}    // namespace detail

template <class T>
class Lanes {
public:
    using value_type = T;
    using Batch = xsimd::batch<T>;
    static constexpr std::size_t width = Batch::size;

    // The truth of a comparison, lane by lane.
    struct Mask {
        typename Batch::batch_bool_type bits;
        template <std::same_as<bool> B>
        explicit operator B() const {
            static_assert(sizeof(B) == 0,
                          "a comparison inside map is one of several numbers at once, so that `if` and ?: cannot "
                          "branch on it: write select(condition, a, b)");
            return false;
        }
        friend Mask operator&&(Mask a, Mask b) { return {a.bits & b.bits}; }
        friend Mask operator||(Mask a, Mask b) { return {a.bits | b.bits}; }
        friend Mask operator!(Mask a) { return {~a.bits}; }
    };

    Lanes() = default;
    Lanes(Batch batch) : batch_(batch) {}
    template <Arithmetic N>
    Lanes(N number) : batch_(static_cast<T>(number)) {}

    static Lanes load(const T* from) { return Batch::load_unaligned(from); }
    void store(T* to) const { batch_.store_unaligned(to); }
    Batch batch() const { return batch_; }
    // The first `count` < width elements; the other lanes repeat the first, so that they raise no exception of their
    // own.
    static Lanes load_part(const T* from, std::size_t count) {
#ifdef __AVX512F__
        if constexpr (sizeof(T) == 4)
            return Batch(_mm512_mask_loadu_ps(_mm512_set1_ps(*from), static_cast<__mmask16>((1U << count) - 1), from));
        else
            return Batch(_mm512_mask_loadu_pd(_mm512_set1_pd(*from), static_cast<__mmask8>((1U << count) - 1), from));
#else
        alignas(64) T buffer[width];
        for (std::size_t i = 0; i < width; ++i) buffer[i] = from[i < count ? i : 0];
        return Batch::load_aligned(buffer);
#endif
    }
    void store_part(T* to, std::size_t count) const {
#ifdef __AVX512F__
        if constexpr (sizeof(T) == 4)
            _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1U << count) - 1), batch_);
        else
            _mm512_mask_storeu_pd(to, static_cast<__mmask8>((1U << count) - 1), batch_);
#else
        alignas(64) T buffer[width];
        batch_.store_aligned(buffer);
        for (std::size_t i = 0; i < count; ++i) to[i] = buffer[i];
#endif
    }
    // f(x) lane by lane, for functions that no instruction set has.
    template <class F>
    friend Lanes each(Lanes x, F f) {
        alignas(64) T buffer[width];
        x.batch_.store_aligned(buffer);
        for (T& element : buffer) element = static_cast<T>(f(element));
        return Batch::load_aligned(buffer);
    }
    template <class F>
    friend Lanes each(Lanes x, Lanes y, F f) {
        alignas(64) T left[width], right[width];
        x.batch_.store_aligned(left);
        y.batch_.store_aligned(right);
        for (std::size_t i = 0; i < width; ++i) left[i] = static_cast<T>(f(left[i], right[i]));
        return Batch::load_aligned(left);
    }

    friend Lanes operator+(Lanes a, Lanes b) { return a.batch_ + b.batch_; }
    friend Lanes operator-(Lanes a, Lanes b) { return a.batch_ - b.batch_; }
    friend Lanes operator*(Lanes a, Lanes b) { return a.batch_ * b.batch_; }
    friend Lanes operator/(Lanes a, Lanes b) { return a.batch_ / b.batch_; }
    friend Lanes operator-(Lanes a) { return -a.batch_; }
    friend Lanes operator+(Lanes a) { return a; }
    friend Lanes& operator+=(Lanes& a, Lanes b) { return a = a + b; }
    friend Lanes& operator-=(Lanes& a, Lanes b) { return a = a - b; }
    friend Lanes& operator*=(Lanes& a, Lanes b) { return a = a * b; }
    friend Lanes& operator/=(Lanes& a, Lanes b) { return a = a / b; }

    friend Mask operator<(Lanes a, Lanes b) { return {a.batch_ < b.batch_}; }
    friend Mask operator>(Lanes a, Lanes b) { return {a.batch_ > b.batch_}; }
    friend Mask operator<=(Lanes a, Lanes b) { return {a.batch_ <= b.batch_}; }
    friend Mask operator>=(Lanes a, Lanes b) { return {a.batch_ >= b.batch_}; }
    friend Mask operator==(Lanes a, Lanes b) { return {a.batch_ == b.batch_}; }
    friend Mask operator!=(Lanes a, Lanes b) { return !(a == b); }    // xsimd's says false where either is NaN
    friend Mask isnan(Lanes a) { return {xsimd::isnan(a.batch_)}; }
    friend Lanes select(Mask m, Lanes a, Lanes b) { return xsimd::select(m.bits, a.batch_, b.batch_); }
    friend Lanes where(Mask m, Lanes a, Lanes b) { return select(m, a, b); }

    // NumPy's maximum and minimum: NaN if either is NaN.
    friend Lanes max(Lanes a, Lanes b) { return select(a > b || isnan(a), a, b); }
    friend Lanes min(Lanes a, Lanes b) { return select(a < b || isnan(a), a, b); }
    friend Lanes abs(Lanes a) { return xsimd::abs(a.batch_); }
    friend Lanes square(Lanes a) { return a * a; }
    friend Lanes reciprocal(Lanes a) { return 1 / a; }
    friend Lanes sign(Lanes a) { return select(a > 0, 1, select(a < 0, -1, select(isnan(a), a, 0))); }
    friend Lanes floor(Lanes a) { return xsimd::floor(a.batch_); }
    friend Lanes ceil(Lanes a) { return xsimd::ceil(a.batch_); }
    friend Lanes round(Lanes a) { return xsimd::nearbyint(a.batch_); }    // half to even, as NumPy and PyTorch
    friend Lanes sqrt(Lanes a) { return xsimd::sqrt(a.batch_); }
    friend Lanes rsqrt(Lanes a) { return 1 / sqrt(a); }
    friend Lanes cbrt(Lanes a) { return detail::math::cbrt(a); }
    friend Lanes hypot(Lanes a, Lanes b) { return detail::math::hypot(a, b); }
    friend Lanes exp(Lanes a) { return detail::math::exp(a); }
    friend Lanes exp2(Lanes a) { return detail::math::exp2(a); }
    friend Lanes expm1(Lanes a) { return detail::math::expm1(a); }
    friend Lanes log(Lanes a) {
        return has_subnormal(a) ? each(a, [](T x) { return std::log(x); }) : Lanes(xsimd::log(a.batch_));
    }
    friend Lanes log2(Lanes a) {
        return has_subnormal(a) ? each(a, [](T x) { return std::log2(x); }) : Lanes(xsimd::log2(a.batch_));
    }
    friend Lanes log10(Lanes a) {
        return has_subnormal(a) ? each(a, [](T x) { return std::log10(x); }) : Lanes(xsimd::log10(a.batch_));
    }
    friend Lanes log1p(Lanes a) { return select(a == 0, a, xsimd::log1p(a.batch_)); }    // keeps -0
    friend Lanes sin(Lanes a) { return xsimd::sin(a.batch_); }
    friend Lanes cos(Lanes a) { return xsimd::cos(a.batch_); }
    friend Lanes tan(Lanes a) { return detail::math::tan(a); }
    friend Lanes asin(Lanes a) { return detail::math::asin(a); }
    friend Lanes acos(Lanes a) { return xsimd::acos(a.batch_); }
    friend Lanes atan(Lanes a) { return detail::math::atan(a); }
    friend Lanes atan2(Lanes a, Lanes b) { return detail::math::atan2(a, b); }
    friend Lanes sinh(Lanes a) { return detail::math::sinh(a); }
    friend Lanes cosh(Lanes a) { return detail::math::cosh(a); }
    friend Lanes tanh(Lanes a) { return detail::math::tanh(a); }
    friend Lanes asinh(Lanes a) { return detail::math::asinh(a); }
    friend Lanes acosh(Lanes a) { return detail::math::acosh(a); }
    friend Lanes atanh(Lanes a) { return xsimd::atanh(a.batch_); }
    friend Lanes erf(Lanes a) { return detail::math::erf(a); }
    friend Lanes erfc(Lanes a) { return detail::math::erfc(a); }
    friend Lanes lgamma(Lanes a) { return detail::math::lgamma(a); }
    friend Lanes digamma(Lanes a) { return detail::math::polygamma(0, a); }
    friend Lanes polygamma(int n, Lanes a) { return detail::math::polygamma(n, a); }
    friend Lanes pow(Lanes a, Lanes b) { return detail::math::pow(a, b); }

    // Derivatives in forms that keep their relative accuracy where they are small; values are those of the plain
    // functions.
    friend Lanes tanh_slope(Lanes a) { return detail::math::tanh_slope(a); }    // 1 - tanh(a)^2
    friend ValueAndSlope<Lanes> tanh_and_slope(Lanes a) { return detail::math::tanh_and_slope(a); }
    friend Lanes sigmoid(Lanes a) { return detail::math::sigmoid(a); }
    friend Lanes sigmoid_slope(Lanes a) { return detail::math::sigmoid_slope(a); }    // sigmoid(a) sigmoid(-a)
    friend ValueAndSlope<Lanes> sigmoid_and_slope(Lanes a) { return detail::math::sigmoid_and_slope(a); }
    friend ValueAndSlope<Lanes> erf_and_slope(Lanes a) { return detail::math::erf_and_slope(a); }
    friend ValueAndSlope<Lanes> gelu_and_slope(Lanes a) { return detail::math::gelu_and_slope(a); }
    friend Lanes log_sigmoid(Lanes a) { return -softplus(-a); }
    friend Lanes softplus(Lanes a) { return max(a, 0) + log1p(exp(-abs(a))); }
    friend Lanes exp_minus_square(Lanes a) { return detail::math::exp_minus_square(a); }    // e^(-a^2)
    friend Lanes ndtr(Lanes a) { return detail::math::ndtr(a); }    // the normal distribution function
    friend Lanes relu(Lanes a) { return max(a, 0); }
    friend Lanes clamp(Lanes a, Lanes lower, Lanes upper) { return min(max(a, lower), upper); }
    friend Lanes gelu(Lanes a) { return detail::math::gelu(a); }
    friend Lanes gelu_slope(Lanes a) { return detail::math::gelu_slope(a); }    // ndtr(a) + a ndtr'(a)
    friend Lanes silu(Lanes a) { return a * sigmoid(a); }

private:
    // Numbers so small that xsimd's logarithms and cube root go wrong.
    static bool has_subnormal(Lanes a) { return xsimd::any((abs(a) < std::numeric_limits<T>::min() && a != 0).bits); }

    Batch batch_;
};

}    // namespace xtape
