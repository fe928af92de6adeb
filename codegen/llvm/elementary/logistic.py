"""sigmoid, softplus and logaddexp: sums with an exponential, accurate where either term vanishes beside the other.

All take the exponential of a number that is not positive, so nothing overflows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from codegen.llvm.elementary.builder import Builder, Formula, Value
from codegen.llvm.elementary.double_word import DoubleWord, fast_two_sum, two_sum
from codegen.llvm.elementary.exponential import exp_falling, exp_of_sum, log_two
from codegen.llvm.elementary.logarithm import log1p_tail


def sigmoid(b: Builder, x: Value) -> Value:
    """1 / (1 + e**-x) = 1 - q for x >= 0 and z - z q for x < 0, with z = e**-|x| and q = z / (1 + z).

    The subtraction makes what rounds q count little where z is small, and 1 + z is rounded by most of its half unit.
    """
    z = exp_falling(b, -b.abs(x))
    quotient = z / (1.0 + z)
    leading = b.select(b.bits(x) < 0, z, 1.0)
    return b.fma(-quotient, leading, leading)


def log1p_exp(b: Builder, x: DoubleWord) -> DoubleWord:
    """Return log(1 + e**x) for x <= 0: with z = e**x it is log(1 + z) or log(2) + log(1 + (z - 1) / 2)."""
    z = exp_of_sum(b, x, falling=True)
    large = z > math.sqrt(2) - 1
    f = b.select(large, b.fma(z, 0.5, -0.5), z)
    high, low = (b.select(large, part, b.constant(0.0)) for part in log_two(b))
    total = fast_two_sum(high, f)
    return DoubleWord(total.high, total.low + (log1p_tail(b, f) + low))


def softplus(b: Builder, x: Value) -> Value:
    """log(1 + e**x) = max(x, 0) + log(1 + e**-|x|)."""
    rest = log1p_exp(b, DoubleWord(-b.abs(x), b.constant(0.0)))
    return b.at_least(x, 0.0) + (rest.high + rest.low)


def logaddexp(b: Builder, x: Value, y: Value) -> Value:
    """log(e**x + e**y) = max(x, y) + log(1 + e**-|x - y|), where x - y is not rounded.

    Near the zeros of the sum the error stays below two units in the last place of its terms.
    """
    larger, smaller = b.select(x > y, x, y), b.select(x > y, y, x)
    difference = two_sum(-larger, smaller)
    # Equal infinities have no difference.
    equal = x.equals(y)
    high, low = b.select(equal, 0.0, difference.high), b.select(equal, 0.0, difference.low)
    rest = log1p_exp(b, DoubleWord(high, low))
    total = two_sum(larger, rest.high)
    return total.high + b.select(b.abs(total.high) < math.inf, total.low + rest.low, 0.0)


FORMULAS: Mapping[str, Formula] = {"sigmoid": sigmoid, "softplus": softplus, "logaddexp": logaddexp}
