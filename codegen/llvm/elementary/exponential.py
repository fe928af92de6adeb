"""exp, exp2 and expm1.

Each reduces its argument to x = k log(2) + r with an integer k and |r| <= log(2) / 2, takes a polynomial of r, and
puts the factor 2**k back (J.-M. Muller, Elementary Functions, 3rd ed., chapter 11). log(2) is taken as the sum of two
numbers of the format; with a fused multiply-add x - k high is exact, as both are multiples of the last place of high.

The polynomials are minimax (Remez), their coefficients rounded to the format; the errors given include that rounding.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from codegen.llvm.elementary.builder import Builder, Formula, Value
from codegen.llvm.elementary.double_word import DoubleWord, fast_two_sum

# e**r = 1 + r + c[0] r**2 + ... for |r| <= log(2) / 2. Absolute errors 2**-28.2 and 2**-57.8.
EXP_FLOAT32 = (0.5, 0.1666652113199234, 0.041666362434625626, 0.008368698880076408, 0.0013944819802418351)
EXP_FLOAT64 = (
    0.5000000000000012,
    0.16666666666666669,
    0.041666666666520455,
    0.008333333333329588,
    0.0013888888945677326,
    0.0001984126986236472,
    2.4801491324912465e-05,
    2.7557271419627277e-06,
    2.7630788369690786e-07,
    2.5098541377394184e-08,
)

# 2**r = 1 + c[0] r + c[1] r**2 + ... for |r| <= 1 / 2. Absolute errors 2**-28.0 and 2**-57.4.
EXP2_FLOAT32 = (
    0.6931471824645996,
    0.24022650718688965,
    0.05550360307097435,
    0.009618030861020088,
    0.0013390789972618222,
    0.00015475692634936422,
)
EXP2_FLOAT64 = (
    0.6931471805599453,
    0.2402265069591012,
    0.05550410866482256,
    0.00961812910759778,
    0.0013333558146267914,
    0.00015403530453442864,
    1.5252733937028432e-05,
    1.3215436808759786e-06,
    1.0178026008347107e-07,
    7.073557276003855e-09,
    4.459684447214902e-10,
)

# e**r - 1 = r + c[0] r**2 + ... for |r| <= log(2) / 2. Relative errors 2**-30.9 and 2**-61.4.
EXPM1_FLOAT32 = (
    0.5,
    0.1666666567325592,
    0.04166649654507637,
    0.008333531208336353,
    0.0013932010624557734,
    0.0001977401552721858,
)
EXPM1_FLOAT64 = (
    0.5,
    0.16666666666666677,
    0.04166666666666669,
    0.008333333333321804,
    0.0013888888888888035,
    0.00019841269885221538,
    2.4801587289534985e-05,
    2.7557245351886972e-06,
    2.7557322191241315e-07,
    2.510859843823025e-08,
    2.0895640022823965e-09,
)

LIMITS = {"float32": (-104.0, 89.0), "float64": (-746.0, 710.0)}
"""Where e**x has become 0, and infinite, in the format."""

FALL = {"float32": 64, "float64": 512}
"""A number of binades that brings the least k of e**x = 2**k e**r back among the normal numbers."""


@dataclass(frozen=True, slots=True)
class Reduced:
    """x = k log(2) + r + r_low; the low bits of `field` are those of k + offset."""

    field: Value
    r: Value
    r_low: Value


def log_two(b: Builder) -> tuple[float, float]:
    """Return log(2) as a number of the format, and what is left of it as another."""
    return b.choose(
        (0.693147182464599609375, -1.904654299957767878541823431e-9), (math.log(2), 2.319046813846299558e-17)
    )


def reduce(b: Builder, x: Value, offset: int) -> Reduced:
    """Subtract the nearest multiple of log(2); r_low is what r is rounded by."""
    high, low = log_two(b)
    k, field = b.round_scaled(x, 1 / math.log(2), offset)
    exact = b.fma(-k, high, x)
    r = b.fma(-k, low, exact)
    return Reduced(field, r, b.fma(-k, low, exact - r))


def scale(b: Builder, x: Value, field: Value) -> Value:
    """Return x 2**k where x is near 1 and `field` is k + 2 bias; 2**k is taken in two steps.

    The first product is exact, the second rounds: so overflow and gradual underflow are right.
    """
    half = field >> 1
    return x * b.with_exponent_field(half) * b.with_exponent_field(field - half)


def falling_offset(b: Builder) -> int:
    """Return what `scale_falling` wants k to be offset by."""
    return b.format.bias + FALL[b.dtype]


def scale_falling(b: Builder, x: Value, field: Value) -> Value:
    """Return x 2**k as `scale` does, for k <= 0, where `field` is k + bias + FALL: the second factor is a constant."""
    return x * b.with_exponent_field(field) * 2.0 ** -FALL[b.dtype]


def exp_of_sum(b: Builder, x: DoubleWord, falling: bool = False) -> Value:
    """Return e**(high + low), with hardly an error but the last rounding; it is `falling` if that is never above 1."""
    high, low = log_two(b)
    x_high = b.at_least(x.high, LIMITS[b.dtype][0]) if falling else b.clamp(x.high, *LIMITS[b.dtype])
    x_low = b.select(x.high.equals(x_high), x.low, 0.0)
    k, field = b.round_scaled(x_high, 1 / math.log(2), falling_offset(b) if falling else 2 * b.format.bias)
    r = fast_two_sum(b.fma(-k, high, x_high), b.fma(-k, low, x_low))
    tail = b.fma(r.high * r.high, b.polynomial(r.high, b.choose(EXPM1_FLOAT32, EXPM1_FLOAT64)), r.low)
    one_plus = fast_two_sum(1.0, r.high)
    return (scale_falling if falling else scale)(b, one_plus.high + (one_plus.low + tail), field)


def exp_of_reduced(b: Builder, r: Value) -> Value:
    """Return e**r for |r| <= log(2) / 2."""
    return b.fma(b.fma(b.polynomial(r, b.choose(EXP_FLOAT32, EXP_FLOAT64)), r, 1.0), r, 1.0)


def exp(b: Builder, x: Value) -> Value:
    """e**x."""
    reduced = reduce(b, b.clamp(x, *LIMITS[b.dtype]), 2 * b.format.bias)
    return scale(b, exp_of_reduced(b, reduced.r), reduced.field)


def exp_falling(b: Builder, x: Value) -> Value:
    """Return e**x for x <= 0, to the same last bit in fewer steps."""
    reduced = reduce(b, b.at_least(x, LIMITS[b.dtype][0]), falling_offset(b))
    return scale_falling(b, exp_of_reduced(b, reduced.r), reduced.field)


def exp2(b: Builder, x: Value) -> Value:
    """2**x."""
    x = b.clamp(x, *b.choose((-151.0, 129.0), (-1076.0, 1025.0)))
    k, field = b.round_scaled(x, 1.0, 2 * b.format.bias)
    r = x - k
    return scale(b, b.fma(b.polynomial(r, b.choose(EXP2_FLOAT32, EXP2_FLOAT64)), r, 1.0), field)


def half_expm1(b: Builder, x: Value) -> DoubleWord:
    """Return (e**x - 1) / 2 = 2**(k-1) (e**r - 1) + (2**(k-1) - 1/2); the half lets no 2**(k-1) overflow."""
    reduced = reduce(b, x, b.format.bias - 1)
    r = reduced.r
    power = b.with_exponent_field(reduced.field)
    tail = b.fma(r * r, b.polynomial(r, b.choose(EXPM1_FLOAT32, EXPM1_FLOAT64)), reduced.r_low)
    total = fast_two_sum(power - 0.5, power * r)
    return DoubleWord(total.high, b.fma(power, tail, total.low))


def expm1(b: Builder, x: Value) -> Value:
    """e**x - 1."""
    half = half_expm1(b, b.clamp(x, *b.choose((-20.0, 89.0), (-40.0, 710.0))))
    return b.select(b.abs(x) < b.choose(2.0**-25, 2.0**-54), x, 2.0 * (half.high + half.low))


FORMULAS: Mapping[str, Formula] = {"exp": exp, "exp2": exp2, "expm1": expm1}
