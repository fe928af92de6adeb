"""Learning-rate schedules: functions of the number of the step, counted from 0."""

from __future__ import annotations

import math
from collections.abc import Callable

Schedule = Callable[[int], float]


def constant(rate: float) -> Schedule:
    """Return the same rate for ever."""
    return lambda step: rate


def step(rate: float, every: int, factor: float = 0.1) -> Schedule:
    """Return a rate that is multiplied by `factor` after every `every` steps.

    >>> rate = step(1.0, every=10, factor=0.5)
    >>> rate(9), rate(10), rate(20)
    (1.0, 0.5, 0.25)
    """
    return lambda number: rate * factor ** (number // every)


def cosine(rate: float, steps: int) -> Schedule:
    """Return rate/2 * (1 + cos(pi * t / steps)), 0 from then on (Loshchilov and Hutter, 2017)."""
    return lambda number: rate / 2 * (1 + math.cos(math.pi * min(number, steps) / steps))


def linear(rate: float, steps: int) -> Schedule:
    """Return a rate that falls in a straight line to 0 at `steps`."""
    return lambda number: rate * (1 - min(number, steps) / steps)


def inverse_sqrt(rate: float) -> Schedule:
    """Return rate / sqrt(t), with t = 1 for the first step."""
    return lambda number: rate / math.sqrt(number + 1)


def warm_up(schedule: Schedule, steps: int) -> Schedule:
    """Return a schedule that climbs in a straight line over the first `steps` steps to what `schedule` says.

    >>> rate = warm_up(constant(1.0), 4)
    >>> [rate(t) for t in range(5)]
    [0.25, 0.5, 0.75, 1.0, 1.0]
    """
    return lambda number: schedule(number) * min(1.0, (number + 1) / steps)
