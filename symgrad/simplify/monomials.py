"""Monomials: products taken apart into a number, factors and their exponents, and put together in one order.

The order is that of textbooks: the number, then single numbers (0-d tensors), then tensors, over what is below the
fraction bar. Putting together what was taken apart gives the same node again, so that rules end.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from symgrad.dtypes import Dtype, is_float
from symgrad.families.elementwise import Cast, apply, function_name
from symgrad.families.layout import BroadcastTo, Reshape, broadcast_to, unrepeated
from symgrad.families.leaf import Constant, SizeValue, constant_number
from symgrad.families.leaf import number as number_tensor
from symgrad.families.reduction import Reduction
from symgrad.shapes import Shape, product, same_shape, same_size
from symgrad.tensor import Tensor

MOST_PARTS = 8
"""Longer products are taken apart only so far, so that the work stays linear in the graph."""
_LARGEST_DIVISOR = 10**6
_LARGEST_EXPONENT = 100
_SMALL_DIVISOR = 12
_LONGEST_DECIMAL = 6
"""Longer ones are written as fractions where they are fractions: 0.25 stays, 0.015625 is 1/64."""

Number = int | float


@dataclass(frozen=True)
class Monomial:
    """number / divisor times the product of factors with their exponents (whole, not 0), in a dtype.

    `divisor` is a positive whole number, and 1 if the number is not whole.
    """

    number: Number
    divisor: int
    powers: Mapping[Tensor, int]
    dtype: Dtype

    def scalars(self) -> dict[Tensor, int]:
        """Return the factors that are single numbers."""
        return {x: e for x, e in self.powers.items() if x.shape == ()}

    def tensors(self) -> dict[Tensor, int]:
        """Return the factors that have axes."""
        return {x: e for x, e in self.powers.items() if x.shape != ()}

    def with_powers(self, powers: Mapping[Tensor, int]) -> Monomial:
        """Return the same number times other factors."""
        return Monomial(self.number, self.divisor, powers, self.dtype)

    def scaled(self, number: Number, divisor: int = 1) -> Monomial:
        """Return this times number / divisor."""
        return Monomial(*reduced(times(self.number, number), self.divisor * divisor), self.powers, self.dtype)

    def times(self, other: Monomial) -> Monomial:
        """Return the product of two monomials."""
        powers = dict(self.powers)
        for x, e in other.powers.items():
            powers[x] = powers.get(x, 0) + e
        return self.with_powers(_merged(powers)).scaled(other.number, other.divisor)

    def to_the(self, exponent: int) -> Monomial:
        """Return a whole power."""
        powers = {x: e * exponent for x, e in self.powers.items()}
        size = abs(exponent)
        number, divisor = self.number**size, self.divisor**size
        if exponent < 0:
            if isinstance(number, int):
                number, divisor = (divisor, number) if number > 0 else (-divisor, -number)
            else:
                number, divisor = times(divisor, 1 / number), 1
        return Monomial(*reduced(number, divisor), _merged(powers), self.dtype)

    def over(self, other: Monomial) -> Monomial:
        """Return the quotient of two monomials."""
        return self.times(other.to_the(-1))

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing to take out of this in front of tensors."""
        return self.number == 1 and self.divisor == 1 and not self.scalars()

    def front(self) -> Monomial:
        """Return the number and the factors that are single numbers."""
        return self.with_powers(self.scalars())

    def rest(self) -> Monomial:
        """Return the factors with axes."""
        return Monomial(1, 1, self.tensors(), self.dtype)


def times(a: Number, b: Number) -> Number:
    """Return a product of numbers, without the digits that only rounding has put there."""
    result = a * b
    if isinstance(result, int) or not math.isfinite(result):
        return result
    return _whole(result if result in (a, b, -a, -b) else float(f"{result:.15g}"))


def reduced(number: Number, divisor: int) -> tuple[Number, int]:
    """Return an equal number and divisor: in lowest terms, or with no divisor if the number is not whole."""
    if isinstance(number, int):
        common = math.gcd(number, divisor)
        return number // common, divisor // common
    ratio = Fraction(number).limit_denominator(_LARGEST_DIVISOR)
    longer = len(repr(number)) > _LONGEST_DECIMAL and len(repr(number)) > len(str(ratio))
    if math.isfinite(number) and float(ratio) == number and (longer or (divisor > 1 and ratio.denominator < 100)):
        return reduced(ratio.numerator, ratio.denominator * divisor)
    return (number if divisor == 1 else times(number, 1 / divisor)), 1


