"""sinh, cosh, tanh and their inverses.

sinh and cosh reduce x = k log(2) + r as exp does, and take the addition theorems
sinh x = a cosh r + b sinh r and cosh x = b cosh r + a sinh r, with a = sinh(k log 2) and b = cosh(k log 2): halves of
sums of two powers of two. Nothing cancels, and near 0, where a = 0, sinh is accurate without a case of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from codegen.llvm.elementary.builder import Builder, Formula, Value
from codegen.llvm.elementary.double_word import DoubleWord, fast_two_sum
from codegen.llvm.elementary.exponential import EXP2_FLOAT32, EXP2_FLOAT64, log_two, reduce
from codegen.llvm.elementary.logarithm import log1p_sum

# Minimax polynomials (Remez) of z = r**2 for |r| <= log(2) / 2, rounded to the format.
# sinh r = r + r z (c[0] + c[1] z + ...), relative errors 2**-34.3 and 2**-61.7.
SINH_FLOAT32 = (0.1666666716337204, 0.00833317544311285, 0.00019974118913523853)
SINH_FLOAT64 = (
    0.16666666666666677,
    0.008333333333321386,
    0.0001984126988681409,
    2.7557243456953288e-06,
    2.510931746384123e-08,
)
# cosh r = 1 + z (c[0] + c[1] z + ...), absolute errors 2**-33.2 and 2**-58.0.
COSH_FLOAT32 = (0.5, 0.041666459292173386, 0.0013935426250100136)
COSH_FLOAT64 = (
    0.5000000000000013,
    0.04166666666651047,
    0.001388888894835492,
    2.480148850808234e-05,
    2.7631809061897196e-07,
)
# tanh x = x + x z (c[0] + c[1] z + ...) for z = x**2 and |x| <= TANH_NEAR. Relative errors 2**-28.0 and 2**-56.9.
TANH_NEAR = 0.8
TANH_FLOAT32 = (
    -0.33333298563957214,
    0.13332241773605347,
    -0.05385356396436691,
    0.021306294947862625,
    -0.007413658779114485,
    0.0015866728499531746,
)
TANH_FLOAT64 = (
    -0.33333333333333043,
    0.1333333333329759,
    -0.05396825395269355,
    0.02186948819397307,
    -0.00886323107577702,
    0.0035920906123347546,
    -0.0014556206906934023,
    0.0005891723515657662,
    -0.0002366921394602225,
    9.19447389619403e-05,
    -3.2059256505631615e-05,
    8.550327201907458e-06,
    -1.2338572041848066e-06,
)
# atanh s = s + s**3 (c[0] + c[1] s**2 + ...) for |s| <= 1/4, minimax. Relative errors 2**-32.0 and 2**-56.7.
ATANH_FLOAT32 = (0.33333322405815125, 0.2000170350074768, 0.1420419067144394, 0.1262267529964447)
ATANH_FLOAT64 = (
    0.3333333333333196,
    0.2000000000070708,
    0.1428571416137431,
    0.11111121668954552,
    0.09090414439728971,
    0.07705748324298536,
    0.06456868804968784,
    0.07600046654309604,
)


def addition_theorem(b: Builder, x: Value, sign: float) -> Value:
    """Return (e**x + sign e**-x) / 2 for x >= 0: cosh x for the sign 1, sinh x for -1.

    All is divided by 4 until the end, lest a power of two overflows.
    """
    x = b.at_most(x, b.choose(90.0, 711.0))
    offset = b.format.bias - 3
    reduced = reduce(b, x, offset)
    up = b.with_exponent_field(reduced.field)
    down = b.select(x > b.choose(20.0, 40.0), 0.0, b.with_exponent_field(2 * offset - reduced.field))
    r = reduced.r
    z = r * r
    sinh_tail = b.fma(z * r, b.polynomial(z, b.choose(SINH_FLOAT32, SINH_FLOAT64)), reduced.r_low)
    cosh_tail = z * b.polynomial(z, b.choose(COSH_FLOAT32, COSH_FLOAT64))
    factor = fast_two_sum(up, sign * down)
    cofactor = up - sign * down
    high = b.fma(cofactor, r, factor.high)
    low = b.fma(cofactor, r, factor.high - high) + factor.low
    return 4.0 * (high + b.fma(factor.high, cosh_tail, b.fma(cofactor, sinh_tail, low)))


def sinh(b: Builder, x: Value) -> Value:
    """(e**x - e**-x) / 2."""
    magnitude = b.abs(x)
    result = b.copysign(addition_theorem(b, magnitude, -1.0), x)
    return b.select(magnitude < b.choose(2.0**-13, 2.0**-28), x, result)


def cosh(b: Builder, x: Value) -> Value:
    """(e**x + e**-x) / 2."""
    return addition_theorem(b, b.abs(x), 1.0)


def tanh(b: Builder, x: Value) -> Value:
    """x + x**3 P(x**2) up to TANH_NEAR, and 1 - q / (1 + q / 2) with q = 2 e**(-2 |x|) beyond.

    Where q is small, what it is off by hardly counts: one number for -2 / log(2) will do.
    """
    magnitude = b.abs(x)
    z = x * x
    near = b.fma(magnitude * z, b.polynomial(z, b.choose(TANH_FLOAT32, TANH_FLOAT64)), magnitude)
    limited = b.at_most(magnitude, b.choose(10.0, 22.0))
    k, field = b.round_scaled(limited, -2 / math.log(2), b.format.bias + 1)
    power = b.polynomial(b.fma(limited, -2 / math.log(2), -k), (1.0, *b.choose(EXP2_FLOAT32, EXP2_FLOAT64)))
    q = power * b.with_exponent_field(field)
    far = 1.0 - q / b.fma(q, 0.5, 1.0)
    return b.copysign(b.select(magnitude < TANH_NEAR, near, far), x)


def arcsinh(b: Builder, x: Value) -> Value:
    """log(|x| + (x**2 + 1)**(1/2)) = log(1 + |x| + x**2 / (1 + (x**2 + 1)**(1/2))), or log(2 |x|) for large |x|."""
    magnitude = b.abs(x)
    square = x * x
    grown = fast_two_sum(magnitude, square / (1.0 + b.sqrt(b.fma(x, x, 1.0))))
    large = magnitude > b.choose(2.0**26, 2.0**56)
    argument = DoubleWord(b.select(large, magnitude, grown.high), b.select(large, 0.0, grown.low))
    result = b.copysign(log1p_sum(b, argument, double=large), x)
    ordinary = (magnitude >= b.choose(2.0**-13, 2.0**-28)) & (magnitude < float("inf"))
    return b.select(ordinary, result, x)


def arccosh(b: Builder, x: Value) -> Value:
    """log(x + (x**2 - 1)**(1/2)) = log(1 + t + (t**2 + 2 t)**(1/2)) with t = x - 1, or log(2 x) for large x."""
    t = x - 1.0
    square = b.fma(t, t, t + t)
    root = b.sqrt(square)
    rest = b.fma(-root, root, square) + b.fma(t, t, (t + t) - square)
    large = x > b.choose(2.0**26, 2.0**56)
    grown = fast_two_sum(root, t)
    low = b.fma(rest, 0.5 / root, grown.low)
    argument = DoubleWord(b.select(large, x, grown.high), b.select(large, 0.0, low))
    result = log1p_sum(b, argument, double=large)
    result = b.select(x < float("inf"), result, x)
    return b.select(x > 1.0, result, b.select(x.equals(1.0), 0.0, float("nan")))


def arctanh(b: Builder, x: Value) -> Value:
    """log((1 + x) / (1 - x)) / 2 = k log(2) / 2 + atanh s with s = (1 + x - 2**k (1 - x)) / (1 + x + 2**k (1 - x)).

    Any integer k would do; the one near log2((1 + x) / (1 - x)), read off the bit patterns, makes s small. k = 0, for
    which s = x exactly, is kept up to x = 1/4, so that rounding s hardly counts beyond.
    """
    format = b.format
    magnitude = b.abs(x)
    rest = 1.0 - magnitude
    octaves = b.bits(1.0 + magnitude) - b.bits(rest)
    field = (octaves + (1 << (format.fraction_bits - 1))) >> format.fraction_bits
    field = b.select(magnitude < 0.25, b.constant(0, format.integer), field)
    power_less_one = b.power_of_two(field) - 1.0
    rest_low = (1.0 - rest) - magnitude
    numerator = b.fma(-power_less_one, rest, magnitude + magnitude)
    s = b.fma(-power_less_one, rest_low, numerator) / b.fma(power_less_one, rest, 2.0)
    z = s * s
    high, low = (part / 2 for part in log_two(b))
    k = b.small_to_float(field)
    tail = b.fma(s * z, b.polynomial(z, b.choose(ATANH_FLOAT32, ATANH_FLOAT64)), k * low)
    result = b.fma(k, high, s + tail)
    edge = b.select(magnitude.equals(1.0), float("inf"), float("nan"))
    return b.copysign(b.select(magnitude < 1.0, result, edge), x)


FORMULAS: Mapping[str, Formula] = {
    "sinh": sinh,
    "cosh": cosh,
    "tanh": tanh,
    "arcsinh": arcsinh,
    "arccosh": arccosh,
    "arctanh": arctanh,
}
