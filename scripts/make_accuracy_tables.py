#!/usr/bin/env python3
"""Writes tests/ops/accuracy_tables/*.hpp: arguments and values of functions, from mpmath (pip install mpmath), to 64 bits.

Half of the arguments are floats, so that a table serves both types. Each function has its hard cases: where it is 0 or
nearly 1, where it overflows, its tails down to the subnormal numbers, large arguments, the other side of a reflection.
"""
import math
import random
import struct
from pathlib import Path

from mpmath import mp, mpf

mp.prec = 1200    # sin(1e300)
source = random.Random(1)


def as_float(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def hexadecimal(y):
    """y as a long double: 64 bits, rounded."""
    y = mpf(y)
    if y == 0:
        return "0"
    if mp.isinf(y):
        return "-HUGE_VALL" if y < 0 else "HUGE_VALL"
    exponent = max(int(mp.floor(mp.log(abs(y), 2))) - 63, -16445)
    return f"{'-' if y < 0 else ''}0x{int(mp.nint(abs(y) * mpf(2) ** -exponent)):x}p{exponent:+d}L"


def spread(low, high, count):
    """Half floats, half doubles; by a constant factor if both ends are positive."""
    for i in range(count):
        t = (i + source.random()) / count
        x = math.exp(math.log(low) + t * (math.log(high) - math.log(low))) if low > 0 else low + (high - low) * t
        x = as_float(x) if i % 2 == 0 and abs(x) < 3e38 and abs(x) > 1e-44 else x
        yield x


def near(points):
    for point in points:
        for k in range(8):
            step = 10.0 ** -(1 + k)
            for x in (point + step, point - step):
                yield as_float(x) if k < 5 else float(x)


def short(x):
    """x in the fewest digits that say it exactly."""
    return repr(float(x))


texts = {}    # of the tables, by name


def write(kind, name, rows):
    text = f"inline const std::vector<{kind}> {name}{{\n"
    line = "   "
    for row in rows:
        if len(line) + len(row) > 117:
            text += line + "\n"
            line = "   "
        line += f" {{{row}}},"
    texts[name] = text + line + "\n};\n"


def table(name, f, arguments):
    write("Row", name, [f"{short(x)}, {hexadecimal(f(mpf(x)))}" for x in arguments])


def table_of_two(name, f, arguments):
    write("RowOfTwo", name, [f"{short(a)}, {short(b)}, {hexadecimal(f(mpf(a), mpf(b)))}" for a, b in arguments])


small = list(spread(1e-310, 1e-10, 16)) + list(spread(1e-10, 1, 24))
table("exp", mp.exp, list(spread(-745, 709.7, 40)) + list(spread(-103, 88.7, 30)) + list(spread(1e-12, 1, 10)))
table("exp2", lambda x: mpf(2) ** x, list(spread(-1074, 1023.9, 40)) + list(spread(-149, 127.9, 30)))
table("expm1", mp.expm1, small + list(spread(-40, 709, 30)) + list(spread(-1, 1, 30)))
table("log", mp.log, list(spread(1e-320, 1e308, 30)) + list(spread(1e-44, 1e38, 20)) + list(near([1])))
table("log1p", mp.log1p, small + list(spread(1, 1e300, 20)) + list(near([0])) + list(spread(-0.999, 1, 20)))
table("sin", mp.sin, small + list(spread(1, 1e5, 30)) + list(spread(1e5, 1e300, 20)))
table("cos", mp.cos, list(spread(1e-5, 1e5, 40)) + list(spread(1e5, 1e300, 20)))
table("tan", mp.tan, small + list(spread(1, 1e5, 40)) + list(spread(1e5, 1e300, 20)) + list(near([mp.pi / 2, 3 * mp.pi / 2])))
table("asin", mp.asin, small + list(near([0.5])))
table("atan", mp.atan, small + list(spread(0.1, 1e20, 40)) + list(near([0.5, 2])))
table("sinh", mp.sinh, small + list(spread(0.5, 710, 30)) + list(spread(0.5, 89, 20)))
table("cosh", mp.cosh, small[20:] + list(spread(0.5, 710, 30)) + list(spread(0.5, 89, 20)))
table("tanh", mp.tanh, small + list(spread(0.3, 30, 30)))
table("asinh", mp.asinh, small + list(spread(0.3, 1e300, 40)))
table("acosh", mp.acosh, [1 + x for x in spread(1e-7, 1, 20)] + list(spread(1.5, 1e300, 30)))
table("cbrt", mp.cbrt, list(spread(1e-320, 1e308, 40)) + list(spread(0.1, 10, 20)))
table("erf", mp.erf, small + list(spread(0.3, 7, 40)) + list(near([1])))
table("erfc", mp.erfc, small + list(spread(-6, 6, 40)) + list(spread(5, 10, 20)) + list(spread(10, 27.2, 30)))
table("lgamma", mp.loggamma,
      list(spread(1e-300, 0.1, 20)) + list(spread(0.1, 12, 60)) + list(near([1, 2])) + list(spread(8, 1e300, 20)))
table("lgamma_below_zero", lambda x: mp.log(abs(mp.gamma(x))), spread(-9.9, -0.1, 40))
table("digamma", mp.digamma, list(spread(1e-30, 0.1, 12)) + list(spread(0.1, 12, 60)) + list(near([1.4616321449683622, 1, 2])) +
      list(spread(8, 1e30, 20)))
table("digamma_below_zero", mp.digamma, spread(-9.9, -0.1, 40))
mp.prec = 300
table("trigamma", lambda x: mp.psi(1, x), list(spread(1e-3, 0.1, 10)) + list(spread(0.1, 30, 60)) + list(spread(30, 1e8, 10)))
table("tetragamma", lambda x: mp.psi(2, x), list(spread(1e-3, 0.1, 10)) + list(spread(0.1, 30, 60)) + list(spread(30, 1e8, 10)))


def powers():
    for a, b in zip(spread(0.01, 100, 60), spread(-20, 20, 60)):
        yield a, b
    for a, t in zip(spread(1e-300, 1e300, 40), spread(-700, 700, 40)):    # near overflow and underflow
        if abs(mp.log(a)) > 1:
            yield a, float(t / mp.log(a))
    for k in range(1, 30):    # bases near 1, large exponents
        yield 1 + source.uniform(-1, 1) * 2.0**-k, source.uniform(-600, 600) * 2.0**k
    for a in (-1.5, -2.0, -0.3, -7.25):
        for b in (2.0, 3.0, -5.0, 17.0, 80.0):
            yield a, b
    for a, b in zip(spread(1e-310, 1e-308, 6), spread(-1, 1, 6)):
        yield a, b


def points():
    for a, b in zip(spread(-5, 5, 40), spread(-3, 3, 40)):
        yield a, b
    for a, b in zip(spread(1e-300, 1e300, 40), spread(1e-200, 1e250, 40)):
        yield a, b * source.choice([1, -1])
    for a in spread(1e-150, 1e150, 30):
        yield a, a * source.uniform(0.3, 3)
    for a in (1e-310, 1.5e308, 1e-40, 3e38):
        yield a, a * 0.7


table_of_two("pow", lambda a, b: a**b if a > 0 else (mp.power(abs(a), b) * (-1 if int(b) % 2 else 1)), powers())
table_of_two("atan2", mp.atan2, points())
table_of_two("hypot", mp.hypot, points())

FILES = {
    "exponential": ["exp", "exp2", "expm1", "log", "log1p", "cbrt"],
    "trigonometric": ["sin", "cos", "tan", "asin", "atan"],
    "hyperbolic": ["sinh", "cosh", "tanh", "asinh", "acosh"],
    "error_function": ["erf", "erfc"],
    "gamma": ["lgamma", "lgamma_below_zero", "digamma", "digamma_below_zero", "trigamma", "tetragamma"],
    "of_two": ["pow", "atan2", "hypot"],
}
HEAD = "// Written by scripts/make_accuracy_tables.py.\n// clang-format off\n#pragma once\n\n"
END = "\n}    // namespace accuracy_tables\n"
ROWS = """namespace accuracy_tables {

struct Row {
    double x;
    long double y;
};
struct RowOfTwo {
    double a, b;
    long double y;
};
"""
folder = Path(__file__).resolve().parent.parent / "tests/ops/accuracy_tables"
folder.mkdir(exist_ok=True)
(folder / "row.hpp").write_text(HEAD + ROWS + END)
for file, names in FILES.items():
    (folder / f"{file}.hpp").write_text(
        HEAD + '#include "row.hpp"\n\n#include <cmath>\n#include <vector>\n\nnamespace accuracy_tables {\n\n' +
        "".join(texts[name] for name in names) + END)
