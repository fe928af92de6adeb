"""The comparison as tables: times and limits, quartiles, what makes up the limits, the machine, the losses."""

from __future__ import annotations

import statistics

from benchmarks.catalogue import find
from benchmarks.costs import cost
from benchmarks.engines import ENGINES
from benchmarks.speed import Comparison, Results
from benchmarks.tables import Table, number
from benchmarks.tables import table as table  # for benchmarks.gemm
from codegen.limits.probes import home

FASTER, NEAR = 2.0, 0.75
"""The goal on a workload: so many times as fast as the fastest peer, or at this share of the limit."""


def headline(results: Results) -> str:
    """Where it was measured, and with what."""
    return "; ".join([results.place, ", ".join(f"{engine} {version}" for engine, version in results.versions.items())])


def tables(results: Results) -> list[Table]:
    """All tables of a comparison."""
    return [
        main_table(results.comparisons),
        quartiles(results.comparisons),
        limits(results.comparisons),
        machine(results.machine),
        losses(results.comparisons),
    ]


def goal(comparison: Comparison) -> bool | None:
    """Whether symgrad reaches the goal on a workload; None if that cannot be told."""
    ratio, share = comparison.ratio, comparison.share
    if ratio is None or share is None:
        return None
    return ratio >= FASTER or share >= NEAR


def engines_of(comparisons: list[Comparison]) -> list[str]:
    """All engines that did something, in their usual order."""
    return [engine for engine in ENGINES if any(engine in comparison.losses for comparison in comparisons)]


def main_table(comparisons: list[Comparison]) -> Table:
    engines = engines_of(comparisons)
    rows = [["workload", *engines, "fastest peer", "ratio", "limit", "bound by", "share", "goal"]]
    for comparison in comparisons:
        medians, (need, limit), share = comparison.medians, comparison.bound, comparison.share
        rows.append(
            [
                comparison.workload,
                *(microseconds(medians.get(engine)) for engine in engines),
                comparison.fastest_peer or "-",
                number(comparison.ratio),
                microseconds(limit),
                need,
                "-" if share is None else f"{share:.0%}",
                {True: "yes", False: "no", None: "-"}[goal(comparison)],
            ]
        )
    reached = [goal(comparison) for comparison in comparisons]
    return Table(
        "Microseconds a call: medians of interleaved turns.",
        rows,
        (
            "ratio: the fastest peer's time over symgrad's. share: the limit over symgrad's time. "
            f"goal: ratio at least {FASTER:g}, or share at least {NEAR:.0%}; "
            f"reached on {reached.count(True)} of {len(reached)}.",
        ),
    )


def quartiles(comparisons: list[Comparison]) -> Table:
    engines = engines_of(comparisons)
    rows = [["workload", *engines]]
    for comparison in comparisons:
        row = [comparison.workload]
        for engine in engines:
            times = comparison.times.get(engine, [])
            if len(times) < 2:
                row.append("-")
                continue
            first, _, third = statistics.quantiles(times, n=4, method="inclusive")
            row.append(f"{microseconds(first)} - {microseconds(third)}")
        rows.append(row)
    return Table("First and third quartiles, microseconds a call.", rows)


def limits(comparisons: list[Comparison]) -> Table:
    needs = ("multiply-adds", "exponentials", "memory", "call")
    rows = [["workload", "GFLOP", "exp / 1000", "MB", "from", *needs]]
    for comparison in comparisons:
        needed = cost(find(comparison.workload))
        times = [statistics.median(comparison.limits.get(need, [0.0])) for need in needs]
        rows.append(
            [
                comparison.workload,
                number(needed.operations / 1e9),
                number(needed.exponentials / 1e3),
                number(needed.bytes / 1e6),
                home(needed.footprint),
                *(microseconds(time) if time else "-" for time in times),
            ]
        )
    return Table(
        "What a call needs at least, and the microseconds that this machine takes for each need alone.",
        rows,
        (
            "Counted from the formula. multiply-adds: of products and convolutions; in registers. exponentials: of "
            "numbers in the nearest cache. memory: every input read once, every result written once, again and again "
            "in the same arrays; from: the cache that holds them. All cores. call: an empty one from Python. -: less "
            "than a hundredth of the greatest need.",
        ),
    )


def machine(found: dict[str, float]) -> Table:
    rows = [["limit of the machine", "measured"]]
    for name, rate in found.items():
        if name == "empty call":
            rows.append([name, f"{1e9 / rate:.0f} ns"])
        else:
            kind = name.partition(" ")[0]
            unit = {"multiply-adds": "GFLOP/s", "exp": "G/s"}.get(kind, "GB/s")
            rows.append([name, f"{rate / 1e9:.3g} {unit}"])
    return Table("Limits of all cores together.", rows)


def losses(comparisons: list[Comparison]) -> Table:
    rows = [["workload", "first loss", "engines agree"]]
    for comparison in comparisons:
        found = comparison.losses
        values = ", ".join(f"{engine} {loss:.7g}" for engine, loss in found.items())
        first = next(iter(found.values()), None)
        rows.append(
            [
                comparison.workload,
                "-" if first is None else f"{first:.7g}",
                f"yes ({len(found)})" if comparison.agrees else f"NO: {values}",
            ]
        )
    return Table("Every engine does the same work on the same numbers.", rows)


def microseconds(seconds: float | None) -> str:
    """Seconds as microseconds, with three digits."""
    return number(None if seconds is None else seconds * 1e6)
