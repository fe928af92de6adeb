"""What all the programs here ask for on their command lines."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable

from benchmarks.engines import ENGINES
from benchmarks.processes import AT_HOME
from benchmarks.tables import Table

BUSY = 0.5
"""A load average above this, before anything is measured, gets a warning."""


def parser(program: str, description: str | None) -> argparse.ArgumentParser:
    """A parser of the common options."""
    result = argparse.ArgumentParser(
        prog=f"python -m {program}", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    result.add_argument(
        "--peers-python",
        default=os.environ.get("PEERS_PYTHON"),
        help="a Python that has torch, jax, pytensor and autograd (or PEERS_PYTHON); without it only "
        f"{' and '.join(AT_HOME)} are measured",
    )
    result.add_argument("--engines", nargs="+", choices=ENGINES, metavar="NAME", help=f"of {', '.join(ENGINES)}")
    result.add_argument("--quick", action="store_true", help="less of everything, for a fast look")
    result.add_argument("--rounds", type=int, help="turns of each engine (default 31; quick: 7)")
    result.add_argument("--turn", type=float, default=0.03, help="seconds of a turn (default 0.03)")
    result.add_argument("--markdown", action="store_true", help="print tables for a page")
    return result


def settle(arguments: argparse.Namespace) -> None:
    """Fill in what follows from other options, and warn if the machine is not idle."""
    if arguments.rounds is None:
        arguments.rounds = 7 if arguments.quick else 31
    if (load := os.getloadavg()[0]) > BUSY:
        print(f"load average {load:.1f}: something else uses this machine, the figures will be off", file=sys.stderr)


def engines(arguments: argparse.Namespace, able: Iterable[str] = ENGINES) -> list[str]:
    """The engines to measure, of those that are able to: the wanted ones, else all that there is a Python for."""
    if arguments.engines:
        return [name for name in arguments.engines if name in able]
    return [name for name in able if name in AT_HOME or arguments.peers_python]


def show(tables: Iterable[Table], arguments: argparse.Namespace) -> None:
    """Print tables."""
    for table in tables:
        print(table.markdown() if arguments.markdown else table.text(), end="\n\n", flush=True)