def split(node: Tensor) -> Monomial:
    """Take a floating tensor apart. What is repeated by broadcasting is taken once.

    >>> from symgrad import variable
    >>> x = variable("x", (3,))
    >>> parts = split(-(x * x) * 6 / 4)
    >>> parts.number, parts.divisor, parts.powers == {x: 2}
    (-3, 2, True)
    """
    number: Number = 1
    divisor = 1
    powers: dict[Tensor, int] = {}
    stack: list[tuple[Tensor, int]] = [(node, 1)]
    parts = 0
    while stack:
        x, exponent = stack.pop()
        x = unrepeated(x)
        value = constant_number(x)
        if value is not None and (value == 0 or not math.isfinite(value)):
            return Monomial(1, 1, {node: 1}, node.dtype)  # neither is moved about: x / 0 and 0 * x may be NaN
        if value is not None:
            whole = _whole(value)
            if exponent < 0 and isinstance(whole, int):
                divisor *= abs(whole) ** -exponent
                number = -number if whole < 0 and exponent % 2 else number
            else:
                number = times(number, whole**exponent)
            continue
        name = function_name(x)
        exponents = _exponents(x, name) if parts < MOST_PARTS else ()
        parts += 1
        if exponents:
            for part, e in zip(x.inputs[len(exponents) - 1 :: -1], exponents[::-1], strict=True):
                stack.append((part, e * exponent))
            if name == "negative" and exponent % 2:
                number = -number
            continue
        powers[x] = powers.get(x, 0) + exponent
    merged = _merged(powers)
    if not merged and any(function_name(x) != "sqrt" for x in powers):
        # x / x is not simply 1: it is NaN where x is 0. Roots come from norms and deviations, whose derivatives are NaN
        # there in any case.
        return Monomial(1, 1, {node: 1}, node.dtype)
    return Monomial(*reduced(number, divisor), merged, node.dtype)


def _whole(value: float | int | bool) -> Number:
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else value


_EXPONENTS: dict[str, tuple[int, ...]] = {
    "multiply": (1, 1), "divide": (1, -1), "negative": (1,), "reciprocal": (-1,), "square": (2,), "power": (),
}  # fmt: skip
"""The functions that are products, and the exponents of their arguments; that of a power is its second argument."""


def _exponents(x: Tensor, name: str) -> tuple[int, ...]:
    """Return the exponents of the arguments of `x` if it is written as a product of them, else nothing."""
    if name == "power":
        exponent = constant_number(x.inputs[1])
        if exponent is None or not isinstance(_whole(exponent), int) or not 0 < abs(exponent) < _LARGEST_EXPONENT:
            return ()
        return (int(exponent),)
    if name not in _EXPONENTS or not is_float(x.dtype) or (name == "divide" and is_mean(x)):
        return ()
    return _EXPONENTS[name]


def is_mean(x: Tensor) -> bool:
    """Return whether `x` is a sum divided by the number of its terms."""
    if function_name(x) != "divide":
        return False
    total, count = x.inputs
    while isinstance(total.operation, Reshape):
        (total,) = total.inputs
    if not isinstance(total.operation, Reduction) or total.operation.kind != "sum":
        return False
    entries = product(total.inputs[0].shape[axis] for axis in total.operation.axes)
    while isinstance(count.operation, (BroadcastTo, Cast)):
        (count,) = count.inputs
    if isinstance(count.operation, SizeValue):
        return same_size(count.operation.length, entries)
    return isinstance(count.operation, Constant) and constant_number(count) == entries and entries != 1


def _merged(powers: Mapping[Tensor, int]) -> dict[Tensor, int]:
    """Return factors without those that cancel; a square root beside what it is the root of goes with it."""
    result = dict(powers)
    for root in [x for x in result if function_name(x) == "sqrt"]:
        (square,) = root.inputs
        if root not in result:
            continue
        total = result[root] + 2 * result.get(square, 0)
        if total % 2 and square not in result:
            continue
        kept, e = (root, total) if total % 2 else (square, total // 2)
        result = {(kept if x is root else x): (e if x is root else n) for x, n in result.items() if x is not square}
    return {x: e for x, e in result.items() if e}


def join(monomial: Monomial, shape: Shape) -> Tensor:
    """Put a product together, repeated to a shape."""
    number, divisor, dtype = monomial.number, monomial.divisor, monomial.dtype
    scalars, tensors = monomial.scalars(), monomial.tensors()
    above = [*_factors(scalars, 1), *_factors(tensors, 1)]
    below = [*_factors(scalars, -1), *_factors(tensors, -1)]
    if below and not isinstance(number, int):
        ratio = Fraction(number).limit_denominator(_SMALL_DIVISOR)
        if float(ratio) == number:
            number, divisor = ratio.numerator, ratio.denominator
    if not above and not below:
        return broadcast_to(number_tensor(number / divisor if divisor > 1 else number, dtype), shape)
    size = abs(number)
    if divisor > 1:
        below = [number_tensor(divisor, dtype), *below]
    if size != 1 and above:
        above = [number_tensor(size, dtype), *above]
    if not above and size == 1 and below:
        result = apply("reciprocal", product_of(below))
    else:
        result = product_of(above) if above else number_tensor(size, dtype)
        if below:
            result = apply("divide", result, product_of(below))
    if number < 0:
        result = apply("negative", result)
    return result if same_shape(result.shape, shape) else broadcast_to(result, shape)


def _factors(powers: Mapping[Tensor, int], sign: int) -> list[Tensor]:
    factors = [raised(x, e * sign) for x, e in powers.items() if e * sign > 0]
    return sorted(factors, key=lambda x: isinstance(x.operation, Cast))  # conditions come last: y * [x > 0]


def raised(x: Tensor, exponent: int) -> Tensor:
    """Return a positive whole power."""
    if exponent == 1:
        return x
    return apply("square", x) if exponent == 2 else apply("power", x, number_tensor(exponent, x.dtype))


def product_of(factors: Iterable[Tensor]) -> Tensor:
    """Return the product of one or more tensors, from the left."""
    result: Tensor | None = None
    for factor in factors:
        result = factor if result is None else apply("multiply", result, factor)
    assert result is not None
    return result


def one(dtype: Dtype) -> Monomial:
    """Return the product of nothing."""
    return Monomial(1, 1, {}, dtype)
