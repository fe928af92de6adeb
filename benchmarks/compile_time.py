"""How long from the definition of a model to its first result: `python -m benchmarks.compile_time [NAME ...]`.

Each figure is a process of its own, whose imports are not counted: `cold` starts with empty caches, `warm` finds what
the cold one left there. JAX keeps no cache by default; here it does. `layers_4` to `layers_100` repeat one layer.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import options
from benchmarks.catalogue import DEPTHS, EQUAL_LAYERS, WORKLOADS
from benchmarks.processes import Crew, hired, own_caches
from benchmarks.tables import Table, number

ABLE = ("symgrad", "jax", "torch.compile")
"""The engines that compile, and may be waited for."""
KINDS = ("cold", "warm")


def run(arguments: argparse.Namespace) -> tuple[list[Table], list[str]]:
    """Measure; return the tables and what went wrong."""
    engines = options.engines(arguments, ABLE)
    failures: list[str] = []
    rows = [["workload", *(f"{engine} {kind}" for engine in engines for kind in KINDS)]]
    for name in arguments.workloads:
        found = [seconds for engine in engines for seconds in cold_and_warm(arguments, engine, name, failures)]
        rows.append([name, *map(number, found)])
    notes = (
        "cold: empty caches; warm: a new process that finds what the cold one left (JAX's cache is switched on). "
        "Imports are not counted.",
    )
    tables = [Table("Seconds from the definition to the first result.", rows, notes)] if len(rows) > 1 else []
    if not arguments.quick:
        tables.append(depths(arguments, engines, failures))
    return tables, failures


def depths(arguments: argparse.Namespace, engines: list[str], failures: list[str]) -> Table:
    """The same against depth."""
    rows = [["engine", *(f"{depth} layers" for depth in DEPTHS), f"{DEPTHS[-1]} / {DEPTHS[0]}"]]
    for engine in engines:
        times = [cold_and_warm(arguments, engine, name, failures) for name in EQUAL_LAYERS]
        for kind, found in zip(KINDS, zip(*times, strict=True), strict=True):
            first, last = found[0], found[-1]
            ratio = last / first if first and last else None
            rows.append([f"{engine} {kind}", *map(number, found), number(ratio)])
    return Table("Seconds from the definition to the first result, against the number of equal layers.", rows)


def cold_and_warm(
    arguments: argparse.Namespace, engine: str, workload: str, failures: list[str]
) -> tuple[float | None, float | None]:
    """The seconds of two processes after each other; None where there is nothing to measure."""
    print(f"compile {workload}: {engine}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="benchmark-caches-") as folder:
        found: list[float | None] = []
        for _ in KINDS:
            with hired(arguments.peers_python, own_caches(Path(folder))) as crew:
                found.append(first(crew, engine, workload))
                failures += crew.failures
            if found[-1] is None:
                return None, None
    cold, warm = found
    return cold, warm


def first(crew: Crew, engine: str, workload: str) -> float | None:
    """The seconds that a worker takes to its first result."""
    built = crew.order(engine, "build", workload)
    return built["first"] if built else None


def main(argv: Sequence[str] | None = None) -> int:
    parser = options.parser("benchmarks.compile_time", __doc__)
    parser.add_argument("workloads", nargs="*", metavar="NAME", help=f"of {', '.join(WORKLOADS)}; default: all")
    arguments = parser.parse_args(argv)
    if unknown := set(arguments.workloads) - set(WORKLOADS):
        parser.error(f"no such workload: {', '.join(sorted(unknown))}")
    arguments.workloads = arguments.workloads or list(WORKLOADS)
    options.settle(arguments)
    tables, failures = run(arguments)
    options.show(tables, arguments)
    print(*failures, sep="\n", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
