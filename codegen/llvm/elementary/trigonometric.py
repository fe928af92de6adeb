"""sin, cos, tan, their inverses, arctan2 and hypot.

sin, cos and tan subtract a multiple of pi (of pi / 2 for tan), with pi as the sum of three numbers (Cody and Waite;
J.-M. Muller, Elementary Functions, 3rd ed., chapter 11), and take a polynomial of the rest. Arguments too large for
that are reduced by `huge_angle` behind a guard.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from codegen.llvm.elementary import huge_angle
from codegen.llvm.elementary.builder import Builder, Definition, Formula, Value
from codegen.llvm.elementary.double_word import fast_two_sum, two_product
from codegen.llvm.elementary.guard import Guard

# Minimax polynomials in z = x**2 (Remez, weighted for relative errors, coefficients rounded to the format): f(x) = x +
# x z P(z). The relative errors of f are given for float32 and float64.

# sin x on |x| <= pi / 2 and a little more: 2**-27.0 and 2**-61.5.
SIN_FLOAT32 = (-0.16666658, 0.00833303, -0.00019806852, 2.5995128e-06)
SIN_FLOAT64 = (
    -0.16666666666666666,
    0.008333333333333207,
    -0.0001984126984121248,
    2.7557319211569342e-06,
    -2.5052106904383337e-08,
    1.6058940998304015e-10,
    -7.643019199466193e-13,
    2.7214168779074334e-15,
)
# tan x on |x| <= pi / 4 and a little more: 2**-29.0 and 2**-56.2.
TAN_FLOAT32 = (0.33333355, 0.13332462, 0.0540837, 0.02115565, 0.011171173, -0.00034296085, 0.004592529)
TAN_FLOAT64 = (
    0.33333333333332776,
    0.1333333333341484,
    0.05396825392655845,
    0.021869489611727053,
    0.008863219124654946,
    0.003592289445823153,
    0.0014547556811917435,
    0.0005950745821514215,
    0.00022235023934456493,
    0.00013658738775555336,
    -2.6474415525120654e-05,
    8.953428411349026e-05,
    -4.492119954746001e-05,
    2.0874082811070108e-05,
)
# arcsin x on |x| <= 1 / 2: 2**-27.6 and 2**-55.9.
ARCSIN_FLOAT32 = (0.16666752, 0.074953094, 0.045469154, 0.024184735, 0.04215842)
ARCSIN_FLOAT64 = (
    0.16666666666665408,
    0.07500000000337145,
    0.04464285682821196,
    0.030381959142056377,
    0.022371757922210446,
    0.017359706781581056,
    0.013885214768096383,
    0.012169352165298693,
    0.006527348715353844,
    0.01953002879588228,
    -0.01622709369191012,
    0.0319142654277027,
)
# arctan x on |x| <= 1: 2**-28.5 and 2**-56.0.
ARCTAN_FLOAT32 = (
    -0.333333,
    0.1999853,
    -0.14264014,
    0.10950861,
    -0.08399208,
    0.05787887,
    -0.031093534,
    0.010866272,
    -0.0017821451,
)
ARCTAN_FLOAT64 = (
    -0.3333333333333307,
    0.19999999999951476,
    -0.14285714282575834,
    0.111111110070453,
    -0.09090907003305217,
    0.07692279842768146,
    -0.06666404084956115,
    0.05880527973544255,
    -0.05253519249288546,
    0.04722324558489435,
    -0.04219185061245779,
    0.03664203502023194,
    -0.02990405526108336,
    0.02198509556018517,
    -0.013900789001094867,
    0.007196665994214399,
    -0.0028850027017018986,
    0.0008313517671476506,
    -0.00015216738346396054,
    1.3225732072741587e-05,
)

PI_PARTS = {
    "float32": (3.141592502593994, 1.5099578831723193e-07, 1.078060505991553e-14),
    "float64": (3.141592653589793, 1.224646799147353e-16, 2.1657133478438278e-32),
}
"""pi as a sum of numbers of each format, rounded down so that all are positive: -0 less 0 times them is -0."""

LIMITS = {"float32": 2.0**17, "float64": 2.0**32}
"""Up to here the three parts of pi suffice, and the nearest multiple of pi is found but for 2**-8 of it."""


def sign_bit(b: Builder, x: Value) -> Value:
    """Return the sign bit of x, in its place."""
    return b.bits(x) & -(1 << (b.format.width - 1))


def parity_bit(b: Builder, integer: Value) -> Value:
    """Return the lowest bit of an integer, in the place of the sign bit."""
    return integer << (b.format.width - 1)


def flip(b: Builder, x: Value, sign: Value) -> Value:
    """Return x, negated where the sign bit of `sign` is set; its other bits are 0."""
    return b.from_bits(b.bits(x) ^ sign)


# ---- sin and cos


def sine_tail(b: Builder, z: Value) -> Value:
    """Return sin(x) / x - 1 from z = x**2 for |x| <= pi / 2. It is 0, not -0, for z = 0, so that sin(-0) can be -0."""
    return b.fma(b.polynomial(z, b.choose(SIN_FLOAT32, SIN_FLOAT64)), z, 0.0)


def sine(b: Builder, x: Value) -> Value:
    """Return sin x for |x| <= pi / 2; rounding could carry it just over 1, hence the clamp."""
    return b.clamp(b.fma(sine_tail(b, x * x), x, x), -1.0, 1.0)


def reduced_sine(b: Builder, x: Value, multiple: Value, parity: Value) -> Value:
    """Return sin(x - multiple pi), negated for an odd parity. The innermost step of the reduction is exact."""
    high, middle, low = PI_PARTS[b.dtype]
    r = b.fma(-multiple, low, b.fma(-multiple, middle, b.fma(-multiple, high, x)))
    return flip(b, sine(b, r), parity_bit(b, parity))


def sin(b: Builder, x: Value) -> Value:
    """sin x = (-1)**k sin(x - k pi)."""
    k, integer = b.round_scaled(x, 1 / math.pi)
    return SIN_GUARD.apply(b, x, reduced_sine(b, x, k, integer))


def cos(b: Builder, x: Value) -> Value:
    """cos x = (-1)**k sin(x - (k - 1/2) pi)."""
    k, integer = b.round_scaled(b.fma(x, 1 / math.pi, 0.5), 1.0)
    return COS_GUARD.apply(b, x, reduced_sine(b, x, k - 0.5, integer))


def sin_of_huge(b: Builder, x: Value) -> Value:
    r, k = huge_angle.nearest(b, huge_angle.half_turns(b, x))
    return flip(b, sine(b, r), parity_bit(b, k) ^ sign_bit(b, x)) + (x - x)


def cos_of_huge(b: Builder, x: Value) -> Value:
    r, k = huge_angle.nearest(b, huge_angle.half_turns(b, x) + huge_angle.HALF)
    return flip(b, sine(b, r), parity_bit(b, k)) + (x - x)


SIN_GUARD = Guard("sin", sin_of_huge, LIMITS)
COS_GUARD = Guard("cos", cos_of_huge, LIMITS)


# ---- tan


def tangent(b: Builder, x: Value, low: Value | float, odd: Value) -> Value:
    """Return tan(x + low), or -1 / tan(x + low) where `odd`, for |x| <= pi / 4 and a `low` of no more than |x|.

    The tangent is kept as a sum of two numbers: the reciprocal is that of a number more precise than the format.
    """
    z = x * x
    main = fast_two_sum(x, b.polynomial(z, b.choose(TAN_FLOAT32, TAN_FLOAT64)) * z * x)
    total = fast_two_sum(main.high, b.fma(b.fma(main.high, main.high, 1.0), low, main.low))
    quotient = -1.0 / total.high
    error = b.fma(quotient, total.low, b.fma(quotient, total.high, 1.0))
    return b.select(odd, b.fma(quotient, error, quotient), total.high)


def tan(b: Builder, x: Value) -> Value:
    """tan x = tan r or -1 / tan r with r = x - k pi / 2, which is kept as a sum of two numbers."""
    high, middle, low = (part / 2 for part in PI_PARTS[b.dtype])
    magnitude = b.abs(x)
    k, integer = b.round_scaled(magnitude, 2 / math.pi)
    product = two_product(b, -k, b.constant(middle))
    r = fast_two_sum(b.fma(-k, high, magnitude), product.high)
    rest = b.fma(-k, low, r.low + product.low)
    return TAN_GUARD.apply(b, x, flip(b, tangent(b, r.high, rest, (integer & 1).equals(1)), sign_bit(b, x)))


def tan_of_huge(b: Builder, x: Value) -> Value:
    r, k = huge_angle.nearest(b, huge_angle.half_turns(b, x) << 1)
    r = r * 0.5
    return flip(b, tangent(b, r, 0.0, k.equals(1)), sign_bit(b, x)) + (x - x)


TAN_GUARD = Guard("tan", tan_of_huge, LIMITS)


# ---- the inverses


def arc(b: Builder, offset: Value, x: Value, tail: Value) -> Value:
    """Return offset + x (1 + tail), where the offset stands for 0, pi / 2 or pi, and is 0 or greater than |x|.

    The rounding errors of the offset and of the sum are added to the small part.
    """
    pi, rest, _ = PI_PARTS[b.dtype]
    total = fast_two_sum(offset, x)
    return total.high + b.fma(x, tail, b.fma(offset, rest / pi, total.low))


def arcsine_tail(b: Builder, z: Value) -> Value:
    """Return arcsin(x) / x - 1 from z = x**2 for |x| <= 1/2."""
    return b.polynomial(z, b.choose(ARCSIN_FLOAT32, ARCSIN_FLOAT64)) * z


def arcsin(b: Builder, x: Value) -> Value:
    """arcsin x = pi / 2 - 2 arcsin(((1 - x) / 2)**(1/2)) for x > 1/2."""
    pi, *_ = PI_PARTS[b.dtype]
    magnitude = b.abs(x)
    small = magnitude <= 0.5
    half = b.fma(magnitude, -0.5, 0.5)
    tail = arcsine_tail(b, b.select(small, x * x, half))
    result = arc(b, b.select(small, 0.0, pi / 2), b.select(small, magnitude, b.sqrt(half) * -2.0), tail)
    return b.copysign(result, x)


def arccos(b: Builder, x: Value) -> Value:
    """arccos x = pi / 2 - arcsin x, and for |x| > 1/2 it is 2 arcsin(((1 - |x|) / 2)**(1/2)) or pi minus that."""
    pi, *_ = PI_PARTS[b.dtype]
    small = b.abs(x) <= 0.5
    half = b.fma(b.abs(x), -0.5, 0.5)
    tail = arcsine_tail(b, b.select(small, x * x, half))
    offset = b.select(small, pi / 2, b.select(x < 0.0, b.constant(pi), 0.0))
    return arc(b, offset, b.select(small, -x, b.copysign(b.sqrt(half) * 2.0, x)), tail)


def arctangent_tail(b: Builder, x: Value) -> Value:
    """Return arctan(x) / x - 1 for |x| <= 1."""
    z = x * x
    return b.polynomial(z, b.choose(ARCTAN_FLOAT32, ARCTAN_FLOAT64)) * z


def arctan(b: Builder, x: Value) -> Value:
    """arctan x = pi / 2 - arctan(1 / x) for x > 1."""
    pi, *_ = PI_PARTS[b.dtype]
    magnitude = b.abs(x)
    steep = magnitude > 1.0
    t = b.select(steep, -1.0, magnitude) / b.select(steep, magnitude, 1.0)
    return b.copysign(arc(b, b.select(steep, pi / 2, b.constant(0.0)), t, arctangent_tail(b, t)), x)


def arctan2(b: Builder, y: Value, x: Value) -> Value:
    """The angle of (x, y): arctan t from the nearest axis, t = |y / x| or |x / y| <= 1; 0 / 0 is 0, inf / inf 1."""
    pi, *_ = PI_PARTS[b.dtype]
    height, width = b.abs(y), b.abs(x)
    left, steep = b.bits(x) < 0, height > width
    least, most = b.select(steep, width, height), b.select(steep, height, width)
    equal = b.select(most.equals(0.0), b.constant(0.0), 1.0)
    t = b.select(least.equals(most), equal, least / most)
    offset = b.select(steep, pi / 2, b.select(left, b.constant(pi), 0.0))
    return b.copysign(arc(b, offset, b.select(steep ^ left, -t, t), arctangent_tail(b, t)), y)


# ---- hypot


def hypot(b: Builder, x: Value, y: Value) -> Value:
    """(x**2 + y**2)**(1/2), scaled by a power of 2 where a square would overflow, or lose digits to underflow.

    Infinite as soon as one side is, whatever the other (IEEE 754).
    """
    x, y = b.abs(x), b.abs(y)
    larger = b.select(x > y, x, y)
    least, largest, up, down = b.choose((-40, 63, 86, -65), (-400, 511, 600, -513))
    small, big = larger < 2.0**least, larger > 2.0**largest
    scale = b.select(big, b.constant(2.0**down), b.select(small, b.constant(2.0**up), 1.0))
    back = b.select(big, b.constant(2.0**-down), b.select(small, b.constant(2.0**-up), 1.0))
    infinite = x.equals(math.inf) | y.equals(math.inf)
    x, y = x * scale, y * scale
    return b.select(infinite, math.inf, b.sqrt(b.fma(x, x, y * y)) * back)


FORMULAS: Mapping[str, Formula] = {
    "sin": sin,
    "cos": cos,
    "tan": tan,
    "arcsin": arcsin,
    "arccos": arccos,
    "arctan": arctan,
    "arctan2": arctan2,
    "hypot": hypot,
}

PARTS: Mapping[str, Callable[[str], Definition]] = {
    **huge_angle.PARTS,
    **{guard.name: guard.build for guard in (SIN_GUARD, COS_GUARD, TAN_GUARD)},
}
"""What the formulas call beside other formulas: how to define it for a dtype."""
