#!/usr/bin/env python3
"""Prints core/detail/polynomials.hpp: the polynomials of core/detail/math/*.cpp, fitted with mpmath (pip install mpmath).

Each is the interpolation at the Chebyshev points of its interval, computed with 60 digits and rounded once: within a
small factor of the best polynomial there is, and the same on every machine. The comment behind a name is the largest
relative error that was found on 400 points with the rounded coefficients.
"""
import struct
import sys

from mpmath import mp, mpf

mp.dps = 60


def rounded(c, bits):
    return mpf(struct.unpack("f", struct.pack("f", float(c)))[0]) if bits == 24 else mpf(float(c))


def fit(f, low, high, count):
    nodes = [(low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (2 * i + 1) / (2 * count)) for i in range(count)]
    return list(mp.lu_solve(mp.matrix([[x**k for k in range(count)] for x in nodes]), mp.matrix([f(x) for x in nodes])))


def emit(name, what, f, low, high, count, bits=53, offset=0):
    """One array; `offset` is what is added to the polynomial, for its error is relative to the sum."""
    low, high = mpf(low), mpf(high)
    values = [rounded(c, bits) for c in fit(f, low, high, count)]
    error = mpf(0)
    for i in range(401):
        x = low + (high - low) * i / 400
        error = max(error, abs((mp.polyval(values[::-1], x) - f(x)) / (f(x) + offset)))
    type_name, suffix, form = ("float", "F", "%.9g") if bits == 24 else ("double", "", "%.17g")
    texts = [form % float(v) for v in values]
    texts = [t if any(c in t for c in ".en") else t + ".0" for t in texts]
    print(f"// {what}, {mp.nstr(low, 4)} to {mp.nstr(high, 4)}; error 2^{mp.nstr(mp.log(error, 2), 3)}.")
    print(f"inline constexpr {type_name} {name}[] = {{{', '.join(t + suffix for t in texts)}}};")
    sys.stderr.write(f"{name}: {count} coefficients, 2^{mp.nstr(mp.log(error, 2), 4)}\n")


def at_zero(f, value):
    return lambda x: value if x == 0 else f(x)


print("// Written by scripts/fit_polynomials.py: coefficients in rising powers.")
print("#pragma once\n\nnamespace xtape::detail::polynomials {\n")

half_ln2 = mp.log(2) / 2
exp_rest = lambda r: mp.hyp1f1(1, 3, r) / 2
emit("exp_float", "(e^r - 1 - r) / r^2", exp_rest, -half_ln2, half_ln2, 5, 24)
emit("exp_double", "(e^r - 1 - r) / r^2", exp_rest, -half_ln2, half_ln2, 10)
exp2_rest = at_zero(lambda r: mp.expm1(r * mp.log(2)) / r, mp.log(2))
emit("exp2_float", "(2^r - 1) / r", exp2_rest, -0.5, 0.5, 7, 24)
emit("exp2_double", "(2^r - 1) / r", exp2_rest, -0.5, 0.5, 12)
emit("exp2_single", "(2^r - 1) / r for floats in double", exp2_rest, -0.5, 0.5, 7)

s_max = (mp.sqrt(2) - 1) / (mp.sqrt(2) + 1) * mpf("1.0001")
log_ratio = lambda w: (mp.log((1 + mp.sqrt(w)) / (1 - mp.sqrt(w))) / mp.sqrt(w) - 2) / w if w > 0 else mpf(2) / 3
log_rest = at_zero(lambda w: (log_ratio(w) - mpf(2) / 3) / w, mpf(2) / 5)
emit("log_double", "(ln((1 + s) / (1 - s)) / s - 2 - (2/3) s^2) / s^4 in s^2", log_rest, 0, s_max**2, 8)
emit("log_single", "(ln((1 + s) / (1 - s)) / s - 2) / s^2 in s^2, for floats in double", log_ratio, 0, s_max**2, 5)

t_max = mpf("0.50001")
atan_rest = at_zero(lambda w: (mp.atan(mp.sqrt(w)) / mp.sqrt(w) - 1) / w, -mpf(1) / 3)
emit("atan_float", "(atan(t) / t - 1) / t^2 in t^2", atan_rest, 0, t_max**2, 7, 24)
emit("atan_double", "(atan(t) / t - 1) / t^2 in t^2", atan_rest, 0, t_max**2, 16)
asin_rest = at_zero(lambda w: (mp.asin(mp.sqrt(w)) / mp.sqrt(w) - 1) / w, mpf(1) / 6)
emit("asin_float", "(asin(t) / t - 1) / t^2 in t^2", asin_rest, 0, mpf("0.5626") ** 2, 7, 24)
tan_rest = at_zero(lambda w: (mp.tan(mp.sqrt(w)) / mp.sqrt(w) - 1) / w, mpf(1) / 3)
emit("tan_double", "(tan(t) / t - 1) / t^2 in t^2", tan_rest, 0, (mp.pi / 4) ** 2 * mpf("1.0001"), 16)
emit("tan_single", "(tan(t) / t - 1) / t^2 in t^2, for floats in double", tan_rest, 0, (mp.pi / 4) ** 2 * mpf("1.0001"), 9)
sinh_rest = at_zero(lambda w: (mp.sinh(mp.sqrt(w)) / mp.sqrt(w) - 1) / w, mpf(1) / 6)
emit("sinh_float", "(sinh(t) / t - 1) / t^2 in t^2", sinh_rest, 0, 1, 4, 24)
emit("sinh_double", "(sinh(t) / t - 1) / t^2 in t^2", sinh_rest, 0, 1, 8)

