"""The comparison: on each workload the engines, and the probes of the machine's limits, take short turns in rotation.

A machine's speed drifts, and others may use it; whatever happens to it in a round hits all of that round alike. Only
one process runs at any time.
"""

from __future__ import annotations

import random
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.catalogue import find
from benchmarks.costs import cost
from benchmarks.processes import Crew
from benchmarks.workloads import Circuit, Workload, flat
from codegen.limits.probes import Probe, empty_call, exponentials, machine, multiply_adds, place, stream

LOSS_TOLERANCE = 1e-4
"""Relative; the engines sum float32 numbers in different orders."""
SIGNIFICANT = 0.01
"""A need of a workload that takes less than this share of the greatest one is not measured again and again."""


@dataclass
class Comparison:
    """What was measured on one workload; all times in seconds a call, one for each turn."""

    workload: str
    times: dict[str, list[float]] = field(default_factory=dict)
    limits: dict[str, list[float]] = field(default_factory=dict)
    """Need -> the least time that it takes this machine."""
    losses: dict[str, float] = field(default_factory=dict)

    @property
    def medians(self) -> dict[str, float]:
        """Engine -> median time."""
        return {engine: statistics.median(times) for engine, times in self.times.items()}

    @property
    def bound(self) -> tuple[str, float]:
        """The need that limits the workload, and the limit."""
        medians = {need: statistics.median(times) for need, times in self.limits.items()}
        need = max(medians, key=medians.__getitem__)
        return need, medians[need]

    @property
    def fastest_peer(self) -> str | None:
        """The fastest engine but symgrad."""
        peers = {engine: time for engine, time in self.medians.items() if engine != "symgrad"}
        return min(peers, key=peers.__getitem__, default=None)

    @property
    def ratio(self) -> float | None:
        """The fastest peer's time over symgrad's."""
        peer = self.fastest_peer
        return self.medians[peer] / self.medians["symgrad"] if peer and "symgrad" in self.times else None

    @property
    def share(self) -> float | None:
        """The limit over symgrad's time."""
        return self.bound[1] / self.medians["symgrad"] if "symgrad" in self.times else None

    @property
    def agrees(self) -> bool:
        """Whether all engines found the same loss."""
        losses = list(self.losses.values())
        return not losses or max(losses) - min(losses) <= LOSS_TOLERANCE * abs(losses[0])


@dataclass
class Results:
    """Everything that a run of the comparison found."""

    place: str
    machine: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    comparisons: list[Comparison] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Results:
        comparisons = [Comparison(**each) for each in found["comparisons"]]
        return cls(found["place"], found["machine"], found["versions"], comparisons, found["failures"])


def compare(crew: Crew, engines: Sequence[str], workloads: Sequence[str], rounds: int, turn: float) -> Results:
    """Compare the engines on the workloads: so many rounds, in which each takes a turn of so many seconds."""
    print("the machine", file=sys.stderr, flush=True)
    results = Results(place(), machine(turn, min(rounds, 9)), crew.versions, failures=crew.failures)
    for name in workloads:
        results.comparisons.append(compare_on(crew, engines, name, rounds, turn))
    return results


def compare_on(crew: Crew, engines: Sequence[str], workload: str, rounds: int, turn: float) -> Comparison:
    """Compare the engines on one workload."""
    result = Comparison(workload)
    calls: dict[str, int] = {}
    for engine in engines:
        print(f"{workload}: {engine}", file=sys.stderr, flush=True)
        if built := crew.order(engine, "build", workload):
            result.losses[engine] = built["loss"]
            calls[engine] = max(1, round(turn / built["once"]))
    takers: dict[str, Callable[[], bool]] = {}
    for engine in calls:
        takers[engine] = _engines_turn(crew, engine, calls[engine], result.times.setdefault(engine, []))
    for need, probe in needs(find(workload), turn).items():
        takers[need] = _probes_turn(probe, turn, result.limits.setdefault(need, []))
    rotate(takers, rounds)
    result.times = {engine: times for engine, times in result.times.items() if times}
    return result


def rotate(takers: dict[str, Callable[[], bool]], rounds: int) -> None:
    """Let everybody take a turn a round, in an order that changes; who returns False is left out from then on."""
    order = random.Random(0)
    names = list(takers)
    for _ in range(rounds):
        order.shuffle(names)
        names = [name for name in names if takers[name]()]


def _engines_turn(crew: Crew, engine: str, calls: int, times: list[float]) -> Callable[[], bool]:
    def take() -> bool:
        measured = crew.order(engine, "turn", calls)
        if measured is None:
            times.clear()  # what fails has no time
            return False
        times.append(measured["seconds"])
        return True

    return take


def _probes_turn(probe: Probe, turn: float, times: list[float]) -> Callable[[], bool]:
    def take() -> bool:
        times.append(1 / probe(turn))
        return True

    return take


def needs(work: Workload, turn: float) -> dict[str, Probe]:
    """The probes of what a workload needs, each in calls a second; those that cannot limit it are left out."""
    needed = cost(work)
    dtype = "float64" if isinstance(work, Circuit) else "float32"
    probes = {
        "multiply-adds": scaled(multiply_adds(dtype), needed.operations),
        "exponentials": scaled(exponentials(), needed.exponentials),
        "memory": stream(needed.read, needed.updated, needed.written),
        "call": empty_call(flat(work.arrays())),
    }
    limits = {need: 1 / probe(turn) for need, probe in probes.items()}
    most = max(limits.values())
    return {need: probe for need, probe in probes.items() if limits[need] >= SIGNIFICANT * most}


def scaled(probe: Probe, units: int) -> Probe:
    """A probe whose unit is a call that takes so many of another probe's units."""
    return lambda seconds: probe(seconds) / max(units, 1)


def disagreements(comparisons: Iterable[Comparison]) -> list[str]:
    """The workloads on which not all engines found the same loss."""
    return [comparison.workload for comparison in comparisons if not comparison.agrees]
