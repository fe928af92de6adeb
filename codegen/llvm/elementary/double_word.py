"""Unevaluated sums of two floats: what an operation rounds off is kept, at a few operations more.

The names and the error bounds are those of M. Joldes, J.-M. Muller and V. Popescu, Tight and rigorous error bounds for
basic building blocks of double-word arithmetic, ACM TOMS 44 (2017). They hold where nothing overflows or underflows.
"""

from __future__ import annotations

from dataclasses import dataclass

from codegen.llvm.elementary.builder import Builder, Value


@dataclass(frozen=True, slots=True)
class DoubleWord:
    """The number high + low, where low is at most about half a unit in the last place of high."""

    high: Value
    low: Value


def fast_two_sum(a: Value | float, b: Value) -> DoubleWord:
    """Return a + b exactly, where a = 0 or the exponent of a is at least that of b."""
    high = b + a
    return DoubleWord(high, b - (high - a))


def two_sum(a: Value | float, b: Value) -> DoubleWord:
    """Return a + b exactly."""
    high = b + a
    of_b = high - a
    of_a = high - of_b
    return DoubleWord(high, (b - of_b) + (a - of_a))


def two_product(b: Builder, x: Value, y: Value) -> DoubleWord:
    """Return x y exactly."""
    high = x * y
    return DoubleWord(high, b.fma(x, y, -high))
