"""The reduction of angles of any size, exactly: Payne and Hanek's method (SIGNUM Newsletter 18, 1983) on integers.

|x| / pi is needed modulo 2 only. With x = m 2**(e - 63) and a 64-bit integer m, the digits of 1 / pi before the e-th
give even numbers, and 192 digits from there give the rest to 126 digits after the point, of which no float64 loses
more than 62 by being close to a multiple of pi / 2.
"""

from __future__ import annotations

from itertools import pairwise

from codegen.llvm.elementary.builder import Builder, Definition, Value, symbol

RECIPROCAL_PI = int(
    "517cc1b727220a94fe13abe8fa9a6ee06db14acc9e21c820ff28b1d5ef5de2b0db92371d2126e9700324977504e8c90e7f0ef58e5894d39f"
    "74411afa975da24274ce38135a2fbf209cc8eb1cc1a99cfa4e422fc5defc941d8ffc4bffef02cc07f79788c5ad05368fb69b3f6793e584db"
    "a7a31fb34f2ff516ba93dd63f5f2f8bd9e839cfbc529497535fdafd88fc6ae842b0198237e3db5d5",
    16,
)
"""The first 19 * 64 binary digits of 1 / pi, all after the point."""

HALF = 2**126
"""Half of a half turn, in the units of `half_turns`."""

_PI = 0xC90FDAA22168C235
"""pi 2**62, rounded."""

_TABLE = "reciprocal_pi"
_WORDS = 20
"""The length of the table of digits: the window of the largest float64 (infinity, for that matter) ends with it."""


def digits_of_reciprocal_pi(dtype: str) -> Definition:
    """Define the table of digits in words of 64, after one word of zeros."""
    words = (RECIPROCAL_PI >> 64 * (_WORDS - 1 - i) & (2**64 - 1) for i in range(_WORDS))
    entries = ", ".join(f"i64 {word}" for word in words)
    return Definition(f"@{symbol(_TABLE, dtype)} = internal constant [{_WORDS} x i64] [{entries}]\n", ())


PARTS = {_TABLE: digits_of_reciprocal_pi}
"""What `half_turns` needs in the module beside it."""


def half_turns(b: Builder, x: Value) -> Value:
    """Return |x| / pi modulo 2 in units of 2**-127, an i128, for a float64 x of at least 1."""
    pattern = b.bits(b.abs(x))
    exponent = (pattern >> 52) - 1023
    m = (pattern << 11) | -(2**63)
    words = [_digits(b, (exponent >> 6) + i) for i in range(4)]
    high, middle, low = (_shifted(b, left, right, exponent & 63) for left, right in pairwise(words))
    return (_wide(b, m * high) << 64) + _wide(b, m) * _wide(b, middle) + (_wide(b, m) * _wide(b, low) >> 64)


def nearest(b: Builder, turns: Value) -> tuple[Value, Value]:
    """Return r = (t - k) pi and k modulo 2, for the integer k nearest to t = turns / 2**127; |r| <= pi / 2."""
    fraction = turns << 1
    negative = b.emit("i128", f"ashr i128 {fraction.name}, 127")
    distance = (fraction ^ negative) - negative
    high, low = b.cast("trunc", distance >> 64, "i64"), b.cast("trunc", distance, "i64")
    zeros = b.emit("i64", f"call i64 @llvm.ctlz.i64(i64 {high.name}, i1 false)")
    product = _wide(b, _shifted(b, high, low, zeros)) * b.constant(_PI, "i128")
    magnitude = b.cast("uitofp", b.cast("trunc", product >> 64, "i64"), "double") * b.power_of_two(-62 - zeros)
    sign = b.cast("trunc", negative, "i64") << 63
    return b.from_bits(b.bits(magnitude) | sign), b.cast("trunc", (turns + HALF) >> 127, "i64")


def _wide(b: Builder, word: Value) -> Value:
    return b.cast("zext", word, "i128")


def _digits(b: Builder, word: Value) -> Value:
    """Load a word of the table. A constant is not memory: functions that read it only are `memory(none)`."""
    b.dependencies[_TABLE, b.dtype] = None
    address = b.emit("ptr", f"getelementptr i64, ptr @{symbol(_TABLE, b.dtype)}, i64 {word.name}")
    return b.emit("i64", f"load i64, ptr {address.name}")


def _shifted(b: Builder, left: Value, right: Value, count: Value) -> Value:
    """Return 64 digits of two words, from the given one on."""
    return b.emit("i64", f"call i64 @llvm.fshl.i64(i64 {left.name}, i64 {right.name}, i64 {count.name})")
