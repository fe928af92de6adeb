"""power and cbrt.

power(x, y) is e**(y log |x|) with a sign, and log |x| to many digits: an error of y log |x|, which may be 709, is a
relative error of the power. In float64 the logarithm is a double word; float32 takes a detour through float64, which is
cheaper. The special cases are those of C, which NumPy shares.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from codegen.llvm.elementary.builder import Builder, Formula, Value
from codegen.llvm.elementary.double_word import DoubleWord, fast_two_sum, two_product
from codegen.llvm.elementary.exponential import exp_of_sum
from codegen.llvm.elementary.logarithm import split, split_any

# All polynomials are minimax (Remez), rounded to the format.

# 2 atanh(s) = 2 s + s**3 (2/3 + c[0] s**2 + c[1] s**4 + ...) for |s| <= 0.1726. Relative error 2**-66.1.
LOG_TAIL = (
    0.40000000000002445,
    0.2857142857000465,
    0.2222222253759771,
    0.18181782762825846,
    0.153868336406623,
    0.1325498992114206,
    0.13213723477979225,
)
TWO_THIRDS = (2 / 3, 3.700743415417188e-17)
LOG_TWO = (0.693147180559663, 2.8235290563031577e-13)
"""log(2), the leading part short, so that its products with exponents are exact."""

# For float32: 2 atanh(s) = 2 s + s**3 (c[0] + c[1] s**2 + ...), relative error 2**-37.5, and
# 2**r = c[0] + c[1] r + ... for |r| <= 1/2, absolute error 2**-29.0.
SHORT_LOG = (0.6666666559733796, 0.4000034702867589, 0.28536503874789787, 0.23598319566694145)
SHORT_EXP2 = (
    1.0,
    0.693147206246641,
    0.2402265134291363,
    0.055503277942593014,
    0.009618004287733644,
    0.001340026884237268,
    0.00015476189144688723,
)

# m**(-1/3) for 1 <= m <= 2, relative errors 2**-12.0 and 2**-14.7.
CBRT_FLOAT32 = (1.5418884754180908, -0.809963047504425, 0.3177586793899536, -0.0499371774494648)
CBRT_FLOAT64 = (
    1.6700088222693397,
    -1.1728862152232884,
    0.6954890062520342,
    -0.2212407915879099,
    0.02859152067054433,
)


def log_double_word(b: Builder, x: Value) -> DoubleWord:
    """Return log(x) for a positive finite float64, with a relative error of about 2**-65.

    With x = 2**k (1 + f) and s = f / (2 + f) it is k log(2) + 2 atanh(s), where all but the terms from s**5 on are
    computed as double words.
    """
    k, f = split_any(b, x)
    denominator = fast_two_sum(2.0, f)
    reciprocal = 1.0 / denominator.high
    s = f * reciprocal
    s_low = b.fma(-s, denominator.low, b.fma(-s, denominator.high, f)) * reciprocal
    z = two_product(b, s, s)
    z_low = b.fma(2.0 * s, s_low, z.low)
    factor = fast_two_sum(TWO_THIRDS[0], z.high * b.polynomial(z.high, LOG_TAIL))
    factor_low = factor.low + TWO_THIRDS[1]
    cube = two_product(b, s, z.high)
    cube_low = b.fma(s, z_low, b.fma(s_low, z.high, cube.low))
    rest = two_product(b, cube.high, factor.high)
    rest_low = b.fma(cube.high, factor_low, b.fma(cube_low, factor.high, rest.low))
    leading = fast_two_sum(k * LOG_TWO[0], 2.0 * s)
    total = fast_two_sum(leading.high, rest.high)
    low = (leading.low + total.low) + (b.fma(2.0, s_low, rest_low) + k * LOG_TWO[1])
    return fast_two_sum(total.high, low)


def positive_power(b: Builder, x: Value, y: Value) -> Value:
    """Return x**y for finite x > 0; |y| is limited, as beyond the limit only x = 1 gives anything but 0 or infinity."""
    limit = 2.0**70
    if b.dtype == "float32":
        wide = b.within("float64")
        return b.convert(_short_power(wide, wide.convert(x, "float64"), wide.convert(y, "float64"), limit), "float32")
    y = b.clamp(y, -limit, limit)
    log = log_double_word(b, x)
    product = two_product(b, log.high, y)
    return exp_of_sum(b, DoubleWord(product.high, b.fma(log.low, y, product.low)))


def _short_power(b: Builder, x: Value, y: Value, limit: float) -> Value:
    """Return 2**(y log2(x)) in float64, precise enough for float32, and rounded once when it is made one."""
    parts = split(b, x)
    f = parts.f
    s = f / (2.0 + f)
    z = s * s
    log2 = b.fma(b.fma(s * z, b.polynomial(z, SHORT_LOG), s + s), 1 / math.log(2), parts.k)
    exponent = b.clamp(b.clamp(y, -limit, limit) * log2, -160.0, 130.0)
    k, field = b.round_scaled(exponent, 1.0, b.format.bias)
    return b.polynomial(exponent - k, SHORT_EXP2) * b.with_exponent_field(field)


def power(b: Builder, x: Value, y: Value) -> Value:
    """x**y."""
    magnitude = b.abs(x)
    result = positive_power(b, magnitude, y)
    vanishes = (magnitude < 1.0) ^ (y < 0.0)
    result = b.select(
        magnitude.equals(0.0) | magnitude.equals(math.inf), b.select(vanishes, b.constant(0.0), math.inf), result
    )
    whole = b.rint(y).equals(y)
    half = 0.5 * y
    odd = whole & b.rint(half).differs(half)
    result = b.select(odd, b.copysign(result, x), result)
    undefined = (x < 0.0) & (x > -math.inf) & ~whole
    result = b.select(undefined, math.nan, result)
    result = b.select(x.is_nan() | y.is_nan(), x + y, result)
    return b.select(y.equals(0.0) | x.equals(1.0), 1.0, result)


def cbrt(b: Builder, x: Value) -> Value:
    """The real cube root.

    |x| = 2**(3 q) w with 1/2 <= w < 4. From a polynomial, one step of third order finds y = w**(-1/3), and one of
    Newton's on t = w y**2, with w - t**3 as a double word, the root to the last place. Nothing but x is divided by.
    """
    format = b.format
    magnitude = b.abs(x)
    tiny = magnitude < format.smallest_normal
    scaled = b.select(tiny, magnitude * b.choose(2.0**24, 2.0**54), magnitude)
    pattern = b.bits(scaled)
    exponent = b.small_to_float(pattern >> format.fraction_bits, float(format.bias))
    q, field = b.round_scaled(exponent, 1 / 3, format.bias)
    place = b.fma(q, -3.0, exponent)
    significand = b.from_bits((pattern & ((1 << format.fraction_bits) - 1)) | b.bits_of(1.0))
    w = b.from_bits(pattern - ((field - format.bias) << format.fraction_bits) * 3)
    root = 2.0 ** (1 / 3)
    guess = b.polynomial(significand, b.choose(CBRT_FLOAT32, CBRT_FLOAT64))
    guess = guess * b.select(place < 0.0, root, b.select(place > 0.0, 1 / root, b.constant(1.0)))
    h = b.fma(-w * (guess * guess), guess, 1.0)
    y = b.fma(guess * h, b.fma(h, 2 / 9, 1 / 3), guess)
    t = w * (y * y)
    square = two_product(b, t, t)
    rest = b.fma(-square.low, t, b.fma(-square.high, t, w))
    t = b.fma(rest * (y * y), 1 / 3, t)
    result = t * b.with_exponent_field(field) * b.select(tiny, b.choose(2.0**-8, 2.0**-18), b.constant(1.0))
    ordinary = (magnitude > 0.0) & (magnitude < math.inf)
    return b.select(ordinary, b.copysign(result, x), x)


FORMULAS: Mapping[str, Formula] = {"power": power, "cbrt": cbrt}
