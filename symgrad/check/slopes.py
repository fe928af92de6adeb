"""Slopes of functions of one number, measured by differences, with an honest estimate of their error."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Line = Callable[[float], float]
"""A function of one number, t: the checked function along a line through the point, which is at t = 0."""

START = 0.0713
"""The largest step, as a part of the scale of the point: a crooked number, so that it is a period of nothing."""

RATIO = 3.0
"""How much smaller each step is than the one before."""

TARGET = 1e-10
"""The relative error at which a slope is known well enough."""

EPSILON = float(np.finfo(np.float64).eps)

_MOST_STEPS = 28
_FEWEST_STEPS = 4
_HIGHEST_ORDER = 5
_STEPS_UP = 4

_SPACINGS = (3.1e-10, 2.7e-6)
"""How far apart the values are from which noise is measured."""


@dataclass(frozen=True, slots=True)
class Slope:
    """A measured slope.

    `value` is the mean of the slopes to both sides, `error` an estimate of its error. `jump` is the difference of the
    slopes to the right and to the left; 0 unless it stands out from its own error, as it does at a kink.
    """

    value: float
    error: float
    jump: float = 0.0

    def over(self, scale: float) -> Slope:
        """Return the slope by a quantity of which one unit of t is `scale`."""
        return Slope(self.value / scale, self.error / scale, self.jump / scale)


def measure_slope(line: Line, noise: float) -> Slope:
    """Return the slope at 0 of a function whose values carry an error of about `noise`.

    The central difference D(h) = (f(h) - f(-h)) / 2h has an error of h^2 f'''/6 from the terms left out and one of
    about noise / h from rounding, least at h = (3 noise / f''')^(1/3). As f''' is not known, and need not even exist
    near a kink, a ladder of steps is climbed down from the scale of the point until rounding is all that is left to
    gain: D is extrapolated to h = 0 in even powers of h (Richardson 1911; the tableau is Ridders', Adv. Eng. Softw.
    4, 1982), every entry of the tableau has an error by its neighbours, and the entry with the least one is taken.
    Where rounding has the say from the start the steps go up instead.
    """
    center = line(0.0)
    ladder = _Ladder(center, noise).climb(line, START)
    start = START
    for _ in range(_STEPS_UP):
        if not ladder.rounding_decides(start):
            break
        start *= RATIO**_FEWEST_STEPS
        higher = _Ladder(center, noise).climb(line, start)
        if not higher.improves(ladder):
            break
        ladder = higher
    return ladder.slope()


class _Ladder:
    """Differences over steps that shrink, and what they extrapolate to."""

    def __init__(self, center: float, noise: float) -> None:
        self.center = center
        self.noise = noise
        self.largest = 0.0
        self.slopes = _Tableau(power=2)
        self.jumps = _Tableau(power=1)

    def climb(self, line: Line, start: float) -> _Ladder:
        """Take differences over steps from `start` down for as long as they may improve the slope."""
        taken = 0
        for level in range(_MOST_STEPS):
            step = start * RATIO**-level
            right, left = line(step), line(-step)
            if not (math.isfinite(right) and math.isfinite(left)):
                self.slopes.restart()
                self.jumps.restart()
                continue
            taken += 1
            difference = (right - left) / (2 * step)
            self.largest = max(self.largest, abs(difference))
            # The point itself is rounded too, when a step is added to it.
            rounding = (self.noise + EPSILON * self.largest) / step
            self.slopes.add(difference, rounding)
            self.jumps.add((right - self.center + (left - self.center)) / step, 4 * rounding)
            error = self.slopes.error
            if taken >= _FEWEST_STEPS and (rounding >= error or error <= TARGET * abs(self.slopes.value)):
                break
        return self

    def rounding_decides(self, start: float) -> bool:
        """Return whether a larger first step than `start` promises a smaller error."""
        error = self.slopes.error
        if not self.largest or error <= TARGET * abs(self.slopes.value):
            return False
        return error < 4 * self.noise / (start * RATIO ** (1 - _FEWEST_STEPS))

    def improves(self, lower: _Ladder) -> bool:
        """Return whether this ladder, of larger steps, gives a better slope: not if it has lost sight of the point."""
        apart = abs(self.slopes.value - lower.slopes.value)
        return self.slopes.error < lower.slopes.error and apart <= 10 * lower.slopes.error

    def slope(self) -> Slope:
        jump = self.jumps.value if abs(self.jumps.value) > 10 * self.jumps.error else 0.0
        return Slope(self.slopes.value, self.slopes.error, jump)


class _Tableau:
    """Richardson's extrapolation of a quantity with an error series in powers 1, 2, ... times `power` of the step."""

    def __init__(self, power: int) -> None:
        self.power = power
        self.value = math.nan
        self.error = math.inf
        self._row: list[float] = []

    def restart(self) -> None:
        """Forget the last row: the next step does not follow on it."""
        self._row = []

    def add(self, difference: float, rounding: float) -> None:
        """Add the quantity for the next smaller step, with its error from rounding."""
        row = [difference]
        found: tuple[float, float] | None = None
        for order, before in enumerate(self._row[:_HIGHEST_ORDER], 1):
            row.append(row[-1] + (row[-1] - before) / (RATIO ** (self.power * order) - 1))
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - before)) + rounding
            if found is None or error < found[1]:
                found = row[-1], error
        self._row = row
        if found is None:
            return
        value, error = found
        if not math.isfinite(self.error):
            self.value, self.error = value, error
        elif error < self.error:
            # Two rows that agree by chance would promise too much: they must agree with the best one before as well,
            # within what that one promised.
            surprise = abs(value - self.value) > 10 * self.error
            self.value, self.error = value, max(error, abs(value - self.value)) if surprise else error


def measure_noise(line: Line) -> float:
    """Return the size of the errors in the values of a function, from differences of high order of nearby values.

    Differences of order k of a smooth function vanish with the k-th power of the spacing; what is left of them is the
    errors' differences, whose size is sqrt((2k)!) / k! times the errors' own (Hamming; Moré and Wild, Estimating
    computational noise, SIAM J. Sci. Comput. 33, 2011). One spacing is far below what a smooth function can resolve,
    the other wide enough to see a function that works in float32 inside. Values are taken to either side alone, as
    there may be a kink between.
    """
    unit = EPSILON / 4 * abs(line(0.0))
    found = [min(_noise([line(side * spacing * i) for i in range(1, 9)]) for side in (1, -1)) for spacing in _SPACINGS]
    return max(unit, *found)


def _noise(values: Sequence[float]) -> float:
    largest = max(map(abs, values))
    if not largest or not all(map(math.isfinite, values)):
        return 0.0
    differences = np.array(values) / largest  # whose squares do not overflow
    sizes: list[float] = []
    for order in range(1, 7):
        differences = np.diff(differences)
        if order >= 3:
            scale = math.factorial(order) ** 2 / math.factorial(2 * order)
            sizes.append(math.sqrt(scale * float(np.mean(differences**2))))
    # A smooth part shows in the lower orders, chance in single ones.
    return largest * min(sizes)
