"""log, log2, log10 and log1p.

A positive number is split as 2**k (1 + f) with 1 + f between sqrt(1/2) and sqrt(2); f is exact. Then
log(1 + f) = f + tail, where the tail is at most a fifth of f, so that what it is rounded by hardly counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from codegen.llvm.elementary.builder import Builder, Formula, Value
from codegen.llvm.elementary.double_word import DoubleWord, fast_two_sum, two_product, two_sum
from codegen.llvm.elementary.exponential import log_two

# 2 atanh(s) = 2 s + s**3 (c[0] + c[1] s**2 + ...) for |s| <= 0.1726, minimax (Remez), rounded to the format.
# Relative errors 2**-30.1 and 2**-59.4.
LOG_FLOAT32 = (0.6666678190231323, 0.3997679054737091, 0.2989349961280823)
LOG_FLOAT64 = (
    0.666666666666674,
    0.3999999999937529,
    0.28571428752115463,
    0.22222197487142925,
    0.1818362491179626,
    0.15312402671304573,
    0.14813350843989345,
)

# The leading part of log10(2) is short, so that its products with exponents are exact.
LOG2_E = {
    "float32": (1.4426950216293335, 1.925963033500011e-08),
    "float64": (1.4426950408889634, 2.0355273740931033e-17),
}
LOG10_TWO = {
    "float32": (0.301025390625, 4.605039066518657e-06),
    "float64": (0.3010299956640665, -8.532344317057107e-14),
}
LOG10_E = {
    "float32": (0.4342944920063019, -1.0103049952192578e-08),
    "float64": (0.4342944819032518, 1.098319650216765e-17),
}


@dataclass(frozen=True, slots=True)
class Split:
    """x = 2**k (1 + f); `field` is k + bias."""

    k: Value
    f: Value
    field: Value


def split(b: Builder, x: Value) -> Split:
    """Split a positive normal number."""
    format = b.format
    root = b.bits_of(math.sqrt(0.5))
    shifted = b.bits(x) + ((format.bias << format.fraction_bits) - root)
    field = shifted >> format.fraction_bits
    significand = b.from_bits((shifted & ((1 << format.fraction_bits) - 1)) + root)
    return Split(b.small_to_float(field, float(format.bias)), significand - 1.0, field)


def split_any(b: Builder, x: Value) -> tuple[Value, Value]:
    """Return k and f of a positive number, which may be subnormal."""
    format = b.format
    tiny = x < format.smallest_normal
    places = format.fraction_bits + 1.0
    scaled = split(b, b.select(tiny, x * 2.0**places, x))
    return b.select(tiny, scaled.k - places, scaled.k), scaled.f


def log1p_tail(b: Builder, f: Value) -> Value:
    """Return log(1 + f) - f for 1 + f between sqrt(1/2) and sqrt(2).

    log(1 + f) = 2 atanh(s) for s = f / (2 + f): the division is cheaper than the longer polynomial of f. With
    2 s = f - f s and R = 2 atanh(s) / s - 2, this is s (f**2 / 2 + R) - f**2 / 2, in which f stands exactly (the
    arrangement of Sun's fdlibm).
    """
    half_square = 0.5 * f * f
    s = f / (2.0 + f)
    z = s * s
    rest = b.fma(z, b.polynomial(z, b.choose(LOG_FLOAT32, LOG_FLOAT64)), half_square)
    return b.fma(s, rest, -half_square)


def limits(b: Builder, x: Value, result: Value, pole: float) -> Value:
    """Return the result for x > pole, -inf at the pole, NaN below, and x where it is inf or NaN."""
    outside = b.select(x.equals(pole), -math.inf, math.nan)
    return b.select(x > pole, b.select(x < math.inf, result, x), outside)


def log(b: Builder, x: Value) -> Value:
    """The natural logarithm, k log(2) + log(1 + f)."""
    k, f = split_any(b, x)
    high, low = log_two(b)
    return limits(b, x, b.fma(k, high, f + b.fma(k, low, log1p_tail(b, f))), pole=0.0)


def log_to_base(b: Builder, x: Value, of_two: tuple[float, float], of_e: tuple[float, float]) -> Value:
    """Return k of_two + log(1 + f) of_e, the factors given as two numbers each; k of_two[0] is exact."""
    k, f = split_any(b, x)
    tail = log1p_tail(b, f)
    product = two_product(b, f, b.constant(of_e[0]))
    total = fast_two_sum(k * of_two[0], product.high)
    low = b.fma(k, of_two[1], b.fma(tail, of_e[0], b.fma(f, of_e[1], product.low + total.low)))
    return limits(b, x, total.high + low, pole=0.0)


def log2(b: Builder, x: Value) -> Value:
    """The logarithm to base 2; exact at powers of two."""
    return log_to_base(b, x, (1.0, 0.0), LOG2_E[b.dtype])


def log10(b: Builder, x: Value) -> Value:
    """The logarithm to base 10."""
    return log_to_base(b, x, LOG10_TWO[b.dtype], LOG10_E[b.dtype])


def log1p_sum(b: Builder, x: DoubleWord, double: Value | None = None) -> Value:
    """Return log(1 + x), or log(2 (1 + x)) where `double` holds, for x = high + low > -1 that is no tiny number.

    1 + x is rounded and split, and what was rounded off is added to f, where it belongs with a factor 2**-k (taken in
    two steps, as 2**-k alone need not be a normal number). Near x = 0, where k = 0, the sum is x again.
    """
    one_plus = two_sum(1.0, x.high)
    parts = split(b, one_plus.high)
    k = parts.k if double is None else b.select(double, parts.k + 1.0, parts.k)
    half_scale = b.with_exponent_field((2 * b.format.bias + 1) - parts.field)
    f = fast_two_sum(parts.f, 0.5 * (one_plus.low + x.low) * half_scale)
    high, low = log_two(b)
    return b.fma(k, high, f.high + b.fma(k, low, log1p_tail(b, f.high) + f.low))


def log1p(b: Builder, x: Value) -> Value:
    """log(1 + x)."""
    result = log1p_sum(b, DoubleWord(x, b.constant(0.0)))
    return b.select(b.abs(x) < b.choose(2.0**-25, 2.0**-54), x, limits(b, x, result, pole=-1.0))


FORMULAS: Mapping[str, Formula] = {"log": log, "log2": log2, "log10": log10, "log1p": log1p}
