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
class Lanes {
public:
    using value_type = T;
    using Batch = xsimd::batch<T>;
    static constexpr std::size_t width = Batch::size;

    // The truth of a comparison, lane by lane.
    struct Mask {
        typename Batch::batch_bool_type bits;
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
    friend Lanes cbrt(Lanes a) {
        return has_subnormal(a) ? each(a, [](T x) { return std::cbrt(x); }) : Lanes(xsimd::cbrt(a.batch_));
    }
    friend Lanes hypot(Lanes a, Lanes b) {
        return each(a, b, [](T x, T y) { return std::hypot(x, y); });
    }
    friend Lanes exp(Lanes a) { return xsimd::exp(a.batch_); }
    friend Lanes exp2(Lanes a) { return xsimd::exp2(a.batch_); }
    friend Lanes expm1(Lanes a) { return select(a == 0, a, xsimd::expm1(a.batch_)); }    // keeps -0
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
    friend Lanes tan(Lanes a) { return xsimd::tan(a.batch_); }
    friend Lanes asin(Lanes a) { return xsimd::asin(a.batch_); }
    friend Lanes acos(Lanes a) { return xsimd::acos(a.batch_); }
    friend Lanes atan(Lanes a) { return xsimd::atan(a.batch_); }
    friend Lanes atan2(Lanes a, Lanes b) {
        return each(a, b, [](T x, T y) { return std::atan2(x, y); });
    }
    friend Lanes sinh(Lanes a) { return xsimd::sinh(a.batch_); }
    friend Lanes cosh(Lanes a) { return xsimd::cosh(a.batch_); }
    friend Lanes tanh(Lanes a) { return xsimd::tanh(a.batch_); }
    friend Lanes asinh(Lanes a) { return xsimd::asinh(a.batch_); }
    friend Lanes acosh(Lanes a) { return select(a < 1, std::numeric_limits<T>::quiet_NaN(), xsimd::acosh(a.batch_)); }
    friend Lanes atanh(Lanes a) { return xsimd::atanh(a.batch_); }
    // xsimd's pow, erfc and double erf lose up to 10^5 units in the last place; the C library's do not.
    friend Lanes erf(Lanes a) {
        if constexpr (sizeof(T) == sizeof(float))
            return xsimd::erf(a.batch_);
        else
            return each(a, [](T x) { return std::erf(x); });
    }
    friend Lanes erfc(Lanes a) {
        return each(a, [](T x) { return std::erfc(x); });
    }
    friend Lanes pow(Lanes a, Lanes b) {
        return each(a, b, [](T x, T y) { return std::pow(x, y); });
    }

private:
    // Numbers so small that xsimd's logarithms and cube root go wrong.
    static bool has_subnormal(Lanes a) { return xsimd::any((abs(a) < std::numeric_limits<T>::min() && a != 0).bits); }

    Batch batch_;
};

}    // namespace xtape
