"""How the time of a call grows with the work: `python -m benchmarks.growth`.

Networks of equal layers, trained on more rows, with wider layers, with more of them; and a vector of more elements. The
exponent is the slope of a straight line through the logarithms: 1 is in proportion. Products of square matrices grow
with the square of the width here, as the rows stay.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks import options
from benchmarks.catalogue import SERIES
from benchmarks.processes import Crew, hired, own_caches
from benchmarks.report import microseconds
from benchmarks.speed import Comparison, compare_on
from benchmarks.tables import Table

ABLE = ("symgrad", "torch", "jax")
FITTED = 4
"""The exponent is that of the last points: with little work the cost of a call hides how it grows."""
EXPECTED = {"rows": 1, "width": 2, "depth": 1, "elements": 1}
"""The exponents of the operations that the formula asks for."""


def run(arguments: argparse.Namespace) -> tuple[list[Table], list[str]]:
    """Measure; return the tables and what went wrong."""
    engines = options.engines(arguments, ABLE)
    with (
        tempfile.TemporaryDirectory(prefix="benchmark-caches-") as caches,
        hired(arguments.peers_python, own_caches(Path(caches))) as crew,
    ):
        tables = [series(crew, engines, axis, arguments) for axis in SERIES]
        return tables, crew.failures


def series(crew: Crew, engines: list[str], axis: str, arguments: argparse.Namespace) -> Table:
    """Time along one series of workloads."""
    sizes = list(SERIES[axis])[: FITTED if arguments.quick else None]
    rounds = max(3, arguments.rounds // 3)
    found = [compare_on(crew, engines, f"{axis}={size}", rounds, arguments.turn) for size in sizes]
    rows = [[axis, *map(str, sizes), "exponent"]]
    for engine in engines:
        times = [comparison.medians.get(engine) for comparison in found]
        rows.append([engine, *map(microseconds, times), exponent_of(sizes, times)])
    rows.append(["limit", *(microseconds(limit(comparison)) for comparison in found), f"{EXPECTED[axis]} expected"])
    return Table(
        f"Microseconds a call against {axis}; the exponent is fitted to the last {FITTED}.",
        rows,
    )


def limit(comparison: Comparison) -> float:
    """The limit of the machine on a workload."""
    return comparison.bound[1]


def exponent_of(sizes: Sequence[int], times: Sequence[float | None]) -> str:
    """The fitted exponent as text; `-` if a point is missing."""
    measured = [time for time in times[-FITTED:] if time is not None]
    return f"{exponent(sizes[-FITTED:], measured):.2f}" if len(measured) == len(times[-FITTED:]) else "-"


def exponent(sizes: Sequence[int], times: Sequence[float]) -> float:
    """The power of the size that fits the times best, in the sense of least squares of logarithms.

    >>> round(exponent([1, 2, 4], [3.0, 12.0, 48.0]), 3)
    2.0
    """
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


def main(argv: Sequence[str] | None = None) -> int:
    arguments = options.parser("benchmarks.growth", __doc__).parse_args(argv)
    options.settle(arguments)
    tables, failures = run(arguments)
    options.show(tables, arguments)
    print(*failures, sep="\n", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
