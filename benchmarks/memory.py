"""Peak bytes of a call beside the arrays it is given: `python -m benchmarks.memory`.

Each engine tells by its own means. symgrad: `f.memory`, its plan, temporaries and results. JAX: XLA's plan, temporaries
and the results that do not overwrite parameters. PyTorch: the most that its allocator had handed out at once, followed
through a call; what libraries take for themselves (packed matrices, say) is in none of them but symgrad's and XLA's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmarks import options
from benchmarks.catalogue import WORKLOADS
from benchmarks.processes import hired
from benchmarks.tables import Table, number

ABLE = ("symgrad", "jax", "torch", "torch.compile")


def run(arguments: argparse.Namespace) -> tuple[list[Table], list[str]]:
    """Measure; return the tables and what went wrong."""
    engines = options.engines(arguments, ABLE)
    rows = [["workload", *engines]]
    with hired(arguments.peers_python) as crew:
        for workload in arguments.workloads:
            row = [workload]
            for engine in engines:
                print(f"memory {workload}: {engine}", file=sys.stderr, flush=True)
                told = crew.order(engine, "memory", workload) or {}
                row.append(number(told["peak"] / 1e6) if "peak" in told else "not told")
            rows.append(row)
        notes = (
            "symgrad and JAX: as planned (temporaries and results); PyTorch: as its allocator handed out. Inputs and "
            "parameters, which every engine is given, are not counted.",
        )
        return [Table("Peak MB of a call, beside the arrays it is given.", rows, notes)], crew.failures


def main(argv: Sequence[str] | None = None) -> int:
    parser = options.parser("benchmarks.memory", __doc__)
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS), metavar="NAME")
    arguments = parser.parse_args(argv)
    tables, failures = run(arguments)
    options.show(tables, arguments)
    print(*failures, sep="\n", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
