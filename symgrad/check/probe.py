"""Probing one parameter: entry by entry, along random directions, and the search for the entry that is wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from symgrad.check.compare import SAFETY, Comparison, Status, compare
from symgrad.check.slopes import EPSILON, START, measure_noise, measure_slope
from symgrad.check.subject import Array, Parameter, Subject

MOST_ENTRIES = 24
"""Arrays with more entries are checked along directions, and entry by entry only in places."""

DIRECTIONS = 3
_SAMPLES = 4
_MOST_SEARCHES = 4

_BESIDE = 1e-3
"""How far beside a kink is looked, as a part of the scale of each entry."""

_UNITS = 8.0
"""How many units in the last place a claimed gradient may lose to its own arithmetic."""


@dataclass(frozen=True)
class Findings:
    """What was found about one parameter.

    `nonfinite` are the places where the claimed gradient is NaN or infinite, in float64 or as the model's dtype gives
    it. `noise` is the size of the errors in the values of the function. `beside` has the comparisons that were made a
    little beside the point, because the point is at a kink.
    """

    parameter: Parameter
    nonfinite: tuple[tuple[int, ...], ...] = ()
    entries: tuple[Comparison, ...] = ()
    directions: tuple[Comparison, ...] = ()
    beside: tuple[Comparison, ...] = ()
    noise: float = 0.0
    evaluations: int = 0

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """All comparisons."""
        return (*self.entries, *self.directions, *self.beside)


def probe(subject: Subject, number: int, seed: int) -> Findings:
    """Compare the claimed gradient by one parameter with differences of the function.

    Small arrays are compared entry by entry. For others a slope along a direction compares all entries at once: every
    entry of a direction is plus or minus the scale of the point, so that none is left out, and two wrong entries are
    unlikely to hide each other in several directions. Where a direction disagrees, halving it finds the entry. At a
    kink many slopes are right, and a wrong one may be among them: then the gradient is compared a little beside the
    point as well.
    """
    parameter = subject.parameters[number]
    nonfinite = _nonfinite(parameter)
    if nonfinite or not parameter.point.size:
        return Findings(parameter, nonfinite)
    random = np.random.default_rng([seed, number])
    run = _Probe(subject, number, random, parameter.point, parameter.claimed)
    run.compare_all()
    evaluations = run.evaluations
    beside: list[Comparison] = []
    if any(comparison.status is Status.KINK for comparison in run.comparisons):
        moved = parameter.point + _BESIDE * random.uniform(0.5, 1, parameter.point.shape) * run.signs() * run.own
        again = _Probe(subject, number, random, moved, subject.gradient(number, moved))
        again.compare_all()
        beside = again.comparisons
        evaluations += again.evaluations
    entries, directions = tuple(run.entries.values()), tuple(run.directions)
    return Findings(parameter, (), entries, directions, tuple(beside), run.noise, evaluations)


def _nonfinite(parameter: Parameter) -> tuple[tuple[int, ...], ...]:
    finite = np.isfinite(parameter.claimed)
    if parameter.working is not None:
        finite &= np.isfinite(parameter.working)
    return tuple(tuple(map(int, place)) for place in np.argwhere(~finite))


class _Probe:
    """The comparisons made so far for one parameter."""

    def __init__(
        self, subject: Subject, number: int, random: np.random.Generator, point: Array, claimed: Array
    ) -> None:
        self.subject = subject
        self.number = number
        self.random = random
        self.point = point
        self.claimed = claimed
        self.evaluations = 0
        self.entries: dict[tuple[int, ...], Comparison] = {}
        self.directions: list[Comparison] = []
        self.scale = float(np.sqrt(np.mean(self.point**2))) or 1.0
        self.own = np.where(self.point != 0, np.abs(self.point), self.scale)
        self.unit = _UNITS * float(np.finfo(subject.parameters[number].dtype).eps)
        ahead = self.signs() * self.own
        near = [self.value(self.point + t * START * ahead) for t in (-1, 0, 1)]
        self.size = max((abs(value) for value in near if np.isfinite(value)), default=0.0)
        self.noise = measure_noise(lambda t: self.value(self.point + t * ahead))

    @property
    def comparisons(self) -> list[Comparison]:
        return [*self.entries.values(), *self.directions]

    def compare_all(self) -> None:
        """Compare every entry of a small array, or some entries and some directions of a large one."""
        if self.point.size <= MOST_ENTRIES:
            for index in np.ndindex(self.point.shape):
                self.entry(index)
            return
        for index in self._samples():
            self.entry(index)
        for i in range(DIRECTIONS):
            # Once each entry moves by its own size: small ones among large ones may have a finer structure.
            self.direction(self.signs() * (self.own if i == 1 else self.scale))

    def value(self, array: Array) -> float:
        self.evaluations += 1
        return self.subject.value(self.number, array)

    def signs(self) -> Array:
        return self.random.choice([-1.0, 1.0], self.point.shape)

    def _samples(self) -> list[tuple[int, ...]]:
        """Return the places of the largest and the smallest claimed slope and of some others."""
        flat = np.abs(self.claimed).ravel()
        places = [int(flat.argmax()), int(np.where(flat > 0, flat, np.inf).argmin())]
        places += self.random.choice(flat.size, _SAMPLES, replace=False).tolist()
        return [self._index(place) for place in dict.fromkeys(places)]

    def _index(self, place: int) -> tuple[int, ...]:
        return tuple(map(int, np.unravel_index(place, self.point.shape)))

    def entry(self, index: tuple[int, ...]) -> Comparison:
        """Compare the slope by one entry."""
        if index not in self.entries:
            scale = float(self.own[index])

            def line(t: float) -> float:
                moved = self.point.copy()
                moved[index] += t * scale
                return self.value(moved)

            slope = measure_slope(line, self.noise).over(scale)
            got = float(self.claimed[index])
            others = float(np.sqrt(np.mean(self.claimed**2)))
            # An entry is a sum of terms, and off by a rounding of these, which are of the size of the other entries, or
            # of what the function changes by over the scale of the point. The function's noise is over that scale too.
            natural = self.size / max(scale, self.scale)
            rounding = self.unit * abs(got) + self.unit / _UNITS * others + _UNITS * EPSILON * natural
            rounding += self.noise / max(scale, self.scale)
            self.entries[index] = compare(slope, got, rounding, natural, index)
        return self.entries[index]

    def direction(self, direction: Array) -> None:
        """Compare the slope along a direction; where it is wrong, find out by which entries."""
        comparison = self._along(direction)
        if comparison.status is Status.WRONG:
            direction = direction.copy()
            for _ in range(_MOST_SEARCHES):
                found = self.entry(self._suspect(direction))
                if found.status is Status.WRONG:
                    break
                # This one is explained, by a kink if by anything: is the rest right without it?
                direction[found.index] = 0
                comparison = self._along(direction)
                if comparison.status is not Status.WRONG:
                    break
        self.directions.append(comparison)

    def _along(self, direction: Array) -> Comparison:
        parts = self.claimed * direction
        rounding = self.unit * float(np.sqrt(np.sum(parts**2))) + EPSILON * float(np.sum(np.abs(parts)))
        rounding += _UNITS * EPSILON * self.size + self.noise
        slope = measure_slope(lambda t: self.value(self.point + t * direction), self.noise)
        return compare(slope, float(np.sum(parts)), rounding, self.size, None)

    def _suspect(self, direction: Array) -> tuple[int, ...]:
        """Return the entry that a disagreement along a direction comes from, by halving."""
        places = np.flatnonzero(direction)
        while places.size > 1:
            halves = np.array_split(places, 2)
            places = max(halves, key=lambda half: self._excess(direction, half))
        return self._index(int(places[0]))

    def _excess(self, direction: Array, places: Array) -> float:
        """Return how claimed and measured slope differ along part of a direction, in units of what errors explain."""
        part = np.zeros(direction.size)
        part[places] = direction.ravel()[places]
        comparison = self._along(part.reshape(direction.shape))
        return abs(comparison.difference) / (SAFETY * comparison.error + 1e-300)
