"""Comparing a claimed slope with a measured one: by what the measurement and the claim's own arithmetic can be off."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from symgrad.check.slopes import EPSILON, Slope

SAFETY = 10.0
"""A measured slope is allowed so many times its estimated error: it is an estimate."""

RESOLVED = 0.01
"""A slope is confirmed where it is known to this part of itself."""


class Status(Enum):
    """What a comparison says."""

    CORRECT = "correct"
    KINK = "at a kink"
    UNRESOLVED = "not resolved"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A claimed slope, `got`, against a measured one, `expected` with its estimated `error`.

    `index` is the entry it belongs to, None for a slope along a direction. At a kink every slope within `jump` / 2 of
    the measured one, which is the mean of those to both sides, is a right one.
    """

    index: tuple[int, ...] | None
    expected: float
    error: float
    got: float
    jump: float
    status: Status

    @property
    def difference(self) -> float:
        """What was got more than expected."""
        return self.got - self.expected

    @property
    def confirmed(self) -> bool:
        """Whether the measurement knows the slope well enough to confirm digits of it."""
        size = max(abs(self.expected), abs(self.got))
        return self.status is Status.CORRECT and 0 < SAFETY * self.error <= RESOLVED * size

    @property
    def digits(self) -> float:
        """The number of decimal digits that agree, as far as the measured slope is known."""
        size = max(abs(self.expected), abs(self.got))
        if not size:
            return -math.log10(EPSILON)
        off = max(abs(self.difference), self.error, EPSILON * size)
        return max(0.0, -math.log10(off / size))


def compare(measured: Slope, got: float, rounding: float, natural: float, index: tuple[int, ...] | None) -> Comparison:
    """Return the comparison of a claimed slope, whose own arithmetic may be off by `rounding`, with a measured one.

    `natural` is the slope of a function that changes by its own size over the scale of the point: what is small
    against it need not be known to many digits.
    """
    allowed = SAFETY * measured.error + rounding
    difference = abs(got - measured.value)
    size = max(abs(got), abs(measured.value))
    if not math.isfinite(allowed):
        status = Status.UNRESOLVED
    elif difference > allowed:
        status = Status.KINK if difference <= abs(measured.jump) / 2 + allowed else Status.WRONG
    elif allowed > max(RESOLVED * size, 1e-6 * natural):
        status = Status.UNRESOLVED
    else:
        status = Status.CORRECT
    return Comparison(index, measured.value, measured.error, got, measured.jump, status)
