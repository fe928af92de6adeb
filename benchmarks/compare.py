"""Compare symgrad with its peers and with the machine: `python -m benchmarks`.

The parts: `speed` (time a call, against the fastest peer and against the limits of the machine), `compile` (time to the
first result), `growth` (how time grows with the work), `memory` (peak bytes of a call), `products` (matrix products of
all sizes on one thread, against NumPy and its BLAS).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import compile_time, growth, memory, options, plot, report
from benchmarks.catalogue import WORKLOADS
from benchmarks.processes import hired, own_caches
from benchmarks.speed import Results, compare, disagreements

PARTS = ("speed", "compile", "growth", "memory", "products")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the parts; the exit status is 1 if engines disagree about a loss, or symgrad failed."""
    arguments = parse(argv)
    options.settle(arguments)
    failures: list[str] = []
    wrong: list[str] = []
    if "speed" in arguments.parts:
        results = Results.from_dict(json.loads(arguments.show.read_text())) if arguments.show else measured(arguments)
        failures += results.failures
        wrong += disagreements(results.comparisons)
        print(report.headline(results), end="\n\n")
        options.show(report.tables(results), arguments)
        if arguments.json:
            arguments.json.write_text(json.dumps(results.to_dict(), indent=1) + "\n")
        if arguments.plot:
            plot.draw(results, arguments.plot)
    for part, module in (("compile", compile_time), ("growth", growth), ("memory", memory)):
        if part in arguments.parts:
            tables, failed = module.run(arguments)
            options.show(tables, arguments)
            failures += failed
    if "products" in arguments.parts and products():
        failures.append("symgrad failed on matrix products")
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if wrong or any(failure.startswith("symgrad") for failure in failures) else 0


def products(cases: Sequence[str] = ("--sweep",), seconds: float = 0.3) -> int:
    """Measure matrix products, so many seconds each, in a process in which BLAS libraries have one thread."""
    sys.stdout.flush()
    return subprocess.run([sys.executable, "-m", "benchmarks.gemm", *cases, "--seconds", str(seconds)]).returncode


def measured(arguments: argparse.Namespace) -> Results:
    """The results of a run, with caches that start empty."""
    with (
        tempfile.TemporaryDirectory(prefix="benchmark-caches-") as caches,
        hired(arguments.peers_python, own_caches(Path(caches))) as crew,
    ):
        return compare(crew, options.engines(arguments), arguments.workloads, arguments.rounds, arguments.turn)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = options.parser("benchmarks", __doc__)
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS), metavar="NAME")
    parser.add_argument("--parts", nargs="+", choices=PARTS, metavar="PART", help="default: all; quick: speed")
    parser.add_argument("--json", type=Path, help="write every measurement of the speeds to this file")
    parser.add_argument("--show", type=Path, help="do not measure speeds: show what such a file holds")
    parser.add_argument("--plot", type=Path, help="draw the speeds: a .svg or .png file (wants matplotlib)")
    arguments = parser.parse_args(argv)
    if arguments.parts is None:
        arguments.parts = PARTS[:1] if arguments.quick or arguments.show else PARTS
    if arguments.plot:
        plot.need_matplotlib()
    return arguments