erf_ratio = at_zero(lambda w: mp.erf(mp.sqrt(w)) / mp.sqrt(w) - 1, 2 / mp.sqrt(mp.pi) - 1)
emit("erf_float", "erf(x) / x - 1 in x^2", erf_ratio, 0, 1, 7, 24, offset=1)
emit("erf_double", "erf(x) / x - 1 in x^2", erf_ratio, 0, 1, 12, offset=1)


def erfcx(a):
    return mp.exp(a * a) * mp.erfc(a)


def erf_tail_of(k):
    return lambda u: erfcx(1 / u - k) / u


# Of 1 - erf, which is small: their error matters less than that of erf.
emit("erf_tail_float", "e^(a^2) erfc(a) / u in u = 1 / (a + 2)", erf_tail_of(2), 1 / mpf("5.93"), 1 / mpf(3), 6, 24)
emit("erf_tail_double", "e^(a^2) erfc(a) / u in u = 1 / (a + 3)", erf_tail_of(3), 1 / mpf("8.95"), 1 / mpf(4), 15)


def erfcx_of(q):    # q = (a - 4) / (a + 4)
    a = 4 * (1 + q) / (1 - q)
    return (1 + 2 * a) * erfcx(a) - 1


emit("erfcx_double", "(1 + 2 a) e^(a^2) erfc(a) - 1 in (a - 4) / (a + 4)", erfcx_of, -1, mpf(24) / 32, 23, offset=1)
emit("erfcx_slope", "the slope of erfcx_double", lambda q: mp.diff(erfcx_of, q), -1, mpf(24) / 32, 5, offset=1)
emit("erfcx_single", "(1 + 2 a) e^(a^2) erfc(a) - 1 in (a - 4) / (a + 4), for floats in double", erfcx_of, -1,
     mpf("6.2") / mpf("14.2"), 12, offset=1)


def ndtr_of(w):    # w = v - 0.6, v = 1 / (1 + t / 4)
    v = w + mpf("0.6")
    t = 4 * (1 / v - 1)
    return mp.exp(t * t / 2) * mp.ncdf(-t) / v


emit("ndtr_float", "e^(t^2 / 2) P(-t) / v in v - 0.6, v = 1 / (1 + t / 4), P the normal distribution's", ndtr_of, 1 / (1 + mpf("14.5") / 4) - mpf("0.6"), 0.4, 10, 24)

emit("ndtr_slope", "the slope of v ndtr_float", lambda w: mp.diff(lambda u: (u + mpf("0.6")) * ndtr_of(u), w), 1 / (1 + mpf("14.5") / 4) - mpf("0.6"), mpf("0.39999"), 5, 24)

lgamma_ratio = at_zero(lambda z: mp.loggamma(2 + z) / z, 1 - mp.euler)
emit("lgamma_double", "ln gamma(2 + z) / z", lgamma_ratio, -0.5, 0.5, 20)
emit("lgamma_single", "ln gamma(2 + z) / z, for floats in double", lgamma_ratio, -0.5, 0.5, 10)


def stirling(w):
    x = 1 / mp.sqrt(w)
    return (mp.loggamma(x) - ((x - mpf(1) / 2) * mp.log(x) - x + mp.log(2 * mp.pi) / 2)) * x


emit("stirling_double", "x times what Stirling's formula lacks, in 1 / x^2", at_zero(stirling, mpf(1) / 12), 0, mpf(1) / 64, 9)
emit("stirling_single", "x times what Stirling's formula lacks, in 1 / x^2, for floats in double", at_zero(stirling, mpf(1) / 12), 0, mpf(1) / 64, 4)

root = mp.findroot(mp.digamma, 1.46)
print(f"inline constexpr double digamma_root_high = {float(root)!r}, digamma_root_low = {float(root - mpf(float(root)))!r};")
around_root = lambda z: mp.digamma(mpf("1.5") + z) / (mpf("1.5") + z - root) if abs(mpf("1.5") + z - root) > mpf(10) ** -20 else mp.psi(1, root)
for precision, count in (("double", 23), ("single", 11)):
    note = "" if precision == "double" else ", for floats in double"
    emit(f"digamma_1_{precision}", f"digamma(x) / (x - root) in x - 3/2{note}", around_root, -0.5, 0.5, count)
    emit(f"digamma_2_{precision}", f"digamma(x) in x / 2 - 3/2{note}", lambda z: mp.digamma(2 * (mpf("1.5") + z)), -0.5, 0.5, count)
    emit(f"digamma_4_{precision}", f"digamma(x) in x / 4 - 3/2{note}", lambda z: mp.digamma(4 * (mpf("1.5") + z)), -0.5, 0.5, count)


def digamma_tail(w):
    x = 1 / mp.sqrt(w)
    return (mp.log(x) - 1 / (2 * x) - mp.digamma(x)) / w


emit("digamma_tail_double", "(ln x - 1 / (2 x) - digamma(x)) x^2 in 1 / x^2", at_zero(digamma_tail, mpf(1) / 12), 0, mpf(1) / 64, 9)
emit("digamma_tail_single", "(ln x - 1 / (2 x) - digamma(x)) x^2 in 1 / x^2, for floats in double", at_zero(digamma_tail, mpf(1) / 12), 0, mpf(1) / 64, 4)
print("\n}    // namespace xtape::detail::polynomials")
